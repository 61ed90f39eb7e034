/** Directories and filters for property tests: few values that collide often, with what is hard about text among them. */
import fc from 'fast-check';
import { type Filter, type Literal } from '../../../bridge/scim-language/filter/ast';
import { operatorsOf } from '../../../bridge/scim-language/filter/operators';
import { type Json, type JsonObject } from '../../../bridge/scim-language/json';
import {
  type Attribute,
  type AttributePath,
  type SchemaDefinition,
  target,
} from '../../../bridge/scim-language/schema/attribute';
import { dateTime, decimal, flag, integer, text, complex } from '../../../bridge/scim-language/schema/define';
import { topLevelAttributes } from '../../../bridge/scim-language/schema/look-up';
import { withSchemas } from '../../../bridge/scim-language/schema/normalize';
import { type ResourceType, withExtensions } from '../../../bridge/scim-language/schema/resource-type';
import { groupType, userType } from '../../../bridge/scim-language/schema/resource-types';

/** An extension with the types that the standard schemas lack. */
const measures: SchemaDefinition = {
  id: 'urn:example:params:scim:schemas:extension:measures:2.0:Any',
  name: 'Measures',
  description: 'Numbers, times and plain lists',
  attributes: [
    integer('level', 'A whole number.'),
    decimal('ratio', 'A number.'),
    dateTime('seen', 'A time.'),
    flag('checked', 'A truth value.'),
    text('tags', 'A list of text.', { multiValued: true }),
    text('codes', 'A list of text with case.', { multiValued: true, caseExact: true }),
    complex(
      'visits',
      'A list of complex values.',
      [dateTime('at', 'When.'), integer('seconds', 'How long.'), flag('good', 'Whether.')],
      {
        multiValued: true,
      },
    ),
  ],
};

export const testUserType = withExtensions(userType, [{ schema: measures, required: false }]);
export const testGroupType = withExtensions(groupType, [{ schema: measures, required: false }]);

export const texts = [
  'ada', 'Ada', 'ADA', 'a', 'A', 'da', 'Ünï', 'ÜNÏ', 'u\u0308nï', 'straße', 'STRASSE', 'Σίσυφος', 'ΣΊΣΥΦΟΣ', 'ΟΔΟΣ', 'οδος', 'İstanbul',
  'i\u0307stanbul', 'istanbul', '\u212Belsius', 'ångström', 'ÅNGSTRÖM', '\uFB01n', '😀 x', '😀', '\uFFFDx', '日本', '%', '_', 'a_b', 'a%b',
  "o'hara", '"quoted"', 'back\\slash', ' ', 'ada ', 'true', '1', '10', '9', 'work', 'Work', 'home', 'z', 'ǅ', 'ǆ', 'Ა', 'ა',
]; // prettier-ignore
const instants = [
  '2011-05-13T04:42:34.000Z',
  '2011-05-13T04:42:34.001Z',
  '1999-12-31T23:59:59.999Z',
  '0001-01-01T00:00:00.000Z',
];
const numbers = [0, 1, -1, 2, 10, 0.1, 1.5, 1e10, 9_007_199_254_740_991];
const references = ['https://example.com/a', 'https://example.com/A', '../Users/x'];

function scalar(attribute: Attribute): fc.Arbitrary<Json> {
  switch (attribute.type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.constantFrom(...numbers.filter(Number.isInteger));
    case 'decimal':
      return fc.constantFrom(...numbers);
    case 'dateTime':
      return fc.constantFrom(...instants);
    case 'reference':
      return fc.constantFrom(...references);
    case 'binary':
      return fc.constantFrom('AAAA', 'aaaa', 'QUJD');
    case 'complex':
      return object([...attribute.children.values()]);
    default:
      return fc.constantFrom(...texts);
  }
}

