/** The messages of Bulk (RFC 7644 §3.7) and the references between their operations. */
import { ScimError, invalidSyntax, invalidValue, payloadTooLarge, shown } from '../errors';
import { type Json, type JsonObject, emptyObject, isJsonObject } from '../json';
import { requireMessage } from './list-request';

export const BULK_REQUEST_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
export const BULK_RESPONSE_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse';

const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE'] as const;

export type BulkMethod = (typeof METHODS)[number];

/** One operation as the request states it, checked in form. */
export interface BulkOperation {
  readonly method: BulkMethod;
  /** Required for POST. */
  readonly bulkId: string | undefined;
  /** Endpoint, such as `/Users`. */
  readonly endpoint: string;
  /** Id of the resource, or `bulkId:<id>`; undefined for POST. */
  readonly id: string | undefined;
  /** ETag that the resource must have. */
  readonly version: string | undefined;
  /** Empty for DELETE. */
  readonly data: JsonObject;
}

/** An operation, or why it can't be one; `method` and `bulkId` are what the answer repeats. */
export interface ReadOperation {
  readonly method: string | undefined;
  readonly bulkId: string | undefined;
  readonly operation: BulkOperation | ScimError;
  /** As the request has it. */
  readonly stated: Json;
}

export interface BulkRequest {
  /** Errors after which the rest is left undone; 0 for never. */
  readonly failOnErrors: number;
  readonly operations: readonly ReadOperation[];
}

/** @throws ScimError 400 when the message is none, 413 over the number of operations */
export function readBulkRequest(body: JsonObject, maxOperations: number): BulkRequest {
  requireMessage(body, BULK_REQUEST_SCHEMA);
  const operations = member(body, 'Operations');
  if (!Array.isArray(operations)) {
    throw invalidSyntax('Operations', operations === undefined ? 'nothing' : shown(operations), 'a list of operations');
  }
  if (operations.length > maxOperations) throw payloadTooLarge('bulk operations', operations.length, maxOperations);
  const seen = new Set<string>();
  return {
    failOnErrors: readFailOnErrors(member(body, 'failOnErrors')),
    operations: operations.map((operation, index) => readOperation(operation, `Operations[${index}]`, seen)),
  };
}

function readFailOnErrors(value: Json | undefined): number {
  if (value === undefined || value === null) return 0;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw invalidValue('failOnErrors', value, 'a whole number of 0 or more');
  }
  return value;
}

function readOperation(value: Json, where: string, seen: Set<string>): ReadOperation {
  const stated = isJsonObject(value) ? value : emptyObject();
  const method = textOf(member(stated, 'method'));
  const bulkId = textOf(member(stated, 'bulkId'));
  try {
    if (!isJsonObject(value)) throw invalidSyntax(where, shown(value), 'an object with method, path and data');
    return { method, bulkId, operation: checkOperation(value, where, seen), stated: value };
  } catch (error) {
    if (error instanceof ScimError) return { method, bulkId, operation: error, stated: value };
    throw error;
  }
}

function checkOperation(value: JsonObject, where: string, seen: Set<string>): BulkOperation {
  const stated = textOf(member(value, 'method'));
  const method = METHODS.find(known => known === stated?.toUpperCase());
  if (method === undefined) {
    throw invalidSyntax(`${where}.method`, shown(member(value, 'method') ?? null), METHODS.join(', '));
  }
  const bulkId = textOf(member(value, 'bulkId'));
  if (method === 'POST') {
    if (bulkId === undefined || bulkId === '')
      throw invalidSyntax(`${where}.bulkId`, 'nothing', 'an id of its own for each POST');
    if (seen.has(bulkId))
      throw invalidSyntax(`${where}.bulkId`, `${shown(bulkId)} a second time`, 'an id of its own for each POST');
    seen.add(bulkId);
  }
  const path = textOf(member(value, 'path'));
  const parts = /^\/([A-Za-z]+)(?:\/([^/?]+))?\/?(?:\?.*)?$/.exec(path ?? '');
  const [, endpoint, id] = parts ?? [];
  if (endpoint === undefined || (method === 'POST') !== (id === undefined)) {
    const wanted = method === 'POST' ? '"/Users" or "/Groups"' : 'the path of a resource such as "/Users/2819c223"';
    throw invalidSyntax(`${where}.path`, path === undefined ? 'nothing' : shown(path), wanted);
  }
  const data = member(value, 'data');
  if (method !== 'DELETE' && !isJsonObject(data)) {
    throw invalidSyntax(`${where}.data`, data === undefined ? 'nothing' : shown(data), 'an object');
  }
  const version = textOf(member(value, 'version'));
  return {
    method,
    bulkId,
    endpoint: `/${endpoint}`,
    id: id === undefined ? undefined : decode(id, where),
    version: version === '' ? undefined : version,
    data: isJsonObject(data) ? data : emptyObject(),
  };
}

