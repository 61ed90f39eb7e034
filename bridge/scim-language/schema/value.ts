/**
 * Checks a value against its attribute and gives its canonical form (RFC 7643 §2.3): names in the schema's spelling, dateTime in
 * UTC, canonical values in their spelling. `null` and `[]` are unassigned (§2.5), and so is the empty text of an attribute that is
 * text; none of them is kept. An empty text, object or element where something else is wanted is a mistake, and says nothing.
 */
import { type Leniency, coerces } from '../dialects/dialect';
import { invalidValue, missingValue } from '../errors';
import { type Json, type JsonObject, emptyObject, isJsonObject } from '../json';
import { type Attribute } from './attribute';
import { canonicalDateTime } from './date-time';
import { describe, wrongType } from './describe';
import { elementIdentity } from './equal';
import { fold } from './fold';
import { isListOfOne, isUnassigned, readStatements, statesNothing } from './statement';

/**
 * The canonical form of a value of the attribute, or nothing when it is unassigned. A multi-valued attribute takes a list. What is
 * readOnly within a complex value is ignored (RFC 7644 §3.5.1).
 * @param where name of the value in error texts
 * @throws ScimError invalidValue or invalidSyntax
 */
export function normalizeValue(
  attribute: Attribute,
  value: Json,
  leniency: Leniency = {},
  where = attribute.path,
): Json | undefined {
  if (!attribute.multiValued) return normalizeSingle(attribute, value, leniency, where);
  if (isUnassigned(value)) return undefined;
  if (!Array.isArray(value)) throw wrongType(attribute, where, value, 'a list');
  return normalizeList(attribute, value, leniency, where);
}

/**
 * The canonical form of the elements of a multi-valued attribute, without doubles. Refuses a second `primary: true`, and an element
 * that states nothing: taken for none, it would empty the list.
 */
export function normalizeList(
  attribute: Attribute,
  value: readonly Json[],
  leniency: Leniency,
  where: string,
): Json[] | undefined {
  const elements: Json[] = [];
  const seen = new Map<string, number>();
  let primary: number | undefined;
  value.forEach((item, index) => {
    const element = normalizeElement(attribute, item, leniency, `${where}[${index}]`);
    if (element === undefined) return;
    if (isJsonObject(element) && element.primary === true) {
      if (
        primary !== undefined &&
        elementIdentity(attribute, elements[primary] ?? null) !== elementIdentity(attribute, element)
      )
        throw invalidValue(`${where}[${index}].primary`, true, `true at most once; another element has it already`);
      primary ??= elements.length;
    }
    const identity = elementIdentity(attribute, element);
    const double = seen.get(identity);
    if (double === undefined) {
      seen.set(identity, elements.length);
      elements.push(element);
    } else {
      const first = elements[double];
      elements[double] = isJsonObject(first) && isJsonObject(element) ? mergeDouble(first, element) : element;
    }
  });
  return elements.length === 0 ? undefined : elements;
}

/** Two statements of one element as one: what either marks as primary stays so. */
export function mergeDouble(first: JsonObject, second: JsonObject): JsonObject {
  const merged = merge(first, second);
  return first.primary === true || second.primary === true ? merge(merged, { primary: true }) : merged;
}

/**
 * The canonical form of an element, which has to state something.
 * @returns undefined only in a dialect with `emptyElements`, for an element that holds nothing but empty texts
 */
function normalizeElement(attribute: Attribute, item: Json, leniency: Leniency, where: string): Json | undefined {
  const element = item === '' ? undefined : normalizeSingle(attribute, item, leniency, where);
  if (element !== undefined || (holdsEmptyText(item) && coerces(leniency, 'emptyElements', attribute.path)))
    return element;
  throw wrongType(attribute, where, item, describe(attribute));
}

function holdsEmptyText(item: Json): boolean {
  return isJsonObject(item) && Object.values(item).some(value => value === '');
}

