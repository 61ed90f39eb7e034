/** Cuts a filter or path into tokens (RFC 7644 figures 1 and 7), in one pass, each character looked at once. */

export type TokenKind = '(' | ')' | '[' | ']' | 'string' | 'word' | 'end' | 'broken';

export interface Token {
  readonly kind: TokenKind;
  /** As written; for a string, with its quotes. */
  readonly text: string;
  /** Of a string: what it stands for. Of a broken token: what is wrong with it. */
  readonly value: string;
  /** Offset of the first character, from 0. */
  readonly start: number;
  readonly spaceBefore: boolean;
}

/** A word is a name, an operator or a literal: whatever has no space, quote or bracket in it. */
const word = /[^\s()[\]"]+/y;
// eslint-disable-next-line no-control-regex
const string = /"(?:[^"\\\u0000-\u001f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"/y;
const loneSurrogate = /\p{Surrogate}/u;
const space = /[ \t]*/y;

/** Reads the token at the offset. A broken token, such as a string that never ends, is for the parser to refuse. */
export function readToken(text: string, offset: number): Token {
  space.lastIndex = offset;
  const start = offset + (space.exec(text)?.[0].length ?? 0);
  const spaceBefore = start > offset;
  const first = text[start];
  const token = (kind: TokenKind, raw: string, value = raw): Token => ({ kind, text: raw, value, start, spaceBefore });
  if (first === undefined) return token('end', '');
  if (first === '(' || first === ')' || first === '[' || first === ']') return token(first, first);
  if (first === '"') return readString(text, start, token);
  word.lastIndex = start;
  const run = word.exec(text)?.[0];
  if (run !== undefined) return token('word', run);
  return token('broken', first, 'a character that stands for nothing');
}

function readString(
  text: string,
  start: number,
  token: (kind: TokenKind, raw: string, value?: string) => Token,
): Token {
  string.lastIndex = start;
  const raw = string.exec(text)?.[0];
  if (raw === undefined) return token('broken', '"', 'a string that is not closed, or has a wrong escape');
  const value = JSON.parse(raw) as string;
  if (value.includes('\0')) return token('broken', raw, 'a string with the character NUL');
  if (loneSurrogate.test(value)) return token('broken', raw, 'a string with a lone surrogate');
  return token('string', raw, value);
}
