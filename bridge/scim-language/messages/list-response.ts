/** The ListResponse message of RFC 7644 §3.4.2. */
import { type JsonObject } from '../json';

export const LIST_RESPONSE_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

/** What a list says of itself beside its resources. */
export interface ListFacts {
  /** Left out only with a cursor (RFC 9865 §2). */
  readonly totalResults?: number;
  /** Left out with a cursor. */
  readonly startIndex?: number;
  readonly itemsPerPage: number;
  readonly previousCursor?: string;
  readonly nextCursor?: string;
}

/** A list that is all there is. */
export function listResponse(resources: JsonObject[]): JsonObject {
  return {
    ...listHead({ totalResults: resources.length, startIndex: 1, itemsPerPage: resources.length }),
    Resources: resources,
  };
}

/** The members before `Resources`. */
export function listHead(facts: ListFacts): JsonObject {
  const { totalResults, startIndex, itemsPerPage, previousCursor, nextCursor } = facts;
  return {
    schemas: [LIST_RESPONSE_SCHEMA],
    ...(totalResults === undefined ? {} : { totalResults }),
    ...(startIndex === undefined ? {} : { startIndex }),
    itemsPerPage,
    ...(previousCursor === undefined ? {} : { previousCursor }),
    ...(nextCursor === undefined ? {} : { nextCursor }),
  };
}
