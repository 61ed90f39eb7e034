/**
 * Reads JSON as RFC 8259 states it, from bytes, in linear time and with bounded memory. Refuses what parsers disagree on and attackers
 * use: wrong UTF-8, duplicate keys, lone surrogates, NUL, numbers that overflow, keys that reach a prototype, deep nesting.
 */
import { TextDecoder } from 'node:util';

import { invalidSyntax, payloadTooLarge, shown } from './errors';
import { type Steps, complete } from './steps';

/** JSON values as request bodies and documents hold them. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

/** A JSON object. Parsed ones have no prototype. */
export interface JsonObject {
  [name: string]: Json;
}

/** Bounds of one text. */
export interface JsonLimits {
  /**
   * Bytes of the text.
   * @default 10000000
   */
  readonly maxBytes?: number;
  /**
   * Objects and lists within each other.
   * @default 32
   */
  readonly maxDepth?: number;
  /**
   * Values altogether, each object, list, string, number and literal counted.
   * @default 500000
   */
  readonly maxValues?: number;
}

/** Whether the value is a JSON object, and neither a list nor null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object without a prototype: any key of it is data. */
export function emptyObject(): JsonObject {
  return Object.create(null) as JsonObject;
}

const refusedKeys = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Parses a JSON text in UTF-8; a byte order mark is skipped.
 * @throws ScimError 400 invalidSyntax with line and column, or 413 over `maxBytes` or `maxValues`
 */
export function parseJson(bytes: Uint8Array, limits: JsonLimits = {}): Json {
  return complete(parsingJson(bytes, limits));
}

/** {@link parseJson} in steps, each of some 64 KiB of the text. */
export function* parsingJson(bytes: Uint8Array, limits: JsonLimits = {}): Steps<Json> {
  const maxBytes = limits.maxBytes ?? 10_000_000;
  if (bytes.byteLength > maxBytes) throw payloadTooLarge('bytes of JSON', bytes.byteLength, maxBytes);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalidSyntax(
      'request body',
      `bytes that are not UTF-8 from byte ${firstWrongByte(bytes) + 1} on`,
      'JSON in UTF-8',
    );
  }
  return yield* new Reader(text, limits.maxDepth ?? 32, limits.maxValues ?? 500_000).document();
}

const BLOCK = 65_536;

/** Offset of the byte at which the text stops being UTF-8: block by block, then by a binary search within the block. */
function firstWrongByte(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let start = 0;
  while (start + BLOCK < bytes.byteLength && decodes(decoder, bytes.subarray(start, start + BLOCK))) start += BLOCK;
  // A character may begin in the block before.
  if (start > 0)
    do start -= 1;
    while (start > 0 && ((bytes[start] ?? 0) & 0xc0) === 0x80);
  let valid = start;
  let wrong = Math.min(bytes.byteLength, start + BLOCK + 4);
  while (wrong - valid > 1) {
    const middle = (valid + wrong) >> 1;
    if (decodes(new TextDecoder('utf-8', { fatal: true }), bytes.subarray(start, middle))) valid = middle;
    else wrong = middle;
  }
  return valid;
}