/** A normalised object: at least one value, never an empty one. */
function object(children: readonly Attribute[]): fc.Arbitrary<JsonObject> {
  const stored = children.filter(child => child.mutability !== 'readOnly' && child.returned !== 'never');
  const wanted = stored.filter(child => child.name !== '$ref');
  return fc
    .record(Object.fromEntries(wanted.map(child => [child.name, value(child)])), { requiredKeys: [] })
    .filter(made => Object.keys(made).length > 0) as fc.Arbitrary<JsonObject>;
}

function value(attribute: Attribute): fc.Arbitrary<Json> {
  return attribute.multiValued ? fc.array(scalar(attribute), { minLength: 1, maxLength: 3 }) : scalar(attribute);
}

/** Documents as they are kept; `userName` or `displayName` are made unique by the index. */
export function documents(type: ResourceType, count: number): fc.Arbitrary<JsonObject[]> {
  const attributes = topLevelAttributes(type).filter(
    ({ name, mutability, returned }) =>
      !['schemas', 'id', 'meta', 'members', 'groups'].includes(name) &&
      mutability !== 'readOnly' &&
      returned !== 'never',
  );
  const one = fc.record(
    Object.fromEntries(
      attributes.map(attribute => [
        attribute.extension ? attribute.path : attribute.name,
        attribute.extension ? object([...attribute.children.values()]) : value(attribute),
      ]),
    ),
    { requiredKeys: [] },
  ) as fc.Arbitrary<JsonObject>;
  const unique = type.name === 'User' ? 'userName' : 'displayName';
  return fc
    .array(one, { minLength: count, maxLength: count })
    .map(made =>
      made.map((document, index) =>
        withSchemas(
          { ...document, [unique]: `${texts[index % texts.length]}${index < texts.length / 3 ? '' : index}-${index}` },
          type,
        ),
      ),
    );
}

const literalsOf = (attribute: Attribute, ids: readonly string[], part: boolean): Literal[] => {
  switch (attribute.type) {
    case 'boolean':
      return [true, false];
    case 'integer':
    case 'decimal':
      return numbers;
    case 'dateTime':
      return part ? ['2011', 't04:42', 'z', '.000Z', '1'] : instants;
    case 'reference':
      return [
        ...references,
        'https://example.com',
        'Users',
        ...ids.slice(0, 3).map(id => `https://scim.test/v2/Users/${id}`),
      ];
    case 'binary':
      return ['AAAA', 'aaaa', 'A'];
    default:
      return ['id', 'value', 'version'].includes(attribute.name)
        ? [...texts, ...ids, 'W/"1"', 'W/"2"']
        : [...texts, 'direct', 'indirect', 'User', 'group'];
  }
};

function comparison(path: AttributePath, ids: readonly string[]): fc.Arbitrary<Filter> | undefined {
  const end = path.subAttribute ?? path.attribute;
  const presence = fc.constant<Filter>({ kind: 'presence', path });
  if (end.type === 'complex') {
    const inner = end.children.get('value');
    return inner === undefined || path.subAttribute !== undefined || end.extension
      ? presence
      : fc.oneof(presence, comparison({ attribute: end, subAttribute: inner }, ids) ?? presence);
  }
  const compared = fc
    .constantFrom(...operatorsOf[end.type])
    .chain(operator =>
      fc
        .constantFrom(
          ...literalsOf(end, ids, ['co', 'sw', 'ew'].includes(operator)),
          ...(operator === 'eq' || operator === 'ne' ? [null] : []),
          ...(['co', 'sw', 'ew'].includes(operator) ? [''] : []),
        )
        .map((literal): Filter => ({ kind: 'comparison', path, operator, value: literal })),
    );
  return fc.oneof({ arbitrary: compared, weight: 9 }, { arbitrary: presence, weight: 1 });
}

