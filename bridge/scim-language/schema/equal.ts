/** When two normalised values are the same. */
import { type Json, isJsonObject } from '../json';
import { type Attribute } from './attribute';
import { fold } from './fold';

/** Whether two JSON values are the same, whatever the order of keys. Lists are the same in the same order only. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every(key => Object.hasOwn(b, key) && sameJson(a[key], b[key]));
}

/**
 * What makes an element of a list itself: for a complex one with a `value`, that and its `type` (RFC 7643 §2.4: no such pair twice);
 * else all of it. Equal identities are equal strings.
 */
export function elementIdentity(attribute: Attribute, element: Json): string {
  const value = attribute.children.get('value');
  if (value === undefined || value.element) return identity(attribute, element);
  if (!isJsonObject(element) || element.value === undefined) return `*${stable(element)}`;
  const type = attribute.children.get('type');
  return JSON.stringify([
    identity(value, element.value),
    type === undefined || element.type === undefined ? null : identity(type, element.type),
  ]);
}

function identity(attribute: Attribute, value: Json): string {
  return typeof value === 'string' && !attribute.caseExact ? `"${fold(value)}` : stable(value);
}

/** JSON text with the keys in order. */
function stable(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(stable).join()}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  return `{${Object.keys(value)
    .sort()
    .map(key => `${JSON.stringify(key)}:${stable(value[key] ?? null)}`)
    .join()}}`;
}
