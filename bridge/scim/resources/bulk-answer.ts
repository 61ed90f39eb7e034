/** What is answered to one operation of a Bulk, and on what version it is done (RFC 7644 §3.7). */
import { type ScimError } from '../../scim-language/errors';
import { type JsonObject } from '../../scim-language/json';
import { expectedVersions } from '../http/precondition';
import { type Precondition } from './endpoint';

export interface Outcome {
  status: number;
  location?: string;
  version?: string;
  error?: ScimError;
}

export function preconditionOf(version: string | undefined): Precondition {
  const versions = expectedVersions(
    version === undefined || version === '*' || version.includes('"') ? version : `"${version}"`,
  );
  return versions === undefined ? {} : { expectedVersions: versions };
}

export function answerOf(method: string | undefined, bulkId: string | undefined, outcome: Outcome): JsonObject {
  const { status, location, version, error } = outcome;
  return {
    ...(location === undefined ? {} : { location }),
    ...(method === undefined ? {} : { method }),
    ...(bulkId === undefined ? {} : { bulkId }),
    ...(version === undefined ? {} : { version }),
    status: String(status),
    ...(error === undefined ? {} : { response: { ...error.toBody() } }),
  };
}
