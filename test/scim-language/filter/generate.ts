/** Filters and resources at random, for properties. */
import fc from 'fast-check';

import { type CompareOperator, type Filter } from '../../../bridge/scim-language/filter/ast';
import { operatorsOf } from '../../../bridge/scim-language/filter/operators';
import { type Json, type JsonObject } from '../../../bridge/scim-language/json';
import { type Attribute, type AttributePath, target } from '../../../bridge/scim-language/schema/attribute';
import { type ResourceType } from '../../../bridge/scim-language/schema/resource-type';

const words = fc.constantFrom(
  'a',
  'A',
  'ab',
  'Ba',
  'work',
  'WORK',
  'home',
  'ς',
  'Σ',
  'é',
  'e\u0301',
  '😀',
  '\uffff',
  '"',
  '\\',
  '%',
  '_',
  '',
);
const instants = fc.constantFrom('2011-05-13T04:42:34.000Z', '2011-05-13T04:42:34.001Z', '1999-12-31T23:59:59.000Z');

function paths(type: ResourceType): AttributePath[] {
  const tops = [
    ...type.attributes.values(),
    ...[...type.extensionAttributes.values()].flatMap(one => [...one.children.values()]),
  ];
  return tops
    .filter(({ returned }) => returned !== 'never')
    .flatMap(attribute => [
      { attribute },
      ...[...attribute.children.values()].map(subAttribute => ({ attribute, subAttribute })),
    ]);
}

function comparison(path: AttributePath): fc.Arbitrary<Filter> {
  const attribute = target(path);
  const presence: fc.Arbitrary<Filter> = fc.constant({ kind: 'presence', path });
  const operators = operatorsOf[attribute.type];
  if (operators.length === 0) return presence;
  const compared = fc
    .constantFrom(...operators)
    .chain(operator =>
      literal(attribute, operator).map((value): Filter => ({ kind: 'comparison', path, operator, value })),
    );
  return fc.oneof({ weight: 5, arbitrary: compared }, { weight: 1, arbitrary: presence });
}

function literal(attribute: Attribute, operator: CompareOperator): fc.Arbitrary<string | number | boolean | null> {
  const nothing = operator === 'eq' || operator === 'ne' ? [fc.constant(null)] : [];
  if (attribute.type === 'boolean') return fc.oneof(fc.boolean(), ...nothing);
  if (attribute.type === 'integer' || attribute.type === 'decimal')
    return fc.oneof(fc.integer({ min: -3, max: 3 }), ...nothing);
  if (attribute.type === 'dateTime' && !['co', 'sw', 'ew'].includes(operator)) return fc.oneof(instants, ...nothing);
  return fc.oneof(words, ...nothing);
}

function logic(leaf: fc.Arbitrary<Filter>): fc.Arbitrary<Filter> {
  const { filter } = fc.letrec<{ filter: Filter }>(tie => ({
    filter: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      { weight: 3, arbitrary: leaf },
      { weight: 1, arbitrary: tie('filter').map((term): Filter => ({ kind: 'not', term })) },
      { weight: 1, arbitrary: joined('and', tie('filter')) },
      { weight: 1, arbitrary: joined('or', tie('filter')) },
    ),
  }));
  return filter;
}

/** Flat, as the parser leaves it. */
function joined(kind: 'and' | 'or', filter: fc.Arbitrary<Filter>): fc.Arbitrary<Filter> {
  return fc
    .array(filter, { minLength: 2, maxLength: 3 })
    .map(terms => ({ kind, terms: terms.flatMap(term => (term.kind === kind ? term.terms : [term])) }));
}

/** Any filter over the attributes of the type, in the form in which the parser leaves it. */
export function filters(type: ResourceType): fc.Arbitrary<Filter> {
  const all = paths(type);
  const lists = [...new Set(all.map(({ attribute }) => attribute))].filter(one => one.children.size > 0);
  const valuePath = fc.constantFrom(...lists).chain(attribute => {
    const inner = fc.constantFrom(...attribute.children.values()).chain(child => comparison({ attribute: child }));
    return logic(inner).map((filter): Filter => ({ kind: 'valuePath', attribute, filter }));
  });
  return logic(
    fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...all).chain(comparison) }, { weight: 1, arbitrary: valuePath }),
  );
}

/** Any normalised resource of the type, with readOnly attributes too. */
export function resources(type: ResourceType): fc.Arbitrary<JsonObject> {
  const core = [...type.attributes.values()];
  const extensions = [...type.extensionAttributes.values()];
  return fc
    .tuple(objects(core), ...extensions.map(one => objects([...one.children.values()])))
    .map(([resource, ...data]) => {
      const whole: JsonObject = { ...resource };
      extensions.forEach((one, index) => {
        const extension = data[index] ?? {};
        if (Object.keys(extension).length > 0) whole[one.path] = extension;
      });
      return whole;
    });
}

function objects(attributes: readonly Attribute[]): fc.Arbitrary<JsonObject> {
  const shape = Object.fromEntries(
    attributes.map(attribute => [attribute.name, fc.option(values(attribute), { nil: undefined, freq: 2 })]),
  );
  return fc
    .record(shape)
    .map(object => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as JsonObject);
}

function values(attribute: Attribute): fc.Arbitrary<Json | undefined> {
  if (!attribute.multiValued) return single(attribute);
  return fc
    .array(single(attribute), { maxLength: 3 })
    .map(list => list.filter((item): item is Json => item !== undefined))
    .map(list => (list.length === 0 ? undefined : list));
}

function single(attribute: Attribute): fc.Arbitrary<Json | undefined> {
  switch (attribute.type) {
    case 'complex':
      return objects([...attribute.children.values()]).map(object =>
        Object.keys(object).length === 0 ? undefined : object,
      );
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'decimal':
      return fc.integer({ min: -3, max: 3 });
    case 'dateTime':
      return instants;
    case 'reference':
      return fc.constantFrom('https://x/Users/a', '../Groups/B', 'urn:a');
    case 'binary':
      return fc.constantFrom('AAEC', 'aaec', 'AA==');
    default:
      return words.map(word => (word === '' ? undefined : word));
  }
}
