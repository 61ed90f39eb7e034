import fc from 'fast-check';

import { type Json, type JsonObject } from '../../../bridge/scim-language/json';
import { applyPatch } from '../../../bridge/scim-language/patch/apply';
import { type PatchOperation } from '../../../bridge/scim-language/patch/operation';
import { sameJson } from '../../../bridge/scim-language/schema/equal';
import { topLevelAttributes } from '../../../bridge/scim-language/schema/look-up';
import { normalizeResource } from '../../../bridge/scim-language/schema/normalize';
import { userType } from '../../../bridge/scim-language/schema/resource-types';
import { resources } from '../filter/generate';
import { plain } from '../leniency';
import { USER } from '../schema/documents';

/** Documents as they are kept. */
const documents = resources(userType).map(resource => {
  const primaries = Object.fromEntries(
    Object.entries(resource).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.map(withoutPrimary).filter(holdsSomething) : value,
    ]),
  );
  return normalizeResource({ ...primaries, schemas: [USER], userName: 'ada' }, userType).resource;
});

function withoutPrimary(element: Json): Json {
  if (typeof element !== 'object' || element === null || Array.isArray(element)) return element;
  return Object.fromEntries(Object.entries(element).filter(([key]) => key !== 'primary'));
}

function holdsSomething(element: Json): boolean {
  return typeof element !== 'object' || element === null || Object.values(element).some(value => value !== '');
}

/** Attributes that a client may change and remove, with a value for each out of another document. */
const statements = documents.chain(document => {
  const keys = Object.keys(document).filter(key => !['schemas', 'userName', 'active'].includes(key));
  return keys.length === 0
    ? fc.constant(['title', 'x'] as [string, Json])
    : fc.constantFrom(...keys).map((key): [string, Json] => [key, document[key] ?? 'x']);
});

const paths = fc.constantFrom(
  'title',
  'name',
  'name.givenName',
  'emails',
  'emails.display',
  'emails[type eq "work"]',
  'emails[type eq "work"].value',
  'emails[value sw "a"].primary',
  'addresses[type eq "home"].locality',
  'roles',
  `${userType.extensions[0]?.schema.id ?? ''}:department`,
  `${userType.extensions[0]?.schema.id ?? ''}:manager`,
  'id',
  'userName',
  'shoeSize',
  'emails[',
  undefined,
);
const anyValue = fc.oneof(
  fc.constantFrom<Json>(
    'a',
    '',
    null,
    true,
    5,
    [],
    {},
    { value: 'a' },
    [{ value: 'a', type: 'work', primary: true }],
    [{ value: 'A' }, { value: 'b', type: 'home' }],
    { givenName: 'a' },
    { title: 'x', emails: [{ value: 'z' }] },
    { __proto__: null, constructor: 'x' },
  ),
  fc.jsonValue({ maxDepth: 3 }).map(value => value as Json),
);
const anyOperation = fc
  .record({
    op: fc.constantFrom('add', 'replace', 'remove'),
    path: paths,
    value: fc.option(anyValue, { nil: undefined }),
  })
  .map(({ op, path, value }): PatchOperation => ({
    op,
    ...(path === undefined ? {} : { path }),
    ...(value === undefined && op === 'remove' ? {} : { value: value ?? null }),
  }));

const patch = (document: JsonObject, ...operations: PatchOperation[]) =>
  applyPatch(document, operations, { type: userType });

describe('laws of PATCH', () => {
  test('replace is idempotent, and what is replaced is what is there', () => {
    fc.assert(
      fc.property(documents, statements, (document, [path, value]) => {
        const once = patch(document, { op: 'replace', path, value });
        const twice = patch(once.resource, { op: 'replace', path, value });
        expect(twice.changed).toBe(false);
        if (Array.isArray(value)) expect(plain(once.resource[path])).toEqual(plain(value));
      }),
    );
  });

  test('add is idempotent', () => {
    fc.assert(
      fc.property(documents, statements, (document, [path, value]) => {
        const once = patch(document, { op: 'add', path, value });
        expect(patch(once.resource, { op: 'add', path, value }).changed).toBe(false);
      }),
    );
  });

  test('add to nothing, then remove, is nothing', () => {
    fc.assert(
      fc.property(documents, statements, (document, [path, value]) => {
        const bare = patch(document, { op: 'remove', path }).resource;
        const again = patch(bare, { op: 'add', path, value }, { op: 'remove', path });
        expect(again.changed).toBe(false);
        const { resource } = patch(bare, { op: 'add', path, value });
        expect(plain(patch(resource, { op: 'remove', path }).resource)).toEqual(plain(bare));
      }),
    );
  });

  test('one PATCH of several operations is as several PATCHes of one', () => {
    fc.assert(
      fc.property(documents, fc.array(statements, { minLength: 1, maxLength: 4 }), (document, list) => {
        const operations = list.map(([path, value]): PatchOperation => ({ op: 'add', path, value }));
        const together = patch(document, ...operations).resource;
        const apart = operations.reduce((current, operation) => patch(current, operation).resource, document);
        expect(plain(together)).toEqual(plain(apart));
      }),
    );
  });

  test('the result is a document: normalising it changes nothing', () => {
    fc.assert(
      fc.property(documents, fc.array(statements, { minLength: 1, maxLength: 3 }), (document, list) => {
        const { resource } = patch(
          document,
          ...list.map(([path, value]): PatchOperation => ({ op: 'add', path, value })),
        );
        expect(plain(normalizeResource(resource, userType).resource)).toEqual(plain(resource));
      }),
    );
  });

  test('whatever is sent: refused as SCIM says, or applied; the input untouched, changed told truly, the result a document', () => {
    let applied = 0;
    fc.assert(
      fc.property(documents, fc.array(anyOperation, { minLength: 1, maxLength: 4 }), (document, operations) => {
        const before = JSON.stringify(document);
        try {
          const { resource, changed } = patch(document, ...operations);
          applied += 1;
          expect(changed).toBe(!sameJson(document, resource));
          expect(plain(normalizeResource(resource, userType).resource)).toEqual(plain(resource));
          const known = new Set(topLevelAttributes(userType).map(({ location }) => location[0]));
          expect(Object.keys(resource).filter(key => !known.has(key))).toEqual([]);
        } catch (error) {
          if (!(error instanceof Error) || error.name !== 'ScimError') throw error;
          expect(error).toMatchObject({ status: 400 });
        }
        expect(JSON.stringify(document)).toBe(before);
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 1000 },
    );
    expect(applied).toBeGreaterThan(100);
  });
});