/** Several comparisons of one path, as clients state them that ask for many at once. */
function series(path: AttributePath, ids: readonly string[]): fc.Arbitrary<Filter> | undefined {
  const one = comparison(path, ids);
  const { type } = target(path);
  if (one === undefined || type === 'boolean' || type === 'complex') return one;
  const values = fc.array(fc.constantFrom(...literalsOf(target(path), ids, false)), { minLength: 2, maxLength: 5 });
  return fc
    .tuple(values, fc.constantFrom('and', 'or'), fc.constantFrom('eq', 'eq', 'ne'), fc.array(one, { maxLength: 2 }))
    .map(([found, kind, operator, others]): Filter => {
      const terms = [...found.map((value): Filter => ({ kind: 'comparison', path, operator, value })), ...others];
      return { kind, terms };
    });
}

function joined(term: fc.Arbitrary<Filter>, depth: number): fc.Arbitrary<Filter> {
  if (depth === 0) return term;
  const inner = joined(term, depth - 1);
  const terms = (kind: 'and' | 'or') =>
    fc
      .array(inner, { minLength: 2, maxLength: 3 })
      .map((made): Filter => ({ kind, terms: made.flatMap(one => (one.kind === kind ? one.terms : [one])) }));
  return fc.oneof(
    { arbitrary: term, weight: 4 },
    { arbitrary: terms('and'), weight: 2 },
    { arbitrary: terms('or'), weight: 2 },
    { arbitrary: inner.map((one): Filter => ({ kind: 'not', term: one })), weight: 1 },
  );
}

/** All paths that a filter can name. */
export function pathsOf(type: ResourceType): AttributePath[] {
  return topLevelAttributes(type)
    .filter(({ returned }) => returned !== 'never')
    .flatMap(attribute => {
      const children = [...attribute.children.values()];
      if (!attribute.extension) return [{ attribute }, ...children.map(subAttribute => ({ attribute, subAttribute }))];
      return [
        { attribute },
        ...children.flatMap(own => [
          { attribute: own },
          ...[...own.children.values()].map(subAttribute => ({ attribute: own, subAttribute })),
        ]),
      ];
    });
}

/** Filters as the parser leaves them, over every attribute of the type. */
export function filters(type: ResourceType, ids: readonly string[]): fc.Arbitrary<Filter> {
  const paths = pathsOf(type);
  const plain = (made: typeof comparison) =>
    fc.constantFrom(...paths).chain(path => made(path, ids) ?? fc.constant<Filter>({ kind: 'presence', path }));
  const complexes = paths.filter(
    ({ attribute, subAttribute }) => subAttribute === undefined && attribute.children.size > 0 && !attribute.extension,
  );
  const valuePath = fc.constantFrom(...complexes).chain(({ attribute }) => {
    const child = fc
      .constantFrom(...attribute.children.values())
      .chain(
        own =>
          comparison({ attribute: own }, ids) ?? fc.constant<Filter>({ kind: 'presence', path: { attribute: own } }),
      );
    const many = fc.constantFrom(...attribute.children.values()).chain(own => series({ attribute: own }, ids) ?? child);
    return fc
      .oneof({ arbitrary: joined(child, 1), weight: 3 }, { arbitrary: many, weight: 1 })
      .map((filter): Filter => ({ kind: 'valuePath', attribute, filter }));
  });
  const term = fc.oneof({ arbitrary: plain(comparison), weight: 3 }, { arbitrary: valuePath, weight: 1 });
  // Of one list, in one place of the filter: what may be gone through together.
  const alike = fc.constantFrom(...complexes).chain(({ attribute }) => {
    const child = fc
      .constantFrom(...attribute.children.values())
      .chain(
        subAttribute =>
          comparison({ attribute, subAttribute }, ids) ??
          fc.constant<Filter>({ kind: 'presence', path: { attribute } }),
      );
    const kinds = fc.constantFrom<'and' | 'or'>('and', 'or');
    return fc
      .tuple(fc.array(child, { minLength: 2, maxLength: 4 }), kinds)
      .map(([terms, kind]): Filter => ({ kind, terms }));
  });
  return fc.oneof(
    { arbitrary: joined(term, 2), weight: 3 },
    { arbitrary: joined(fc.oneof(plain(series), alike), 1), weight: 2 },
  );
}
