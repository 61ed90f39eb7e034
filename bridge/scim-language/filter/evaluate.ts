/** Evaluates filters in memory, by the rules of `compare.ts`. */
import { type Json, type JsonObject, isJsonObject } from '../json';
import { type Attribute, type AttributePath, target } from '../schema/attribute';
import { type Filter } from './ast';
import { slotsMeet, slotsPresent } from './compare';

type Slots = (Json | undefined)[];

/**
 * Whether the resource meets the filter. The resource is as it is rendered: with `id` and `meta`, and with the rows attribute if
 * the filter names it.
 */
export function evaluateFilter(filter: Filter, resource: JsonObject): boolean {
  return compile(filter, slotsOfResource)(resource);
}

/** A test of whether an element of a multi-valued attribute meets the filter of a value path. */
export function elementTest(filter: Filter): (element: Json) => boolean {
  return compile(filter, slotsOfElement);
}

/** The elements of an attribute: all of a list, the one value, or none. */
export function elementsOf(attribute: Attribute, resource: Json): Json[] {
  let value: Json | undefined = resource;
  for (const key of attribute.location) value = member(value, key);
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function compile(filter: Filter, slotsOf: (path: AttributePath, subject: Json) => Slots): (subject: Json) => boolean {
  switch (filter.kind) {
    case 'and': {
      const terms = filter.terms.map(term => compile(term, slotsOf));
      return subject => terms.every(meets => meets(subject));
    }
    case 'or': {
      const terms = filter.terms.map(term => compile(term, slotsOf));
      return subject => terms.some(meets => meets(subject));
    }
    case 'not': {
      const meets = compile(filter.term, slotsOf);
      return subject => !meets(subject);
    }
    case 'presence':
      return subject => slotsPresent(slotsOf(filter.path, subject));
    case 'comparison': {
      const meet = slotsMeet(target(filter.path), filter.operator, filter.value);
      return subject => meet(slotsOf(filter.path, subject));
    }
    case 'valuePath': {
      const meets = elementTest(filter.filter);
      return subject => elementsOf(filter.attribute, subject).some(meets);
    }
    case 'constant':
      return () => filter.value;
  }
}

function slotsOfResource({ attribute, subAttribute }: AttributePath, resource: Json): Slots {
  const elements = elementsOf(attribute, resource);
  if (subAttribute === undefined || subAttribute.element) return elements;
  return elements.map(element => member(element, subAttribute.name));
}

function slotsOfElement({ attribute }: AttributePath, element: Json): Slots {
  return [attribute.element ? element : member(element, attribute.name)];
}

function member(value: Json | undefined, key: string): Json | undefined {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
