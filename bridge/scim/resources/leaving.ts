/**
 * Whom a request means to lock out, read from a body that was refused: as loosely as can be, since a body that follows the rules
 * would not be here. What is unclear counts: an entry too many is looked at, a leaver too few is not.
 */
import { type Json, type JsonObject, isJsonObject } from '../../scim-language/json';
import { namesAccess } from '../../scim-language/schema/unknown';
import { decodeSegment } from '../../scim-language/schema/value';
import { type Leaving } from '../../store/directory';

/** A request for one resource, or for a new one, that was refused; or a Bulk of which nobody knows whom it was about. */
export interface Attempt {
  readonly method: string;
  readonly type: 'User' | 'Group' | 'Bulk';
  /** Undefined for POST. */
  readonly id: string | undefined;
  /** As data; as text when it is no JSON; undefined when there is none. */
  readonly body: Json | string | undefined;
  /** It was too long to be read, or in an encoding that is not read: nobody knows what it meant. @default false */
  readonly unread?: boolean;
}

/** Nothing when the request would have locked nobody out; several where a user was to leave several groups. */
export function leavingsOf({ method, type, id, body, unread = false }: Attempt): readonly Leaving[] {
  if (type === 'Bulk') return [{ kind: 'bulk' }];
  if (id === undefined) return type === 'User' ? newUser(body) : [];
  if (unread) return [type === 'User' ? { kind: 'user', id } : { kind: 'group', id, members: undefined }];
  if (type === 'User') {
    if (method === 'DELETE' || saysInactive(body)) return [{ kind: 'user', id }];
    return method === 'PATCH' ? groupsLeft(id, body) : [];
  }
  if (method === 'DELETE' || method === 'PUT') return [{ kind: 'group', id, members: undefined }];
  const members = removedMembers(body);
  return members === 'nobody' ? [] : [{ kind: 'group', id, members }];
}

/** A POST of somebody inactive: who has that userName already would have been told of by it. */
function newUser(body: Json | string | undefined): Leaving[] {
  if (!isJsonObject(body ?? null) || !saysInactive(body)) return [];
  const [, userName] = Object.entries(body as JsonObject).find(([key]) => key.toLowerCase() === 'username') ?? [];
  return typeof userName === 'string' ? [{ kind: 'userName', userName }] : [];
}

/**
 * A user's `groups` are readOnly (RFC 7643 §4.1.2), and a client that takes one away by PATCH is refused: the groups that it states, or
 * all that the user is in where it states none.
 */
function groupsLeft(id: string, body: Json | string | undefined): Leaving[] {
  const all: Leaving = { kind: 'groups', id };
  if (body === undefined) return [];
  if (typeof body === 'string') return /groups/i.test(body) && /remove|replace/i.test(body) ? [all] : [];
  const left = new Set<string>();
  for (const { op, path, value, rest } of operationsOf(body)) {
    if (op === 'add') continue;
    if (!GROUPS.test(path)) {
      const stated = [rest, value ?? null].filter(isJsonObject);
      if (stated.some(object => Object.keys(object).some(key => GROUPS.test(key)))) return [all];
      continue;
    }
    const ids = op === 'remove' ? removedIds(path, value) : undefined;
    if (ids === undefined) return [all];
    for (const group of ids) left.add(group);
    // What is no id, or very many, is nobody's in particular.
    if (left.size > MOST_GROUPS || ids.some(group => !IDENTIFIER.test(group))) return [all];
  }
  return [...left].map(group => ({ kind: 'group', id: group, members: [id] }));
}

/** `groups`, `groups[…]`, `urn:…:User:groups`, `/groups/0`: by itself or below a schema. */
const GROUPS = /(?:^|[:/.])groups(?:$|[^a-z0-9])/i;

const IDENTIFIER = /^[0-9a-f-]{36}$/;

/** Groups of one refused request that are looked for one by one; more are all that the user is in. */
const MOST_GROUPS = 100;

function saysInactive(body: Json | string | undefined): boolean {
  if (typeof body === 'string') return textSaysInactive(body);
  return statementsOfActive(body ?? null, true).some(meansInactive);
}

