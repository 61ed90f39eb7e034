/** Turns whatever a request ended in into the one error of the SCIM side. What is not known is a 500 without details. */
import {
  CostlyFilter,
  DocumentTooLong,
  ExpiredCursor,
  GroupCycle,
  InvalidCount,
  InvalidCursor,
  NestedGroupsRefused,
  TextTooLong,
  UniquenessError,
  UnknownMembers,
  VersionMismatch,
} from '../../store/directory';
import { isUnavailable } from '../../store/database/unavailable';
import { ScimError, expiredCursor, invalidCount, invalidCursor, tooMany, uniqueness } from '../../scim-language/errors';

/** @returns the error to answer with; a status of 500 and more is to be logged with its cause */
export function toScimError(cause: unknown, requestId: string): ScimError {
  if (cause instanceof ScimError) return cause;
  if (cause instanceof UniquenessError) {
    return uniqueness(
      cause.attribute,
      cause.value,
      cause.resourceType,
      cause.resourceType === 'Group' ? 'another one, or an externalId on both groups, and not the same' : undefined,
    );
  }
  if (cause instanceof VersionMismatch) return new ScimError(412, undefined, cause.message);
  if (
    cause instanceof UnknownMembers ||
    cause instanceof NestedGroupsRefused ||
    cause instanceof GroupCycle ||
    cause instanceof TextTooLong ||
    cause instanceof DocumentTooLong
  ) {
    return new ScimError(400, 'invalidValue', cause.message);
  }
  if (cause instanceof CostlyFilter) return tooMany(cause.message);
  if (cause instanceof InvalidCursor) return invalidCursor(cause.message);
  if (cause instanceof ExpiredCursor) return expiredCursor(cause.message);
  if (cause instanceof InvalidCount) return invalidCount(cause.message);
  if (isUndecodablePath(cause)) {
    return new ScimError(
      400,
      undefined,
      'path of the request: got a percent sign without two hex digits, or bytes that are not UTF-8',
    );
  }
  if (isUnavailable(cause)) {
    return new ScimError(
      503,
      undefined,
      `the directory can not be reached right now: nothing was changed, or all of it; send the request again (request ${requestId})`,
      { 'retry-after': '5' },
    );
  }
  return new ScimError(500, undefined, `something went wrong inside the bridge: see its log for request ${requestId}`);
}

function isUndecodablePath(cause: unknown): boolean {
  return cause instanceof URIError;
}

/** Whether a request was refused before its body was read: too large, or not in a form that is read. */
export const isUnreadable = ({ status }: ScimError): boolean => status === 413 || status === 415;