/** The canonical form of one value: of a single-valued attribute, or of an element of a multi-valued one. */
export function normalizeSingle(
  attribute: Attribute,
  value: Json,
  leniency: Leniency,
  where = attribute.path,
): Json | undefined {
  if (statesNothing(attribute, value, leniency)) return undefined;
  if (Array.isArray(value)) {
    const [only = null] = value;
    if (isListOfOne(attribute, value, leniency)) return normalizeSingle(attribute, only, leniency, where);
    throw wrongType(attribute, where, value, describe(attribute));
  }
  switch (attribute.type) {
    case 'complex':
      return normalizeComplex(attribute, value, leniency, where);
    case 'boolean':
      return normalizeBoolean(attribute, value, leniency, where);
    case 'integer':
      if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
      break;
    case 'decimal':
      if (typeof value === 'number') return value;
      break;
    case 'string':
      if (typeof value === 'string' && !(attribute.required && value.trim() === ''))
        return canonicalSpelling(attribute, value);
      break;
    case 'dateTime': {
      const canonical = typeof value === 'string' ? canonicalDateTime(value) : undefined;
      if (canonical !== undefined) return canonical;
      break;
    }
    case 'binary':
      if (typeof value === 'string' && isBase64(value)) return value;
      break;
    case 'reference':
      if (typeof value === 'string' && isReference(value)) return value;
      break;
  }
  throw wrongType(attribute, where, value, describe(attribute));
}

/** Reads a boolean, in a dialect with `booleanStrings` also from its name in any case. */
export function readBoolean(value: Json, leniency: Leniency, where: string): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string' || !/^(?:true|false)$/i.test(value)) return undefined;
  return coerces(leniency, 'booleanStrings', where) ? value.toLowerCase() === 'true' : undefined;
}

function normalizeBoolean(attribute: Attribute, value: Json, leniency: Leniency, where: string): boolean {
  const read = readBoolean(value, leniency, attribute.path);
  if (read === undefined) throw wrongType(attribute, where, value, describe(attribute));
  return read;
}

function normalizeComplex(
  attribute: Attribute,
  value: Json,
  leniency: Leniency,
  where: string,
): JsonObject | undefined {
  const given = readStatements(attribute, value, leniency, where);
  const complex = emptyObject();
  let empty = true;
  for (const child of attribute.children.values()) {
    const item = given.get(child);
    const stated =
      item === undefined || child.mutability === 'readOnly'
        ? undefined
        : normalizeValue(child, item, leniency, `${where}.${child.name}`);
    if (stated !== undefined) {
      complex[child.name] = stated;
      empty = false;
    }
  }
  if (empty) return undefined;
  if (!attribute.multiValued) settleReference(complex);
  for (const child of attribute.children.values()) {
    if (child.required && complex[child.name] === undefined)
      throw missingValue(`${where}.${child.name}`, describe(child));
  }
  return complex;
}

/** A single-valued reference, such as `manager`, is kept by its identifier alone; `$ref` follows from that when it is rendered. */
function settleReference(complex: JsonObject): void {
  if (typeof complex.$ref !== 'string') return;
  const segment = lastSegment(complex.$ref);
  complex.value ??= segment === '' ? complex.$ref : decodeSegment(segment);
  delete complex.$ref;
}

/** What follows the last slash, but for slashes at the end: however many they are, each is looked at once. */
function lastSegment(path: string): string {
  let end = path.length;
  while (path.charAt(end - 1) === '/') end -= 1;
  return path.slice(path.lastIndexOf('/', end - 1) + 1, end);
}

/** A part of a path without its percent signs; as it is where they are no encoding. */
export function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Lays the second object over the first; neither is changed. */
export function merge(first: JsonObject, second: JsonObject): JsonObject {
  return Object.assign(emptyObject(), first, second);
}

function canonicalSpelling(attribute: Attribute, value: string): string {
  if (attribute.canonicalValues === undefined || attribute.caseExact) return value;
  const folded = fold(value);
  return attribute.canonicalValues.find(canonical => fold(canonical) === folded) ?? value;
}

function isBase64(value: string): boolean {
  return (
    /^[A-Za-z0-9+/]*$|^[A-Za-z0-9_-]*$/.test(value.replace(/={1,2}$/, '')) &&
    value.replace(/={1,2}$/, '').length % 4 !== 1
  );
}

/** A URI or a relative reference, which SCIM allows: anything without the characters that RFC 3986 never has. */
function isReference(value: string): boolean {
  // eslint-disable-next-line no-control-regex
  return !/[\u0000-\u0020<>"{}|\\^`]/.test(value);
}
