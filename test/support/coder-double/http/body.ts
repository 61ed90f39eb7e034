/**
 * Reads a request body the way Go's decoder and the server's validator do: keys in any case, null as the empty value,
 * unknown keys ignored, a wrong type refused as bad JSON, then every failed rule listed at once.
 */
import { Refusal, type Validation } from './answer';
import { wellFormed } from '../state/letters';
import { parseUuid } from '../state/names';

type Kind = 'string' | 'boolean' | 'integer' | 'strings' | 'uuid' | 'uuids' | 'object' | 'objects';

interface Values {
  string: string;
  boolean: boolean;
  integer: number;
  strings: string[];
  uuid: string;
  uuids: string[];
  object: Record<string, unknown>;
  objects: Record<string, unknown>[];
}

/** A field is absent from the result when the body lacks it or says null. */
export type Fields<S extends Record<string, Kind>> = { [K in keyof S]?: Values[S[K]] };

export function badJson(detail: string): Refusal {
  return new Refusal(400, 'Request body must be valid JSON.', { detail });
}

export function parseUuidIn(value: string): string {
  const uuid = parseUuid(value);
  if (uuid === undefined) throw badJson(`invalid UUID length: ${value.length}`);
  return uuid;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return value !== null && typeof value === 'object' ? 'object' : value === null ? 'null' : typeof value;
}

function mismatch(value: unknown, field: string, wanted: string): Refusal {
  const kind = kindOf(value) === 'boolean' ? 'bool' : kindOf(value);
  return badJson(`json: cannot unmarshal ${kind} into Go struct field ${field} of type ${wanted}`);
}

function asString(value: unknown, field: string): string {
  if (value === null) return '';
  if (typeof value !== 'string') throw mismatch(value, field, 'string');
  return wellFormed(value);
}

function asArray(value: unknown, field: string, wanted: string): unknown[] {
  if (!Array.isArray(value)) throw mismatch(value, field, wanted);
  return value;
}

export function asObject(value: unknown, field: string): Record<string, unknown> {
  if (kindOf(value) !== 'object') throw mismatch(value, field, 'object');
  return value as Record<string, unknown>;
}

function decode(kind: Kind, value: unknown, field: string): Values[Kind] {
  switch (kind) {
    case 'string':
      return asString(value, field);
    case 'boolean':
      if (typeof value !== 'boolean') throw mismatch(value, field, 'bool');
      return value;
    case 'integer':
      if (typeof value !== 'number' || !Number.isInteger(value)) throw mismatch(value, field, 'int');
      return value;
    case 'strings':
      return asArray(value, field, '[]string').map(item => asString(item, field));
    case 'uuid':
      return parseUuidIn(asString(value, field));
    case 'uuids':
      return asArray(value, field, '[]uuid.UUID').map(item => parseUuidIn(asString(item, field)));
    case 'object':
      return asObject(value, field);
    case 'objects':
      return asArray(value, field, '[]object').map(item => asObject(item, field));
  }
}

/** Picks the known fields out of a decoded object. */
export function pick<S extends Record<string, Kind>>(source: Record<string, unknown>, shape: S): Fields<S> {
  const wanted = new Map(Object.keys(shape).map(name => [name.toLowerCase(), name]));
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(source)) {
    const name = wanted.get(key.toLowerCase());
    const kind = name === undefined ? undefined : shape[name];
    if (name === undefined || kind === undefined || value === null) continue;
    fields[name] = decode(kind, value, name);
  }
  return fields as Fields<S>;
}

/** The first JSON value of a text; what comes after it is never looked at. */
function parseFirst(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    try {
      return JSON.parse(text.slice(0, endOfFirst(text)));
    } catch {
      throw badJson('unexpected EOF');
    }
  }
}

function endOfFirst(text: string): number {
  let depth = 0;
  for (const { 0: piece, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/gs)) {
    if (piece === '{' || piece === '[') depth += 1;
    else if (piece === '}' || piece === ']') depth -= 1;
    if (depth === 0) return index + piece.length;
  }
  return text.length;
}

/**
 * Decodes a body of the given shape.
 *
 * @throws Refusal 400 `Request body must be valid JSON.`
 */
export function readBody<S extends Record<string, Kind>>(text: string, shape: S): Fields<S> {
  if (text.trim() === '') throw badJson('EOF');
  const value = parseFirst(text);
  return value === null ? {} : pick(asObject(value, 'Request'), shape);
}

export interface Rule {
  readonly field: string;
  readonly value: string;
  readonly tag: string;
  readonly holds: boolean;
}

/** @throws Refusal 400 `Validation failed.` with one entry for each field whose rule doesn't hold. */
export function validate(rules: readonly Rule[]): void {
  const failed = new Map<string, Validation>();
  for (const { field, value, tag, holds } of rules) {
    if (holds || failed.has(field)) continue;
    failed.set(field, { field, detail: `Validation failed for tag "${tag}" with value: "${value}"` });
  }
  if (failed.size > 0) throw new Refusal(400, 'Validation failed.', { validations: [...failed.values()] });
}
