/**
 * What no schema of a resource defines, and whether a dialect may drop it (RFC 7644 §3.3). What names an attribute of ours in another
 * spelling is no custom attribute: dropped, it would be a success that changes nothing, and a leaver with access. Pure.
 */
import { type Dialect, type Leniency, coerces } from '../dialects/dialect';
import { type Json, isJsonObject } from '../json';
import { findAttribute } from './look-up';
import { type ResourceType } from './resource-type';

/** The attributes that decide who has access, by themselves or as a part of a name: `user.active`, `urn:…:User.active`, `/members`. */
const ACCESS = /(?:^|[^a-z0-9])(active|member)s?(?:$|[^a-z0-9])/i;

/**
 * One word, whoever wrote the words of it together: `isActive`, `userIsActive`, `GROUPMEMBERS`. What stands in front says whose access it
 * is; other words make another thing of it, which administrators do map: `inactive`, `lastActive`, `mfaActive`, `isBoardMember`.
 */
const JOINED = /^(?:is|current|user|id|account|person|employee|group)+(active|member)s?$/i;

/** Whether a name speaks of who has access, however it is written. */
export function namesAccess(name: string, attribute?: 'active' | 'members'): boolean {
  const found = accessIn(name);
  return found !== undefined && (attribute === undefined || attribute.startsWith(found));
}

function accessIn(name: string): string | undefined {
  if (!/active|member/i.test(name)) return undefined;
  const plain = ACCESS.exec(name)?.[1];
  if (plain !== undefined) return plain.toLowerCase();
  for (const part of name.split(/[^a-z0-9]+/i)) {
    const joined = JOINED.exec(part)?.[1];
    if (joined !== undefined) return joined.toLowerCase();
  }
  return undefined;
}

// Every spelling that some dialect understands names one of our attributes.
const anySpelling: Dialect = {
  name: 'any spelling',
  coercions: (['misspeltUrns', 'scim11Urns', 'flatExtension'] as const).map(coercion => ({
    coercion,
    description: 'for recognition alone',
    fixture: '',
  })),
  userPatchAnswer: 200,
  groupPatchAnswer: 204,
};

const URN = /^urn:/i;
const OURS = /^urn:(?:ietf:params:)?scim:schemas:(?:core|extension:enterprise):/i;

/** The schema of the resource itself, in any spelling: below it stands whatever a resource states. */
const CORE = /^urn:(?:ietf:params:)?scim:schemas:core:?\d\.\d:?(?:user|group)?$/i;

const statesNothing = (value: Json | undefined): boolean =>
  value === null || (typeof value === 'object' && Object.keys(value).length === 0);

/** What a text holds that is JSON. */
function jsonIn(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** How deep it is looked for. */
const DEEPEST = 3;

/** How deep a text may nest to be looked into at all: as deep as a body. */
const DEEPEST_TEXT = 32;

/** Whether brackets outside of texts stand in so many others; read without a stack, as a text may be all brackets. */
function nestsDeeper(text: string, most: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if (quoted) {
      if (sign === '\\') at += 1;
      else if (sign === '"') quoted = false;
    } else if (sign === '"') quoted = true;
    else if (sign === '[' || sign === '{') {
      depth += 1;
      if (depth > most) return true;
    } else if (sign === ']' || sign === '}') depth -= 1;
  }
  return false;
}

/** Whether a text is JSON that speaks of who has access. What nests too deep to be looked into may. */
function holdsAccess(name: string, text: string, depth: number): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  return nestsDeeper(text, DEEPEST_TEXT) || wrapsAccess(name, jsonIn(text), depth);
}

/** Whether what stands below a name speaks of who has access: `{"user": {"active": false}}`. A custom extension may have attributes of any name. */
function wrapsAccess(name: string, value: Json | undefined, depth = 1): boolean {
  if (value === undefined || (URN.test(name) && !OURS.test(name))) return false;
  if (Array.isArray(value)) return value.some(item => wrapsAccess(name, item, depth));
  if (typeof value === 'string') return holdsAccess(name, value, depth);
  if (!isJsonObject(value) || depth > DEEPEST) return false;
  return Object.entries(value).some(([key, below]) => namesAccess(key) || wrapsAccess(key, below, depth + 1));
}

/**
 * Whether an unknown top-level name, or the unknown path of a PATCH, is dropped, and counted.
 * @param value what is stated of it; undefined where that is not known yet
 */
export function dropsUnknown(type: ResourceType, name: string, value: Json | undefined, leniency: Leniency): boolean {
  if (namesAccess(name) || wrapsAccess(name, value)) return false;
  if (CORE.test(name.trim()) && !statesNothing(value)) return false;
  if (findAttribute(type, name.trim(), { dialect: anySpelling }) !== undefined) return false;
  return coerces(leniency, 'unknownAttributes', name.slice(0, 100));
}
