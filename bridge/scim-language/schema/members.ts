/** Reads member values of a group (RFC 7643 §4.2), in linear time whatever their number. */
import { type Leniency } from '../dialects/dialect';
import { invalidValue } from '../errors';
import { type Json, isJsonObject } from '../json';
import { type Attribute } from './attribute';
import { normalizeSingle } from './value';
import { isUnassigned } from './statement';

/** A member as a request states it. Whether it exists, and its type when unstated, is for the store to find. */
export interface MemberValue {
  readonly value: string;
  /** `User` or `Group`, as stated or as `$ref` tells. */
  readonly type?: 'User' | 'Group';
  readonly display?: string;
}

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
): MemberValue[] {
  if (isUnassigned(value)) return [];
  const members = new Map<string, MemberValue>();
  const items = Array.isArray(value) ? value : [value];
  items.forEach((item, index) => {
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
  });
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