const textSaysInactive = (text: string): boolean => /active/i.test(text) && /false|"0"|:\s*0\b|\bremove\b/i.test(text);

/** Whether a request states that the user is active, and nothing else about it. */
export function saysActive(body: JsonObject): boolean {
  const stated = statementsOfActive(body, false).filter(value => value !== null);
  return stated.length > 0 && !stated.some(meansInactive);
}

/** How deep `active` is looked for below what is stated: `{"user": {"active": false}}` means it too. */
const DEEPEST = 3;

/**
 * Every value that a body states of `active`, in a resource or in operations; one that is removed is stated as false.
 * @param loosely also below lists, and in texts that hold JSON
 */
function statementsOfActive(body: Json, loosely: boolean): Json[] {
  const below = (value: Json, depth: number): Json[] => {
    if (isJsonObject(value)) return depth > DEEPEST ? [] : inObject(value, depth);
    if (!loosely) return [];
    if (Array.isArray(value)) return value.flatMap(item => below(item, depth));
    return typeof value === 'string' && /^\s*[[{]/.test(value) && textSaysInactive(value) ? [false] : [];
  };
  const inObject = (object: JsonObject, depth: number): Json[] =>
    Object.entries(object).flatMap(([key, value]) => (namesActive(key) ? [value] : below(value, depth + 1)));
  return [
    ...below(body, 0),
    ...operationsOf(body).flatMap(({ op, path, value = null, rest }) => {
      if (namesActive(path)) return [op === 'remove' ? false : value];
      return [...inObject(rest, 0), ...below(value, 0)];
    }),
  ];
}

const namesActive = (name: string): boolean => namesAccess(name, 'active');

/** Whatever is stated and is not true: nobody states something else to let somebody in. */
function meansInactive(value: Json): boolean {
  if (value === null) return false;
  if (Array.isArray(value)) return value.some(meansInactive);
  return !(value === true || value === 1 || (typeof value === 'string' && /^\s*(?:true|1|yes)\s*$/i.test(value)));
}

interface LooseOperation {
  readonly op: string;
  readonly path: string;
  readonly value: Json | undefined;
  /** Whatever stands beside these. */
  readonly rest: JsonObject;
}

/** Of a PATCH as SCIM has it, and of a bare list, as JSON Patch (RFC 6902). */
function operationsOf(body: Json): LooseOperation[] {
  return listOf(body).map(operation => {
    const [op, path] = [memberOf(operation, 'op'), memberOf(operation, 'path')];
    return {
      op: typeof op === 'string' ? op.toLowerCase() : '',
      path: typeof path === 'string' ? path : '',
      value: memberOf(operation, 'value'),
      rest: Object.fromEntries(Object.entries(operation).filter(([key]) => !/^(?:op|path|value)$/i.test(key))),
    };
  });
}

/** The operations of a PATCH or a Bulk, however they are listed. */
function listOf(body: Json): JsonObject[] {
  const operations = isJsonObject(body) ? memberOf(body, 'operations') : body;
  const list = Array.isArray(operations) ? operations.flat(DEEPEST) : [operations ?? null];
  return list.filter(isJsonObject);
}

function memberOf(object: JsonObject, name: string): Json | undefined {
  return Object.entries(object).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** The members that a PATCH takes away: `nobody`, some by name, or undefined for whoever it does not state. */
function removedMembers(body: Json | string | undefined): readonly string[] | undefined | 'nobody' {
  if (typeof body === 'string') return /members/i.test(body) && /remove|replace/i.test(body) ? undefined : 'nobody';
  const removed: string[] = [];
  if (body === undefined) return 'nobody';
  if (isJsonObject(body) && Object.keys(body).some(namesMembers)) return undefined;
  for (const { op, path, value, rest } of operationsOf(body)) {
    if (op === 'add') continue;
    if (!namesMembers(path)) {
      if (statesMembers(rest) || statesMembers(value ?? null)) return undefined;
      continue;
    }
    const ids = op === 'remove' ? removedIds(path, value) : undefined;
    if (ids === undefined) return undefined;
    for (const id of ids) removed.push(id);
  }
  return removed.length === 0 ? 'nobody' : removed;
}

/** The ids that a removal states, in a filter or beside the path; undefined when it states something else. */
function removedIds(path: string, value: Json | undefined): readonly string[] | undefined {
  const filter = betweenBrackets(path);
  if (filter === undefined) return valuesOf(value);
  const [, id] = /^\s*value\s+eq\s+"([^"]+)"\s*$/i.exec(filter) ?? [];
  return id === undefined ? undefined : [id];
}

/** From the first to the last: a path has no bound here, and no expression may go back and forth in it. */
function betweenBrackets(path: string): string | undefined {
  const [opens, closes] = [path.indexOf('['), path.lastIndexOf(']')];
  return opens < 0 || closes < opens ? undefined : path.slice(opens + 1, closes);
}

const namesMembers = (name: string): boolean => namesAccess(name, 'members');

function statesMembers(value: Json, depth = 0): boolean {
  if (Array.isArray(value)) return value.some(item => statesMembers(item, depth));
  if (typeof value === 'string') return /^\s*[[{]/.test(value) && /members/i.test(value);
  if (!isJsonObject(value) || depth > DEEPEST) return false;
  return Object.entries(value).some(([key, below]) => namesMembers(key) || statesMembers(below, depth + 1));
}

/** The ids that a list of members states; undefined when not each of it is one. */
function valuesOf(value: Json | undefined): string[] | undefined {
  const list = Array.isArray(value) ? value : value === undefined ? [] : [value];
  const ids = list.map(item => (isJsonObject(item) ? memberOf(item, 'value') : item));
  return ids.length > 0 && ids.every(id => typeof id === 'string' && id !== '') ? (ids as string[]) : undefined;
}

/**
 * What a Bulk attempts that was refused as a whole.
 * @param body as of an `Attempt`; of a text that is no JSON whoever it names is looked at, with all that it says
 * @param isUnread as of an `Attempt`
 */
export function attemptsOf(body: Json | string | undefined, isUnread: boolean): Attempt[] {
  if (body === undefined) return isUnread ? [{ method: 'Bulk', type: 'Bulk', id: undefined, body }] : [];
  if (typeof body !== 'string') return listOf(body).flatMap(operation => attemptOf(operation) ?? []);
  const method = /"delete"/i.test(body) ? 'DELETE' : /"put"/i.test(body) ? 'PUT' : 'PATCH';
  // What the text says is said of everybody in it, and looked for once.
  const means = { User: false, Group: false };
  for (const type of ['User', 'Group'] as const) means[type] = leavingsOf({ method, type, id: '', body }).length > 0;
  const named = new Map(
    [...body.matchAll(/\b(user|group)s\/([0-9a-f-]{36})/gi)].map(([path, type = '', id]): [string, Attempt] => [
      path,
      { method, type: type.toLowerCase() === 'user' ? 'User' : 'Group', id, body: undefined, unread: true },
    ]),
  );
  return [...named.values()].filter(({ type }) => type !== 'Bulk' && means[type]);
}

/** What an operation of a Bulk attempts, read as loosely; undefined when it names no endpoint. */
export function attemptOf(operation: Json): Attempt | undefined {
  if (!isJsonObject(operation)) return undefined;
  const [method, path] = [memberOf(operation, 'method'), memberOf(operation, 'path')];
  if (typeof method !== 'string' || typeof path !== 'string') return undefined;
  // Also of a path that has the base URL in front of it. What it asks is cut off first: it may be of any length, and name anything.
  const [stated = ''] = path.split('?', 1);
  const parts = /(?:^|\/)(user|group)s(?:\/([^/]+))?\/?$/i.exec(stated);
  if (parts === null) return undefined;
  const [, type = '', id] = parts;
  return {
    method: method.toUpperCase(),
    type: type.toLowerCase() === 'user' ? 'User' : 'Group',
    id: id === undefined ? undefined : decodeSegment(id),
    body: memberOf(operation, 'data'),
  };
}
