/** Changes of the elements of a multi-valued attribute (RFC 7644 §3.5.2). They work on lists that the PATCH owns. */
import { invalidValue, noTarget } from '../errors';
import { type Filter } from '../filter/ast';
import { printFilter } from '../filter/print';
import { type Json, type JsonObject, emptyObject, isJsonObject } from '../json';
import { type Attribute } from '../schema/attribute';
import { elementIdentity } from '../schema/equal';
import { merge, mergeDouble } from '../schema/value';

/**
 * The list with further elements. One with the identity of an element that is there is laid over it, so that adding what exists
 * changes nothing (RFC 7644 §3.5.2.1).
 */
export function addElements(attribute: Attribute, list: readonly Json[], added: readonly Json[]): Json[] {
  const result = [...list];
  const places = new Map(result.map((element, index) => [elementIdentity(attribute, element), index]));
  const stated = new Set<number>();
  for (const element of added) {
    const identity = elementIdentity(attribute, element);
    const place = places.get(identity) ?? result.length;
    const present = result[place];
    result[place] =
      present !== undefined && isJsonObject(present) && isJsonObject(element)
        ? merge(present, element)
        : (present ?? element);
    places.set(identity, place);
    if (isPrimary(element)) stated.add(place);
  }
  return settlePrimary(attribute, result, stated);
}

/** The list without the elements that the values name: by `value`, and by all else they state. */
export function removeElements(attribute: Attribute, list: readonly Json[], values: readonly Json[]): Json[] {
  const byIdentity = new Set(values.map(value => elementIdentity(attribute, value)));
  const byValue = new Set(
    values.flatMap(value =>
      isJsonObject(value) && value.type === undefined ? (valueIdentity(attribute, value) ?? []) : [],
    ),
  );
  return list.filter(
    element =>
      !byIdentity.has(elementIdentity(attribute, element)) && !byValue.has(valueIdentity(attribute, element) ?? ''),
  );
}

/** The identity of an element but for its type. */
function valueIdentity(attribute: Attribute, element: Json): string | undefined {
  return isJsonObject(element) && element.value !== undefined
    ? elementIdentity(attribute, { value: element.value })
    : undefined;
}

/**
 * When one of the given elements is primary, no other stays so (RFC 7644 §3.5.2).
 * @param stated places of the elements for which the request states `primary`
 */
export function settlePrimary(attribute: Attribute, list: readonly Json[], stated: ReadonlySet<number>): Json[] {
  const holders = [...stated].filter(index => isPrimary(list[index]));
  if (holders.length === 0) return [...list];
  if (new Set(holders.map(index => elementIdentity(attribute, list[index] ?? null))).size > 1) {
    throw invalidValue(`${attribute.path}.primary`, true, `true for one value at most, not for ${holders.length}`);
  }
  return list.map((element, index) => (holders.includes(index) ? element : withoutPrimary(element)));
}

/** Elements that have come to be the same, laid over each other. */
export function joinElements(attribute: Attribute, list: readonly Json[]): Json[] {
  const seen = new Map<string, Json>();
  for (const element of list) {
    const identity = elementIdentity(attribute, element);
    const first = seen.get(identity);
    seen.set(
      identity,
      first !== undefined && isJsonObject(first) && isJsonObject(element) ? mergeDouble(first, element) : element,
    );
  }
  return [...seen.values()];
}

function isPrimary(element: Json | undefined): boolean {
  return isJsonObject(element) && element.primary === true;
}

function withoutPrimary(element: Json): Json {
  return isPrimary(element) ? merge(element as JsonObject, { primary: false }) : element;
}

/**
 * The element that a filter describes, when it is a conjunction of equalities: `type eq "work" and primary eq true`.
 * @throws ScimError 400 noTarget for any other filter
 */
export function elementFromFilter(attribute: Attribute, filter: Filter): JsonObject {
  const element = emptyObject();
  for (const term of filter.kind === 'and' ? filter.terms : [filter]) {
    if (term.kind !== 'comparison' || term.operator !== 'eq' || term.value === null || term.path.attribute.element)
      throw unmatched(attribute, filter);
    element[term.path.attribute.name] = term.value;
  }
  return element;
}

/** The refusal of a filter that no element meets. */
export function unmatched(attribute: Attribute, filter: Filter): Error {
  const path = printFilter({ kind: 'valuePath', attribute, filter });
  return noTarget(
    `no value of ${attribute.path} meets ${path.length > 200 ? `${path.slice(0, 200)}…` : path}`,
    'a filter that matches a value',
  );
}

/** How many comparisons a filter makes for an element. */
export function countTerms(filter: Filter): number {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.reduce((sum, term) => sum + countTerms(term), 0);
    case 'not':
      return countTerms(filter.term);
    case 'valuePath':
      return countTerms(filter.filter);
    default:
      return 1;
  }
}
