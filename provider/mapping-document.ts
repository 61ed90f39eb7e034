/** A resource's values as a mapping state, and back; a place in the one as a place in the other. Pure. */
import { MAPPING_STATE_VERSION, type MappingState, type MappingStateInput } from '../bridge/contract/mapping-state';
import { mappingAttributes, toAttributeName, toDocumentKey } from './mapping-attributes';
import {
  type Attribute,
  type Attributes,
  Decimal,
  isList,
  isObject,
  isWhollyKnown,
  type ObjectValue,
  type Path,
  type Value,
} from './plugin';

/** The document that a resource's values say. @param values wholly known */
export function toDocument(values: ObjectValue): MappingStateInput {
  return {
    version: MAPPING_STATE_VERSION,
    app: values['name'],
    ...objectToDocument(mappingAttributes, values),
  } as MappingStateInput;
}

function objectToDocument(attributes: Attributes, values: ObjectValue): object {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, attribute]) => {
      const value = values[name] ?? null;
      return value === null ? [] : [[toDocumentKey(name), valueToDocument(attribute, value)]];
    }),
  );
}

function valueToDocument({ nested, type }: Attribute, value: Value): unknown {
  if (value instanceof Decimal) return Number(value.text);
  if (isList(value)) {
    if (nested !== undefined)
      return value.map(part => (isObject(part) ? objectToDocument(nested.attributes, part) : part));
    return typeof type === 'object' && type[0] === 'set' ? [...value].sort() : value;
  }
  if (nested === undefined || !isObject(value)) return value;
  if (nested.nesting !== 'map') return objectToDocument(nested.attributes, value);
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      isObject(part) ? objectToDocument(nested.attributes, part) : part,
    ]),
  );
}

/**
 * The values that a document says.
 * @param before decides how "no entries" is written, which the document does not tell apart: null, or an empty map
 */
export function toValues(document: MappingState, before: ObjectValue): ObjectValue {
  const values = objectToValues(mappingAttributes, document);
  for (const [name, value] of Object.entries(values)) {
    const unsaid = (before[name] ?? null) === null && mappingAttributes[name]?.nested?.nesting === 'map';
    if (unsaid && isObject(value) && Object.keys(value).length === 0) values[name] = null;
  }
  return { ...values, name: document.app };
}

function objectToValues(attributes: Attributes, document: object): { [name: string]: Value } {
  const given = document as { readonly [key: string]: unknown };
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => [name, toValue(attribute, given[toDocumentKey(name)])]),
  );
}

function toValue({ nested }: Attribute, given: unknown): Value {
  if (given === undefined || given === null) return null;
  if (nested === undefined) return given as Value;
  const element = (part: unknown): Value => objectToValues(nested.attributes, part as object);
  if (nested.nesting === 'single') return element(given);
  if (nested.nesting === 'map') {
    return Object.fromEntries(Object.entries(given).map(([key, part]: [string, unknown]) => [key, element(part)]));
  }
  return (given as readonly unknown[]).map(element);
}

/** A place in the document as a place among the attributes: `['roleMappings', 'admins', 'role']` → `['role_mappings', …]`. */
export function toAttributePath(place: readonly (string | number)[]): Path {
  return place[0] === 'app' ? ['name'] : within(mappingAttributes, place);
}

function within(attributes: Attributes, [key, ...rest]: readonly (string | number)[]): Path {
  if (typeof key !== 'string') return [];
  const name = toAttributeName(key);
  const nested = attributes[name]?.nested;
  if (nested === undefined) return [name, ...rest];
  if (nested.nesting === 'single') return [name, ...within(nested.attributes, rest)];
  const [entry, ...inside] = rest;
  return entry === undefined ? [name] : [name, entry, ...within(nested.attributes, inside)];
}

/** Every key of the document that Terraform spells otherwise. */
const RESPELLED: ReadonlySet<string> = (() => {
  const keys = (attributes: Attributes): string[] =>
    Object.entries(attributes).flatMap(([name, { nested }]) => [
      toDocumentKey(name),
      ...(nested === undefined ? [] : keys(nested.attributes)),
    ]);
  return new Set(keys(mappingAttributes).filter(key => toAttributeName(key) !== key));
})();

/** A message about the document, in the names that configuration has: `idpGroup` → `idp_group`. What is quoted is somebody's text and stays. */
export function inAttributeNames(message: string): string {
  return message.replace(/"(?:[^"\\]|\\.)*"|[A-Za-z]+/g, word => (RESPELLED.has(word) ? toAttributeName(word) : word));
}

/**
 * What of configuration is known already, for checking it: entries and settings with an unknown part are left out, since
 * an entry less makes no document wrong that would be right with it.
 */
export function knownPart(values: ObjectValue): ObjectValue {
  const known = Object.entries(values).map(([name, value]): [string, Value] => {
    if (isWhollyKnown(value)) return [name, value];
    if (!isObject(value)) return [name, name === 'name' ? 'unknown' : null];
    return [name, Object.fromEntries(Object.entries(value).filter(([, part]) => isWhollyKnown(part)))];
  });
  return Object.fromEntries(known);
}

/** The places at which two documents differ, at most down to a field of an entry. */
export function differences(before: unknown, after: unknown, place: readonly string[] = []): string[][] {
  if (place.length < 3 && isRecord(before) && isRecord(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].sort().flatMap(key => differences(before[key], after[key], [...place, key]));
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [[...place]];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
