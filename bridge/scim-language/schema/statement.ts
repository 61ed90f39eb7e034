/** What a value states before it is checked: nothing at all, one thing as a list, or sub-attributes by name. Pure. */
import { type Leniency, coerces } from '../dialects/dialect';
import { invalidSyntax } from '../errors';
import { type Json, type JsonObject, isJsonObject } from '../json';
import { type Attribute } from './attribute';
import { describe, unknownAttribute, wrongType } from './describe';
import { namesAccess } from './unknown';

/** Whether a value means that there is none: `null` or `[]` (RFC 7643 §2.5). */
export function isUnassigned(value: Json | undefined): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

/** Whether a value of a single-valued attribute, or of an element, means that there is none. */
export function statesNothing(attribute: Attribute, value: Json | undefined, leniency: Leniency): boolean {
  return isUnassigned(value) || (value === '' && isEmptyText(attribute, leniency));
}

/** Whether `""` means that the attribute has no value: of text it does; of an object only in a dialect; of a boolean never. */
function isEmptyText(attribute: Attribute, leniency: Leniency): boolean {
  switch (attribute.type) {
    case 'boolean':
    case 'integer':
    case 'decimal':
      return false;
    case 'complex':
      return !attribute.multiValued && !attribute.extension && coerces(leniency, 'emptyStrings', attribute.path);
    default:
      return true;
  }
}

/** Whether a list stands for its only element, in a dialect that sends single values so. */
export function isListOfOne(attribute: Attribute, value: readonly Json[], leniency: Leniency): boolean {
  const [only] = value;
  return (
    value.length === 1 &&
    !attribute.multiValued &&
    !isUnassigned(only) &&
    coerces(leniency, 'listOfOne', attribute.path)
  );
}

/**
 * What an object states of the sub-attributes of a complex attribute, by attribute; in a dialect, also what a bare string or a
 * list of one states.
 */
export function readStatements(
  attribute: Attribute,
  value: Json,
  leniency: Leniency,
  where: string,
): Map<Attribute, Json> {
  if (
    typeof value === 'string' &&
    value !== '' &&
    attribute.children.has('value') &&
    coerces(leniency, 'bareValues', attribute.path)
  ) {
    return readStatements(attribute, { value }, leniency, where);
  }
  if (Array.isArray(value) && isListOfOne(attribute, value, leniency)) {
    return readStatements(attribute, value[0] ?? null, leniency, where);
  }
  if (!isJsonObject(value)) throw wrongType(attribute, where, value, describe(attribute));
  // An object that states nothing is neither null nor left out (RFC 7643 §2.5): taken for either, it would be a guess.
  const empty = Object.keys(value).length === 0;
  if (empty && (attribute.multiValued || !coerces(leniency, 'emptyObjects', attribute.path)))
    throw wrongType(attribute, where, value, `${describe(attribute)}, at least one of them, or null for no value`);
  const given = new Map<Attribute, Json>();
  for (const [key, item] of Object.entries(value)) {
    const child = findSubAttribute(attribute, key, value, leniency, where);
    if (child === undefined) continue;
    if (given.has(child)) throw invalidSyntax(where, `${child.name} twice, in different case`, 'each attribute once');
    given.set(child, item);
  }
  return given;
}

/** What the names of a role as an object stand for. */
const ROLE_OBJECT: Readonly<Record<string, string | undefined>> = { id: 'value', displayname: 'display' };

function findSubAttribute(
  attribute: Attribute,
  key: string,
  value: JsonObject,
  leniency: Leniency,
  where: string,
): Attribute | undefined {
  const lower = key.toLowerCase();
  const child = attribute.children.get(lower);
  if (child !== undefined && !child.element) return child;
  if (
    lower === 'managerid' &&
    attribute.name === 'manager' &&
    value.value === undefined &&
    coerces(leniency, 'managerId', attribute.path)
  ) {
    return attribute.children.get('value');
  }
  const role = attribute.path === 'roles' ? ROLE_OBJECT[lower] : undefined;
  if (role !== undefined && coerces(leniency, 'roleObjects', attribute.path))
    return value[role] === undefined ? attribute.children.get(role) : undefined;
  if (!namesAccess(key) && coerces(leniency, 'unknownAttributes', `${attribute.path}.${key}`.slice(0, 100)))
    return undefined;
  throw unknownAttribute(`${where}.${key}`, [...attribute.children.values()]);
}
