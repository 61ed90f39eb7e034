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

/** Whether what stands below a name speaks of who has access: `{"user": {"active": false}}`. A custom extension may have attributes of any name. */
function wrapsAccess(name: string, value: Json | undefined, depth = 1): boolean {
  if (value === undefined || (URN.test(name) && !OURS.test(name))) return false;
  if (Array.isArray(value)) return value.some(item => wrapsAccess(name, item, depth));
  if (typeof value === 'string') return /^\s*[[{]/.test(value) && wrapsAccess(name, jsonIn(value), depth);
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