function decodes(decoder: TextDecoder, bytes: Uint8Array): boolean {
  try {
    decoder.decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
/** A run of string characters that need no look: no quote, backslash, control character or surrogate. */
// eslint-disable-next-line no-control-regex
const plain = /[^"\\\u0000-\u001f]*/y;
const simpleEscapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** A list or an object that is not at its end, the latter with the key whose value comes next. */
type Container = { readonly list: Json[] } | { readonly list: undefined; readonly object: JsonObject; key: string };

class Reader {
  private at = 0;
  private values = 0;

  constructor(
    private readonly text: string,
    private readonly maxDepth: number,
    private readonly maxValues: number,
  ) {}

  /** Without recursion: what is open is kept in a list, so that reading can be left off within it. */
  *document(): Steps<Json> {
    const open: Container[] = [];
    let pauseAt = BLOCK;
    this.space();
    for (;;) {
      let value = this.begin(open);
      while (value !== undefined) {
        const container = open.at(-1);
        if (container === undefined) {
          this.space();
          if (this.at < this.text.length) throw this.wrong('the end of the text');
          return value;
        }
        if (container.list !== undefined) container.list.push(value);
        else container.object[container.key] = value;
        value = undefined;
        if (this.ends(container.list === undefined ? '}' : ']')) {
          open.pop();
          value = container.list ?? container.object;
        } else if (container.list !== undefined) this.space();
        else container.key = this.key(container.object);
      }
      if (this.at < pauseAt) continue;
      yield;
      pauseAt = this.at + BLOCK;
    }
  }

  /** Reads a value, or no more than its beginning: then it is the last of what is open. */
  private begin(open: Container[]): Json | undefined {
    this.values += 1;
    if (this.values > this.maxValues)
      throw payloadTooLarge('values in the JSON text', `more than ${this.maxValues}`, this.maxValues);
    switch (this.text[this.at]) {
      case '{': {
        this.enter(open.length + 1);
        const object = emptyObject();
        if (this.closes('}')) return object;
        open.push({ object, key: this.key(object), list: undefined });
        return undefined;
      }
      case '[': {
        this.enter(open.length + 1);
        const list: Json[] = [];
        if (this.closes(']')) return list;
        this.space();
        open.push({ list });
        return undefined;
      }
      case '"':
        return this.string();
      case 't':
        return this.literal('true', true);
      case 'f':
        return this.literal('false', false);
      case 'n':
        return this.literal('null', null);
      default:
        return this.number();
    }
  }

  /** Reads a key of an object up to its value. */
  private key(object: JsonObject): string {
    this.space();
    const start = this.at;
    if (this.text.charCodeAt(start) !== QUOTE) throw this.wrong('a key in double quotes');
    const key = this.string();
    if (refusedKeys.has(key)) throw this.refused(start, `the key ${shown(key)}`, 'no key of that name');
    if (key in object) throw this.refused(start, `the key ${shown(key)} a second time`, 'each key once');
    this.space();
    if (this.text[this.at] !== ':') throw this.wrong('":" after a key');
    this.at += 1;
    this.space();
    return key;
  }

  private enter(depth: number): void {
    if (depth > this.maxDepth)
      throw this.refused(this.at, `nesting deeper than ${this.maxDepth}`, `at most ${this.maxDepth} levels`);
    this.at += 1;
    this.space();
  }

  private closes(close: string): boolean {
    if (this.text[this.at] !== close) return false;
    this.at += 1;
    return true;
  }

  private ends(close: string): boolean {
    this.space();
    if (this.closes(close)) return true;
    if (this.text[this.at] !== ',') throw this.wrong(`"," or "${close}"`);
    this.at += 1;
    return false;
  }

  private string(): string {
    this.at += 1;
    let value = '';
    for (;;) {
      plain.lastIndex = this.at;
      const run = plain.exec(this.text)?.[0] ?? '';
      this.at += run.length;
      const code = this.text.charCodeAt(this.at);
      if (code === QUOTE) {
        this.at += 1;
        return value === '' ? run : value + run;
      }
      value += run;
      if (code !== BACKSLASH) throw this.wrong('a string without control characters, closed by a double quote');
      value += this.escape();
    }
  }

  private escape(): string {
    const start = this.at;
    const letter = this.text[start + 1] ?? '';
    const simple = simpleEscapes[letter];
    if (simple !== undefined) {
      this.at += 2;
      return simple;
    }
    const first = this.codeUnit();
    if (first === 0) throw this.refused(start, 'the character NUL', 'text without NUL');
    if (first >= 0xdc00 && first <= 0xdfff) throw this.refused(start, 'a lone low surrogate', 'a surrogate pair');
    if (first < 0xd800 || first > 0xdbff) return String.fromCharCode(first);
    if (this.text.charCodeAt(this.at) !== BACKSLASH)
      throw this.refused(start, 'a lone high surrogate', 'a surrogate pair');
    const second = this.codeUnit();
    if (second < 0xdc00 || second > 0xdfff) throw this.refused(start, 'a lone high surrogate', 'a surrogate pair');
    return String.fromCharCode(first, second);
  }

  private codeUnit(): number {
    const digits = this.text.slice(this.at + 2, this.at + 6);
    if (this.text[this.at + 1] !== 'u' || !/^[0-9a-fA-F]{4}$/.test(digits)) {
      throw this.wrong('one of \\" \\\\ \\/ \\b \\f \\n \\r \\t or \\u with four hexadecimal digits');
    }
    this.at += 6;
    return Number.parseInt(digits, 16);
  }

  private number(): number {
    number.lastIndex = this.at;
    const digits = number.exec(this.text)?.[0];
    if (digits === undefined) throw this.wrong('an object, a list, a string, a number, true, false or null');
    const value = Number(digits);
    if (!Number.isFinite(value)) throw this.refused(this.at, `the number ${shown(digits)}`, 'a number below 1.8e308');
    this.at += digits.length;
    return value;
  }

  private literal<T extends boolean | null>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at))
      throw this.wrong('an object, a list, a string, a number, true, false or null');
    this.at += word.length;
    return value;
  }

  private space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at += 1;
    }
  }

  private wrong(wanted: string): Error {
    const point = this.text.codePointAt(this.at);
    return this.refused(
      this.at,
      point === undefined ? 'the end of the text' : shown(String.fromCodePoint(point)),
      wanted,
    );
  }

  private refused(at: number, got: string, wanted: string): Error {
    const before = this.text.slice(0, at);
    const line = before.split('\n').length;
    const column = at - before.lastIndexOf('\n');
    return invalidSyntax(`JSON at line ${line}, column ${column}`, got, wanted);
  }
}
