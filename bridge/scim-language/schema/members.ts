/** Reads member values of a group (RFC 7643 §4.2), in linear time whatever their number. */
import { type Coercion, type Leniency, type MembersAhead } from '../dialects/dialect';
import { invalidValue } from '../errors';
import { type Json, isJsonObject } from '../json';
import { type Attribute } from './attribute';
import { type MemberValue } from './member-value';
import { normalizeSingle } from './value';
import { isUnassigned } from './statement';
import { type Steps, complete } from '../steps';

/**
 * The members that a value states, each once; the last statement about one counts. A single object is a list of one; `null` and `[]`
 * are no members, and nothing else is: no dialect reads a mistake as an empty group.
 * @throws ScimError invalidValue when an element lacks `value`
 */
export function readMembers(
  attribute: Attribute,
  value: Json,
  leniency: Leniency,
  where = attribute.path,
): readonly MemberValue[] {
  if (isUnassigned(value)) return [];
  return leniency.ahead?.get(value)?.(leniency) ?? complete(readingMembers(attribute, value, leniency, where));
}

/** Members of one step; a list that is no longer is read when it is asked for. */
export const MEMBERS_OF_STEP = 1_000;

/**
 * Reads the long lists of members that a body may hold, in steps, so that nobody has to read them at once later. Lists that turn out to be
 * something else are nobody's loss.
 */
export function* readingMembersAhead(attribute: Attribute, body: Json, leniency: Leniency): Steps<MembersAhead> {
  const ahead = new Map<Json, (asked: Leniency) => readonly MemberValue[]>();
  for (const list of longLists(body, DEEPEST)) {
    const counted: [Coercion, string][] = [];
    const own: Leniency = { ...leniency, counted: (coercion, where) => void counted.push([coercion, where]) };
    let members: readonly MemberValue[] = [];
    let failure: { readonly error: unknown } | undefined;
    try {
      members = yield* readingMembers(attribute, list, own, attribute.path);
    } catch (error) {
      failure = { error };
    }
    ahead.set(list, asked => {
      for (const [coercion, where] of counted) asked.counted?.(coercion, where);
      if (failure !== undefined) throw failure.error;
      return members;
    });
  }
  return ahead;
}

/** `Operations`, one of them, its `value`, and `members` in that. */
const DEEPEST = 4;

function longLists(value: Json, depth: number): Json[][] {
  if (Array.isArray(value)) {
    if (value.length > MEMBERS_OF_STEP) return [value];
    return depth === 0 ? [] : value.flatMap(item => longLists(item, depth - 1));
  }
  if (!isJsonObject(value) || depth === 0) return [];
  return Object.values(value).flatMap(item => longLists(item, depth - 1));
}

function* readingMembers(
  attribute: Attribute,
  value: Json,
  leniency: Leniency,
  where: string,
): Steps<readonly MemberValue[]> {
  const members = new Map<string, MemberValue>();
  const items = Array.isArray(value) ? value : [value];
  for (const [index, item] of items.entries()) {
    if (index % MEMBERS_OF_STEP === MEMBERS_OF_STEP - 1) yield;
    const place = `${where}[${index}]`;
    const element = normalizeSingle(attribute, item, leniency, place);
    if (!isJsonObject(element) || typeof element.value !== 'string')
      throw invalidValue(place, item, 'an object with the id of a member as value');
    const type = memberType(element.type ?? referencedType(element.$ref), place);
    members.set(element.value, {
      value: element.value,
      ...(type === undefined ? {} : { type }),
      ...(typeof element.display === 'string' ? { display: element.display } : {}),
    });
  }
  return [...members.values()];
}

function referencedType(reference: Json | undefined): string | undefined {
  if (typeof reference !== 'string') return undefined;
  const endpoint = /(?:^|\/)(Users|Groups)\/[^/]+\/?$/i.exec(reference)?.[1];
  return endpoint === undefined ? undefined : endpoint.toLowerCase() === 'users' ? 'User' : 'Group';
}

function memberType(type: Json | undefined, where: string): 'User' | 'Group' | undefined {
  if (type === undefined || type === 'User' || type === 'Group') return type;
  throw invalidValue(`${where}.type`, type, '"User" or "Group"');
}
