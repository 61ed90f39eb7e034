/** Evaluates a filter on a resource in memory, by the rules of `compare.ts`. */
import { type Json, type JsonObject, isJsonObject } from '../json';
import { type Attribute, type AttributePath, target } from '../schema/attribute';
import { type Filter } from './ast';
import { slotsMeet, slotsPresent } from './compare';

/**
 * Whether the resource meets the filter. The resource is as it is rendered: with `id` and `meta`, and with the rows attribute if
 * the filter names it.
 */
export function evaluateFilter(filter: Filter, resource: JsonObject): boolean {
  return evaluate(filter, path => slots(path, resource), resource);
}

/** Whether an element of a multi-valued attribute meets the filter of a value path. */
export function evaluateElement(filter: Filter, element: Json): boolean {
  return evaluate(
    filter,
    ({ attribute }) => [attribute.element ? element : member(element, attribute.name)],
    undefined,
  );
}

/** The elements of an attribute: all of a list, the one value, or none. */
export function elementsOf(attribute: Attribute, resource: JsonObject): Json[] {
  let value: Json | undefined = resource;
  for (const key of attribute.location) value = member(value, key);
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function evaluate(
  filter: Filter,
  slotsOf: (path: AttributePath) => (Json | undefined)[],
  resource: JsonObject | undefined,
): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.terms.every(term => evaluate(term, slotsOf, resource));
    case 'or':
      return filter.terms.some(term => evaluate(term, slotsOf, resource));
    case 'not':
      return !evaluate(filter.term, slotsOf, resource);
    case 'presence':
      return slotsPresent(slotsOf(filter.path));
    case 'comparison':
      return slotsMeet(slotsOf(filter.path), target(filter.path), filter.operator, filter.value);
    case 'valuePath':
      return (
        resource !== undefined &&
        elementsOf(filter.attribute, resource).some(element => evaluateElement(filter.filter, element))
      );
    case 'constant':
      return filter.value;
  }
}

function slots({ attribute, subAttribute }: AttributePath, resource: JsonObject): (Json | undefined)[] {
  const elements = elementsOf(attribute, resource);
  if (subAttribute === undefined || subAttribute.element) return elements;
  return elements.map(element => member(element, subAttribute.name));
}

function member(value: Json | undefined, key: string): Json | undefined {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
