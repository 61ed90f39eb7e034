/** What Coder accepts as a name, and how it derives one. Pure. */
import { type Chance } from './chance';
import { bytesOf, trimSpace } from './letters';

const WORD = /^[a-zA-Z0-9]+(?:-[a-zA-Z0-9]+)*$/;
const DISPLAY_NAME = /^[^\t\n\f\r ](?:[^\n]*[^\t\n\f\r ])?$/;
const RESERVED = new Set(['new', 'create']);
const UUID = /^(?:urn:uuid:)?\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?$/i;
/** Beyond ASCII the server's pattern takes nearly all of the basic plane, a no-break and a zero width space included. */
const BEYOND = '\\u00a0-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\uffef';
const ATOM = `[a-zA-Z\\d!#$%&'*+\\-/=?^_\`{|}~${BEYOND}]+`;
const EMAIL_LOCAL = new RegExp(`^(?:"(?:[^"\\\\\\r\\n]|\\\\.)+"|${ATOM}(?:\\.${ATOM})*)$`);
const LETTER = `[a-zA-Z${BEYOND}]`;
const ALPHANUMERIC = `[a-zA-Z\\d${BEYOND}]`;
const MIDDLE = `[a-zA-Z\\d~${BEYOND}-]*`;
const EMAIL_DOMAIN = new RegExp(
  `^(?:${ALPHANUMERIC}(?:${MIDDLE}${ALPHANUMERIC})?\\.)+${LETTER}(?:${MIDDLE}${LETTER})?$`,
);

export const NIL_UUID = '00000000-0000-0000-0000-000000000000';

function isWord(value: string, longest: number): boolean {
  return value.length >= 1 && value.length <= longest && WORD.test(value) && !RESERVED.has(value);
}

/** Usernames, organization names and custom role names. */
export function isUsername(value: string): boolean {
  return isWord(value, 32);
}

export function isGroupName(value: string): boolean {
  return isWord(value, 255);
}

/** Display names of groups and organizations: 64 bytes, may be empty, no ASCII space at either end, no line break. */
export function isDisplayName(value: string): boolean {
  return value === '' || (bytesOf(value) <= 64 && DISPLAY_NAME.test(value));
}

/** Names of people: 128 bytes, no space of any kind at either end. */
export function isRealName(value: string): boolean {
  return bytesOf(value) <= 128 && trimSpace(value) === value;
}

export function isEmail(value: string): boolean {
  const at = value.lastIndexOf('@');
  return at > 0 && EMAIL_LOCAL.test(value.slice(0, at)) && EMAIL_DOMAIN.test(value.slice(at + 1));
}

/** The canonical form of what Go's `uuid.Parse` accepts (with or without hyphens), or undefined. */
export function parseUuid(value: string): string | undefined {
  const parts = UUID.exec(value);
  return parts ? parts.slice(1).join('-').toLowerCase() : undefined;
}

/** How a sign-in makes a username of a claim: as is, else what is left before the last `@`, else a random word. */
export function usernameFrom(claim: string, chance: Chance): string {
  if (isUsername(claim)) return claim;
  const at = claim.lastIndexOf('@');
  const rest = (at === -1 ? claim : claim.slice(0, at)).replace(/[^a-zA-Z0-9-]/g, '');
  return isUsername(rest) ? rest : `person-${chance.word(6)}`;
}

/** The password rule is an entropy estimate on the server; this keeps its verdict for the plain cases. */
export function isStrongPassword(value: string): boolean {
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/].filter(kind => kind.test(value)).length;
  return value.length <= 64 && value.length >= (kinds >= 3 ? 8 : 12);
}
