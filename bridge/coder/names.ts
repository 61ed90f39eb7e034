/**
 * Names by Coder's rules (`codersdk/name.go`), derived from what an identity provider sends. Pure and deterministic: the
 * same person has the same candidates in the same order, so that a repetition finds what the first try made.
 */
import { createHash } from 'node:crypto';
import { identityKey } from '../contract/identity';

/** System user that owns prebuilt workspaces: Coder accepts it in groups and organizations; the bridge never touches it. */
export const PREBUILDS_USER_ID = 'c42fdf75-3097-471c-8c33-fb52454d81c0';
/** Group that Coder keeps for prebuilt workspaces. */
export const PREBUILDS_GROUP = 'coderprebuiltworkspaces';

const NAME = /^[a-zA-Z0-9]+(?:-[a-zA-Z0-9]+)*$/;
const HEX_ID = /^[0-9a-f]{32}$/i;
/** Refused by Coder (`new`, `create`), or accepted and then never addressable by name (`me`). */
const RESERVED = new Set(['new', 'create', 'me']);
const RESERVED_GROUPS = new Set(['everyone', PREBUILDS_GROUP]);
const USERNAME_LENGTH = 32;
const GROUP_NAME_LENGTH = 255;
const DISPLAY_NAME_BYTES = 64;
const REAL_NAME_BYTES = 128;

/** Letters that do not come apart into a base letter and marks. */
const LATIN: Readonly<Record<string, string>> = {
  ß: 'ss',
  ẞ: 'SS',
  æ: 'ae',
  Æ: 'AE',
  œ: 'oe',
  Œ: 'OE',
  ø: 'o',
  Ø: 'O',
  đ: 'd',
  Đ: 'D',
  ð: 'd',
  Ð: 'D',
  þ: 'th',
  Þ: 'TH',
  ł: 'l',
  Ł: 'L',
  ı: 'i',
  ħ: 'h',
  Ħ: 'H',
  ŋ: 'n',
  Ŋ: 'N',
};

/** Whether Coder takes this as a username and can find the account by it afterwards. */
export function isUsername(name: string): boolean {
  return name.length <= USERNAME_LENGTH && NAME.test(name) && !RESERVED.has(identityKey(name)) && !HEX_ID.test(name);
}

/** Whether a group may have this name: Coder's rule, and none of the names that Coder uses itself. */
export function isGroupName(name: string): boolean {
  const folded = identityKey(name);
  return (
    name.length <= GROUP_NAME_LENGTH &&
    NAME.test(name) &&
    folded !== 'new' &&
    folded !== 'create' &&
    !RESERVED_GROUPS.has(folded)
  );
}

/** ASCII as far as it goes: accents are dropped, ligatures spelled out; `lost` when letters had no counterpart. */
function transliterate(text: string): { readonly ascii: string; readonly lost: boolean } {
  const spelled = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\x00-\x7f]/gu, letter => LATIN[letter] ?? letter); // eslint-disable-line no-control-regex
  const lost = /[^\x00-\x7f]/u.test(spelled.replace(/[\p{P}\p{S}\p{Z}]/gu, '')); // eslint-disable-line no-control-regex
  return { ascii: spelled.replace(/[^\x20-\x7e]/g, ' '), lost };
}

/** Hex digits that stand for this text, always the same. */
function digest(text: string, length: number): string {
  return createHash('sha256').update(text, 'utf8').digest('hex').slice(0, length);
}

/** Single hyphens, none at either end, not longer than this. */
function tidy(name: string, length: number): string {
  return name.replace(/-{2,}/g, '-').replace(/^-/, '').slice(0, length).replace(/-$/, '');
}

function withSuffix(name: string, suffix: string, length: number, fallback: string): string {
  return `${tidy(name, length - suffix.length - 1) || fallback}-${suffix}`;
}

/**
 * Usernames for a person, best first; the caller takes the first one that is free. A valid userName stays as it is; an
 * e-mail loses its domain, and what Coder refuses is left out, as Coder itself does at a sign-in (`a.b_c@example.com` is
 * `abc`). Where that would lose letters or length, or meet a reserved word, a part of the digest of `key` is added.
 * @param source.userName as the directory states it
 * @param source.email used when nothing is left of the userName
 * @param source.key what stays the same for this person: the SCIM id
 */
export function deriveUsernames(source: {
  readonly userName: string;
  readonly email?: string | undefined;
  readonly key: string;
}): string[] {
  const suffixed = (base: string, length: number): string =>
    withSuffix(base, digest(source.key, length), USERNAME_LENGTH, 'user');
  const { name, exact } = usernameBase(source.userName, source.email);
  const candidates = [
    ...(exact && isUsername(name) ? [name] : []),
    suffixed(name, 4),
    suffixed(name, 8),
    suffixed('', 24),
  ];
  return [...new Set(candidates)].filter(isUsername);
}

function usernameBase(userName: string, email: string | undefined): { name: string; exact: boolean } {
  if (isUsername(userName)) return { name: userName, exact: true };
  for (const text of [userName, email ?? '']) {
    const at = text.lastIndexOf('@');
    const { ascii, lost } = transliterate(at > 0 ? text.slice(0, at) : text);
    const kept = ascii.replace(/[^a-zA-Z0-9-]/g, '');
    const name = tidy(kept, USERNAME_LENGTH);
    if (name !== '') return { name, exact: !lost && isUsername(name) && kept.length <= USERNAME_LENGTH };
  }
  return { name: '', exact: false };
}

/**
 * Names for a Coder group, best first; the caller takes the first one that is free. What Coder refuses becomes hyphens
 * (`Platform / EU` is `Platform-EU`), case is kept.
 * @param source.displayName as the directory states it
 * @param source.key what stays the same for this group: the SCIM id
 */
export function deriveGroupNames(source: { readonly displayName: string; readonly key: string }): string[] {
  const { ascii, lost } = transliterate(source.displayName.trim());
  const hyphenated = ascii.replace(/['\u2019]/g, '').replace(/[^a-zA-Z0-9]+/g, '-');
  const name = tidy(hyphenated, GROUP_NAME_LENGTH);
  const exact = !lost && name !== '' && hyphenated.length <= GROUP_NAME_LENGTH + 1 && isGroupName(name);
  const suffixed = (length: number): string => withSuffix(name, digest(source.key, length), GROUP_NAME_LENGTH, 'group');
  return [...new Set([...(exact ? [name] : []), suffixed(4), suffixed(8), suffixed(24)])].filter(isGroupName);
}

/** The text on one line, without space at its ends, cut between characters so that it fits in so many bytes. */
function fit(text: string, bytes: number): string {
  const line = text
    .normalize('NFC')
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/\p{Cs}/gu, '\ufffd')
    .trim();
  if (Buffer.byteLength(line) <= bytes) return line;
  let fitted = '';
  let used = 0;
  for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(line)) {
    used += Buffer.byteLength(segment);
    if (used > bytes) break;
    fitted += segment;
  }
  return fitted.trim();
}

/** A person's name as Coder takes it: at most 128 bytes, no space at either end; empty when nothing is left. */
export function cleanRealName(name: string): string {
  return fit(name, REAL_NAME_BYTES);
}

/** A display name of a group as Coder takes it: at most 64 bytes, one line, no space at either end; may be empty. */
export function cleanDisplayName(name: string): string {
  return fit(name, DISPLAY_NAME_BYTES);
}
