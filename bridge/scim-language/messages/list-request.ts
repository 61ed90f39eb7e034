/**
 * What a request for a list says, whether as a query string (RFC 7644 §3.4.2, RFC 9865) or as the body of `.search`
 * (§3.4.3). Parameters that SCIM does not know are ignored: some identity providers carry flags of their own in the URL.
 */
import { ScimError, invalidCount, invalidSyntax, invalidValue, shown } from '../errors';
import { type Json, type JsonObject } from '../json';

/** Which attributes an answer is to hold (RFC 7644 §3.9); the two exclude each other. */
export interface Projected {
  readonly attributes?: readonly string[];
  readonly excludedAttributes?: readonly string[];
}

export interface ListRequest extends Projected {
  readonly filter?: string;
  readonly sortBy?: string;
  /** @default ascending */
  readonly sortOrder: 'ascending' | 'descending';
  /** 1 or more. */
  readonly startIndex?: number;
  /** 0 or more. */
  readonly count?: number;
  /** Asks for cursor pagination; empty for the first page. */
  readonly cursor?: string;
}

/** Message URN of a `.search` body. */
export const SEARCH_REQUEST_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

type Raw = (name: string) => unknown;

/** Reads a query string. Names are compared without case; one stated twice is refused, lists of attributes are joined. */
export function readListQuery(query: URLSearchParams): ListRequest {
  return readList(queryReader(query));
}

/** Only the attributes that are asked for: for requests that answer one resource. */
export function readProjectedQuery(query: URLSearchParams): Projected {
  return readProjected(queryReader(query));
}

/** Reads the body of `.search`. */
export function readSearchRequest(body: JsonObject): ListRequest {
  requireMessage(body, SEARCH_REQUEST_SCHEMA);
  const members = new Map<string, Json>(Object.entries(body).map(([name, value]) => [name.toLowerCase(), value]));
  return readList(name => members.get(name.toLowerCase()) ?? undefined);
}

/** @throws ScimError 400 invalidSyntax when `schemas` of a message lacks the URN */
export function requireMessage(body: JsonObject, urn: string): void {
  const key = Object.keys(body).find(name => name.toLowerCase() === 'schemas');
  const schemas = key === undefined ? undefined : body[key];
  const listed =
    Array.isArray(schemas) &&
    schemas.some(schema => typeof schema === 'string' && schema.toLowerCase() === urn.toLowerCase());
  if (!listed) {
    throw invalidSyntax('schemas', schemas === undefined ? 'nothing' : shown(schemas), `a list with ${shown(urn)}`);
  }
}

function queryReader(query: URLSearchParams): Raw {
  const values = new Map<string, string[]>();
  for (const [name, value] of query) {
    const key = name.toLowerCase();
    const known = values.get(key);
    if (known === undefined) values.set(key, [value]);
    else known.push(value);
  }
  return name => {
    const found = values.get(name.toLowerCase());
    if (found === undefined) return undefined;
    if (name === 'attributes' || name === 'excludedAttributes') return found.flatMap(value => value.split(','));
    if (found.length > 1)
      throw invalidSyntax(`query parameter ${name}`, `${found.length} of them`, 'the parameter once');
    return found[0];
  };
}

function readList(raw: Raw): ListRequest {
  const filter = readText(raw, 'filter');
  const sortBy = readText(raw, 'sortBy');
  const cursor = readText(raw, 'cursor');
  const startIndex = readInteger(raw, 'startIndex');
  const count = readCount(raw, cursor !== undefined);
  if (cursor !== undefined && startIndex !== undefined) {
    throw invalidSyntax('startIndex', 'both startIndex and cursor', 'one of the two');
  }
  return {
    ...readProjected(raw),
    sortOrder: readSortOrder(raw),
    ...(filter === undefined ? {} : { filter }),
    ...(sortBy === undefined ? {} : { sortBy }),
    ...(cursor === undefined ? {} : { cursor }),
    ...(startIndex === undefined ? {} : { startIndex: Math.max(1, startIndex) }),
    ...(count === undefined ? {} : { count: Math.max(0, count) }),
  };
}

function readProjected(raw: Raw): Projected {
  const attributes = readNames(raw, 'attributes');
  const excludedAttributes = readNames(raw, 'excludedAttributes');
  if (attributes !== undefined && excludedAttributes !== undefined) {
    throw invalidValue(
      'attributes',
      'attributes and excludedAttributes together',
      'one of the two (RFC 7644 section 3.9)',
    );
  }
  return {
    ...(attributes === undefined ? {} : { attributes }),
    ...(excludedAttributes === undefined ? {} : { excludedAttributes }),
  };
}

function readNames(raw: Raw, name: string): string[] | undefined {
  const value = raw(name);
  if (value === undefined) return undefined;
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const names = list.flatMap(item => {
    if (typeof item !== 'string') throw invalidValue(name, item, 'names of attributes');
    return item
      .split(',')
      .map(part => part.trim())
      .filter(part => part !== '');
  });
  return names.length === 0 ? undefined : names;
}

function readText(raw: Raw, name: string): string | undefined {
  const value = raw(name);
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw invalidValue(name, value, 'a string');
  return value === '' && name !== 'cursor' ? undefined : value;
}

function readSortOrder(raw: Raw): 'ascending' | 'descending' {
  const order = readText(raw, 'sortOrder')?.toLowerCase() ?? 'ascending';
  if (order !== 'ascending' && order !== 'descending')
    throw invalidValue('sortOrder', order, 'ascending or descending');
  return order;
}

function readInteger(raw: Raw, name: string): number | undefined {
  const value = raw(name);
  if (value === undefined || value === '') return undefined;
  const number = typeof value === 'string' && /^[+-]?[0-9]{1,15}$/.test(value.trim()) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) throw invalidValue(name, value, 'a whole number');
  return number;
}

// RFC 9865 §3 has an error of its own for a count that can't be used with a cursor.
function readCount(raw: Raw, withCursor: boolean): number | undefined {
  try {
    return readInteger(raw, 'count');
  } catch (error) {
    if (withCursor && error instanceof ScimError) throw invalidCount(error.detail);
    throw error;
  }
}
