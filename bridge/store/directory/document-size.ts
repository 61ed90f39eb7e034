/**
 * How much a user may hold: each search that no index answers reads all of every document, and so does each PATCH of one. A group holds no more
 * than its names, which have a bound of their own; its members are rows. What is stored already and holds more stays: it is read, changed and made inactive as any other, but grows no more.
 */
import { type Json, type JsonObject, isJsonObject } from '../../scim-language/json';
import { DocumentTooLong, TextTooLong } from './errors';

/** Bytes of UTF-8 of one text. */
const MOST_TEXT_BYTES = 64 * 1024;

/** Of one that holds a file: a chain of certificates in base64, a picture as a `data:` URI. */
const MOST_FILE_BYTES = 512 * 1024;
const FILES: ReadonlySet<string> = new Set(['x509Certificates.value', 'photos.value']);

/** Bytes of a document as JSON. */
const MOST_DOCUMENT_BYTES = 1024 * 1024;

/** Whoever is made inactive may be given so many bytes more with it, however much is stored: nobody stays in for a remark. */
const MOST_ON_LEAVING_BYTES = 1024;

/**
 * The document as it is stored.
 * @param before what is stored now
 * @throws TextTooLong, DocumentTooLong
 */
export function storedText(document: JsonObject, before?: JsonObject): string {
  const text = JSON.stringify(document);
  // No text in it is longer than all of it; a character is three bytes at most.
  if (text.length * 3 <= MOST_TEXT_BYTES) return text;
  const more = document['active'] === false ? MOST_ON_LEAVING_BYTES : 0;
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes > MOST_DOCUMENT_BYTES && bytes > (before === undefined ? 0 : bytesOf(before)) + more)
    throw new DocumentTooLong(bytes, MOST_DOCUMENT_BYTES, largestOf(document));
  if (bytes > MOST_TEXT_BYTES) checkTexts(document, before, more);
  return text;
}

function checkTexts(document: JsonObject, before: JsonObject | undefined, more: number): void {
  const longest = longestTexts(document);
  const most = (path: string): number => (FILES.has(path) ? MOST_FILE_BYTES : MOST_TEXT_BYTES);
  const over = [...longest].filter(([path, bytes]) => bytes > most(path));
  if (over.length === 0) return;
  const stored = before === undefined ? new Map<string, number>() : longestTexts(before);
  for (const [path, bytes] of over)
    if (bytes > (stored.get(path) ?? 0) + more) throw new TextTooLong(path, bytes, most(path));
}

/** @throws TextTooLong */
export function refuseLongText(attribute: string, text: string): void {
  if (text.length * 3 <= MOST_TEXT_BYTES) return;
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes > MOST_TEXT_BYTES) throw new TextTooLong(attribute, bytes, MOST_TEXT_BYTES);
}

/** The bytes of the longest text of each attribute. */
function longestTexts(document: JsonObject): ReadonlyMap<string, number> {
  const longest = new Map<string, number>();
  const look = (value: Json, path: string): void => {
    if (typeof value === 'string')
      longest.set(path, Math.max(longest.get(path) ?? 0, Buffer.byteLength(value, 'utf8')));
    else if (Array.isArray(value)) for (const item of value) look(item, path);
    else if (isJsonObject(value))
      for (const [name, below] of Object.entries(value))
        look(below, path === '' ? name : `${path}${joint(path)}${name}`);
  };
  look(document, '');
  return longest;
}

/** An attribute of an extension follows its URN after a colon (RFC 7644 §3.10). */
const joint = (path: string): string => (/^urn:[^.]*\.\d:\w+$/.test(path) ? ':' : '.');

const bytesOf = (value: Json): number => Buffer.byteLength(JSON.stringify(value), 'utf8');

function largestOf(document: JsonObject): string {
  const sizes = Object.entries(document).map(([name, value]): [string, number] => [name, bytesOf(value)]);
  return sizes.reduce((largest, one) => (one[1] > largest[1] ? one : largest), ['', 0])[0];
}
