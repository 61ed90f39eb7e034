/**
 * The text of what SCIM clients show: `<prefix>_<id>_<secret>_<checksum>`. The prefix lets people and secret scanners recognise
 * one, the checksum tells a truncated paste from a wrong secret, the id may be logged. Only the digest is ever kept.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { PREFIXES, type SecretKind } from '../../contract/secret-shapes';

/** What each admin credential begins with. */
export const ADMIN_TOKEN_PREFIX = PREFIXES.admin;

const ID_BYTES = 6;
const SECRET_BYTES = 32;
const SECRET = /^([a-z]+)_([0-9a-f]{12})_[0-9a-f]{64}_([0-9a-f]{8})$/;

/** A secret that was just made. `text` is shown once and never kept. */
export interface MintedSecret {
  readonly id: string;
  readonly text: string;
  /** `sha256:` and 64 hex digits, as the mapping state takes it. */
  readonly digest: string;
}

/** A token that was just made. `token` is shown once and never kept; `digest` goes into the declaration. */
export interface MintedToken {
  readonly id: string;
  readonly token: string;
  /** `sha256:` and 64 hex digits, as `ScimToken` and the mapping state take it. */
  readonly digest: string;
}

/** Makes a secret with 256 random bits. */
export function mintSecret(kind: SecretKind): MintedSecret {
  const { id, token, digest } = mint(PREFIXES[kind]);
  return { id, text: token, digest };
}

/** Makes a token with 256 random bits. @param prefix what it begins with: an admin credential is no SCIM token */
export function mintToken(prefix: typeof PREFIXES.token | typeof ADMIN_TOKEN_PREFIX = PREFIXES.token): MintedToken {
  return mint(prefix);
}

function mint(prefix: string): MintedToken {
  const id = randomBytes(ID_BYTES).toString('hex');
  const body = `${prefix}_${id}_${randomBytes(SECRET_BYTES).toString('hex')}`;
  const token = `${body}_${checksum(body)}`;
  return { id, token, digest: digestOf(token) };
}

/** Kind and public id of a secret; undefined when the text is none, or was cut or mistyped. */
export function readSecret(text: string): { readonly kind: SecretKind; readonly id: string } | undefined {
  const [, prefix, id = '', stated] = SECRET.exec(text) ?? [];
  const kind = (Object.keys(PREFIXES) as SecretKind[]).find(known => PREFIXES[known] === prefix);
  if (kind === undefined || checksum(text.slice(0, text.lastIndexOf('_'))) !== stated) return undefined;
  return { kind, id };
}

/** SHA-256 of the whole text as `sha256:<hex>`. */
export function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text, 'utf8').digest('hex')}`;
}

/** Compares two digests in constant time; digests of different form never match. */
export function sameDigest(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** CRC-32 (IEEE 802.3) in 8 hex digits. */
function checksum(text: string): string {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(text, 'utf8')) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0');
}
