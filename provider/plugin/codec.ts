/**
 * Between values and bytes: MessagePack in both directions (the protocol's "wire format for Terraform objects"), JSON for
 * reading stored state. Driven by the type, so that what does not conform is refused with the place named.
 */
import { decode, encode, ExtData } from '@msgpack/msgpack';
import type { Type } from './define/type';
import { Decimal, isList, isObject, Unknown, UNKNOWN, type Value } from './define/value';

/** Extension codes of MessagePack that Terraform gives a meaning; every other one is an unknown value as well. */
const PLAIN_UNKNOWN = 0;
const REFINED_UNKNOWN = 12;

/** A value that is not of the type that the schema promises. */
export class CodecError extends Error {
  override readonly name = 'CodecError';

  /** @param place of the part within the value, such as `.tokens["main"]`; empty: the value itself */
  constructor(
    private readonly place: string,
    private readonly said: string,
  ) {
    super(`value${place} ${said}`);
  }

  within(place: string): CodecError {
    return new CodecError(`${place}${this.place}`, this.said);
  }
}

/** Bytes of a value, unknown parts included. @throws CodecError naming the path that is not of the type. */
export function encodeValue(type: Type, value: Value): Buffer {
  return Buffer.from(encode(pack(type, value)));
}

/**
 * The value in MessagePack bytes.
 * @throws CodecError naming the path that is not of the type; DecodeError for bytes that are no MessagePack, and for a map
 * with the key `__proto__`.
 */
export function decodeValue(type: Type, bytes: Uint8Array): Value {
  return conform(type, decode(bytes, { useBigInt64: true }), 'exact');
}

/**
 * The value in the JSON of a state file. State may have been written by another version of the provider: attributes that
 * the type lacks are left out, missing ones are null.
 */
export function decodeJson(type: Type, text: string): Value {
  return conform(type, parseJson(text), 'lenient');
}

/** JSON text with numbers that a double would change kept as text. */
export function parseJson(text: string): unknown {
  const exact = text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, token =>
    token.startsWith('"') || String(Number(token)) === token ? token : JSON.stringify(token),
  );
  return JSON.parse(exact) as unknown;
}

const ofAttribute = (name: string): string => `.${name}`;
const ofKey = (key: string): string => `[${JSON.stringify(key)}]`;
const ofIndex = (index: number): string => `[${index}]`;

/** Every part in its place. Places are spelled only for what does not conform: a value has thousands of them. */
function each<Key, Part, Read>(
  parts: readonly (readonly [Key, Part])[],
  spell: (key: Key) => string,
  read: (part: Part, key: Key) => Read,
): [Key, Read][] {
  let at: Key | undefined;
  try {
    return parts.map(([key, part]) => {
      at = key;
      return [key, read(part, key)];
    });
  } catch (error) {
    throw error instanceof CodecError && at !== undefined ? error.within(spell(at)) : error;
  }
}

function eachOf<Part, Read>(list: readonly Part[], read: (part: Part) => Read): Read[] {
  return each([...list.entries()], ofIndex, read).map(([, part]) => part);
}

function pack(type: Type, value: Value): unknown {
  if (value === null) return null;
  if (value instanceof Unknown) {
    return value.refinement === null
      ? new ExtData(PLAIN_UNKNOWN, new Uint8Array(1))
      : new ExtData(REFINED_UNKNOWN, value.refinement);
  }
  if (type === 'number') return packNumber(value);
  if (type === 'string' || type === 'bool') {
    return typeof value === (type === 'string' ? 'string' : 'boolean') ? value : mismatch(type, value);
  }
  if (type[0] === 'object') {
    const attributes = type[1];
    if (!isObject(value)) return mismatch('object', value);
    refuseExtra(value, attributes);
    return Object.fromEntries(
      each(Object.entries(attributes), ofAttribute, (of, name) => pack(of, value[name] ?? null)),
    );
  }
  const element = type[1];
  if (type[0] === 'map') {
    if (!isObject(value)) return mismatch('map', value);
    return Object.fromEntries(each(Object.entries(value), ofKey, part => pack(element, part)));
  }
  if (!isList(value)) return mismatch(type[0], value);
  return eachOf(value, part => pack(element, part));
}

/**
 * Integers travel as such. Fractions travel as text: Terraform reads 0.1 as the decimal it is written as, so the nearest
 * double would be another number to it.
 */
function packNumber(value: Value): number | string {
  if (value instanceof Decimal) return value.text;
  if (typeof value !== 'number' || Number.isNaN(value)) return mismatch('number', value);
  return Number.isSafeInteger(value) || !Number.isFinite(value) ? value : String(value);
}

function conform(type: Type, raw: unknown, strictness: 'exact' | 'lenient'): Value {
  if (raw === null || raw === undefined) return null;
  if (raw instanceof ExtData) {
    return raw.type === REFINED_UNKNOWN && typeof raw.data !== 'function' ? new Unknown(raw.data) : UNKNOWN;
  }
  if (type === 'number') return readNumber(raw);
  if (type === 'string') return typeof raw === 'string' ? raw : mismatch(type, raw);
  if (type === 'bool') return typeof raw === 'boolean' ? raw : mismatch(type, raw);
  if (type[0] === 'list' || type[0] === 'set') {
    const element = type[1];
    if (!Array.isArray(raw)) return mismatch(type[0], raw);
    return eachOf(raw as readonly unknown[], part => conform(element, part, strictness));
  }
  if (typeof raw !== 'object' || Array.isArray(raw)) return mismatch(type[0], raw);
  const given = raw as Readonly<Record<string, unknown>>;
  if (type[0] === 'object') {
    const attributes = type[1];
    if (strictness === 'exact') refuseExtra(given, attributes);
    return Object.fromEntries(
      each(Object.entries(attributes), ofAttribute, (of, name) => conform(of, given[name], strictness)),
    );
  }
  const element = type[1];
  return Object.fromEntries(each(Object.entries(given), ofKey, part => conform(element, part, strictness)));
}

function refuseExtra(given: Readonly<Record<string, unknown>>, attributes: Readonly<Record<string, unknown>>): void {
  const extra = Object.keys(given).find(name => !Object.hasOwn(attributes, name));
  if (extra !== undefined) throw new CodecError(ofAttribute(extra), 'is not in the schema');
}

function readNumber(raw: unknown): number | Decimal {
  if (typeof raw === 'number') return raw;
  const text = typeof raw === 'bigint' ? raw.toString() : raw;
  if (typeof text !== 'string' || !/^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) return mismatch('number', raw);
  return String(Number(text)) === text && (Number.isSafeInteger(Number(text)) || !/^-?\d+$/.test(text))
    ? Number(text)
    : new Decimal(text);
}

function mismatch(wanted: string, value: unknown): never {
  const got = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
  throw new CodecError('', `is ${got}, wanted ${wanted}`);
}