function decode(id: string, where: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    throw invalidSyntax(`${where}.path`, shown(id), 'an id with valid percent signs');
  }
}

function member(object: JsonObject, name: string): Json | undefined {
  const key = Object.keys(object).find(candidate => candidate.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : object[key];
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

const REFERENCE = /^bulkId:(.+)$/;
const QUOTED_REFERENCE = /"bulkId:([^"]+)"/g;

/** The bulkIds that an operation refers to, in its path and anywhere in its data. */
export function referencesOf({ id, data }: Pick<BulkOperation, 'id' | 'data'>): Set<string> {
  const found = new Set<string>();
  replaceReferences(data, bulkId => {
    found.add(bulkId);
    return undefined;
  });
  const own = id === undefined ? undefined : REFERENCE.exec(id)?.[1];
  if (own !== undefined) found.add(own);
  return found;
}

/**
 * The POSTs to an endpoint that refer to each other in a circle, and those that refer to one of these: places in the request.
 * Linear in the references.
 */
export function circlesIn(operations: readonly ReadOperation[], endpoint: string): ReadonlySet<number> {
  const places = new Map<string, number>();
  const open = new Map<number, Set<string>>();
  operations.forEach(({ operation }, index) => {
    if (operation instanceof ScimError || operation.method !== 'POST' || operation.endpoint !== endpoint) return;
    if (operation.bulkId !== undefined) places.set(operation.bulkId, index);
    open.set(index, referencesOf(operation));
  });
  const referrers = new Map<number, number[]>();
  const waits = new Map<number, number>();
  for (const [index, references] of open) {
    const wanted = [...references].flatMap(bulkId => places.get(bulkId) ?? []);
    waits.set(index, wanted.length);
    for (const place of wanted) append(referrers, place, index);
  }
  const ready = [...waits].filter(([, count]) => count === 0).map(([index]) => index);
  for (let index = ready.pop(); index !== undefined; index = ready.pop()) {
    waits.delete(index);
    for (const referrer of referrers.get(index) ?? []) {
      const left = (waits.get(referrer) ?? 0) - 1;
      waits.set(referrer, left);
      if (left === 0) ready.push(referrer);
    }
  }
  return new Set(waits.keys());
}

function append(lists: Map<number, number[]>, key: number, value: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** The id that a path names once references are known. */
export function resolveId(id: string, resolve: (bulkId: string) => string | undefined): string {
  const bulkId = REFERENCE.exec(id)?.[1];
  return bulkId === undefined ? id : (resolve(bulkId) ?? id);
}

/** The value with each reference replaced by what `resolve` gives; one without an answer stays. */
export function replaceReferences(value: Json, resolve: (bulkId: string) => string | undefined): Json {
  if (typeof value === 'string') {
    const whole = REFERENCE.exec(value)?.[1];
    if (whole !== undefined) return resolve(whole) ?? value;
    return value.includes('"bulkId:')
      ? value.replace(QUOTED_REFERENCE, (text, bulkId: string) => {
          const id = resolve(bulkId);
          return id === undefined ? text : JSON.stringify(id);
        })
      : value;
  }
  if (Array.isArray(value)) return value.map(item => replaceReferences(item, resolve));
  if (!isJsonObject(value)) return value;
  const replaced = emptyObject();
  for (const [key, item] of Object.entries(value)) replaced[key] = replaceReferences(item, resolve);
  return replaced;
}

/**
 * Splits new data in two: what can be written now, and what refers to a resource that does not exist yet. Of a list those
 * elements are taken, of everything else the whole attribute.
 */
export function splitPending(data: JsonObject, pending: ReadonlySet<string>): { now: JsonObject; later: JsonObject } {
  const now = emptyObject();
  const later = emptyObject();
  if (pending.size === 0) return { now: data, later };
  const refers = (value: Json) =>
    [...referencesOf({ id: undefined, data: { value } })].some(bulkId => pending.has(bulkId));
  for (const [key, value] of Object.entries(data)) {
    if (!Array.isArray(value)) {
      (refers(value) ? later : now)[key] = value;
      continue;
    }
    const waiting = value.filter(refers);
    const apart = new Set(waiting);
    if (waiting.length < value.length || waiting.length === 0) now[key] = value.filter(item => !apart.has(item));
    if (waiting.length > 0) later[key] = waiting;
  }
  return { now, later };
}
