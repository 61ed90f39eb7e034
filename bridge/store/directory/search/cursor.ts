/**
 * Cursors of RFC 9865: nothing is kept for them. A cursor is the place where a page ended, sealed so that it can be neither read nor
 * changed, and bound to the app, the token and the query it was made for.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { ExpiredCursor, InvalidCount, InvalidCursor } from '../errors';

/** A place in a list: between two resources. */
export interface Position {
  /** What the resource is sorted by; null when it has no value, or the list is not sorted. */
  readonly key: string | number | null;
  readonly id: string;
}

export interface Cursor {
  readonly direction: 'next' | 'previous';
  /** The page begins after this, in the cursor's direction; undefined: where the list begins in that direction. */
  readonly position: Position | undefined;
  readonly count: number;
  /** Results of the whole query when its first page was read. */
  readonly totalResults: number;
}

/** What a cursor belongs to. */
export interface CursorBinding {
  readonly app: string;
  readonly subject: string;
  /** The query in one form: filter, sort, path. */
  readonly queryText: string;
}

/** Stands for the id of a place that is none. */
const NOWHERE = '';

const NONCE = 12;
const TAG = 16;

/** @param expiresAt milliseconds since 1970 */
export function sealCursor(key: Buffer, binding: CursorBinding, cursor: Cursor, expiresAt: number): string {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(authenticated(binding));
  const content = JSON.stringify([
    cursor.direction === 'next' ? 1 : 0,
    cursor.position?.key ?? null,
    cursor.position?.id ?? NOWHERE,
    cursor.count,
    cursor.totalResults,
    expiresAt,
    digest(binding.queryText),
  ]);
  // Base64url has unreserved characters of RFC 3986 only, as RFC 9865 wants.
  return Buffer.concat([nonce, cipher.update(content, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
    'base64url',
  );
}

/**
 * @param count what the client states, undefined when it states none
 * @throws InvalidCursor, ExpiredCursor, InvalidCount
 */
export function openCursor(
  key: Buffer,
  binding: CursorBinding,
  text: string,
  count: number | undefined,
  now: number,
): Cursor {
  const [next, sortKey, id, sealedCount, totalResults, expiresAt, query] = unseal(key, binding, text);
  if (query !== digest(binding.queryText))
    throw new InvalidCursor(
      'cursor belongs to another query: wanted the filter, sortBy, sortOrder and path of the first page; start again without a value for cursor',
    );
  if (now >= expiresAt)
    throw new ExpiredCursor('cursor has expired: wanted a younger one; start again without a value for cursor');
  if (count !== undefined && count !== sealedCount)
    throw new InvalidCount(`count: got ${count}, wanted ${sealedCount} as on the first page, or none`);
  return {
    direction: next === 1 ? 'next' : 'previous',
    position: id === NOWHERE ? undefined : { key: sortKey, id },
    count: sealedCount,
    totalResults,
  };
}

type Content = [
  next: number,
  key: string | number | null,
  id: string,
  count: number,
  totalResults: number,
  expiresAt: number,
  query: string,
];

function unseal(key: Buffer, binding: CursorBinding, text: string): Content {
  try {
    const bytes = Buffer.from(text, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE), { authTagLength: TAG })
      .setAAD(authenticated(binding))
      .setAuthTag(bytes.subarray(-TAG));
    const content = Buffer.concat([decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()]);
    return JSON.parse(content.toString('utf8')) as Content;
  } catch {
    // All that is not authentic looks the same from outside.
    throw new InvalidCursor(
      'cursor was not issued here for this token: wanted nextCursor or previousCursor of an answer; start again without a value for cursor',
    );
  }
}

function authenticated({ app, subject }: CursorBinding): Buffer {
  return Buffer.from(JSON.stringify(['cursor', app, subject]));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
