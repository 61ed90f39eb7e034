import { type Json } from '../../../bridge/scim-language/json';
import { readPatchBody } from '../../../bridge/scim-language/patch/read-body';
import { containing, lenient, refusal } from '../leniency';

const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
const operation = { op: 'replace', path: 'title', value: 'x' };

describe('the body of a PATCH (RFC 7644 §3.5.2)', () => {
  test.each<[string, object, object[]]>([
    ['as the RFC writes it', { schemas, Operations: [operation] }, [operation]],
    [
      'keys and operations in any case',
      {
        SCHEMAS: ['urn:IETF:params:scim:api:messages:2.0:patchop'],
        operations: [{ OP: 'Replace', Path: 'title', VALUE: 'x' }],
      },
      [operation],
    ],
    [
      'without a path',
      { schemas, Operations: [{ op: 'ADD', value: { title: 'x' } }] },
      [{ op: 'add', value: { title: 'x' } }],
    ],
    [
      'a path of null is none',
      { schemas, Operations: [{ op: 'add', path: null, value: {} }] },
      [{ op: 'add', value: {} }],
    ],
    [
      'a value of null is one',
      { schemas, Operations: [{ op: 'replace', path: 'title', value: null }] },
      [{ op: 'replace', path: 'title', value: null }],
    ],
    [
      'remove without a value',
      { schemas, Operations: [{ op: 'remove', path: 'title' }] },
      [{ op: 'remove', path: 'title' }],
    ],
  ])('%s', (_, body, operations) => {
    expect(readPatchBody(body as Json)).toEqual(operations);
  });

  test.each<[string, unknown, string, string]>([
    ['no object', [], 'invalidSyntax', 'an object with schemas and Operations'],
    ['no schemas', { Operations: [operation] }, 'invalidValue', 'schemas is required'],
    [
      'other schemas',
      { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], Operations: [operation] },
      'invalidValue',
      'PatchOp',
    ],
    ['no operations', { schemas }, 'invalidSyntax', 'Operations: got nothing'],
    ['an empty list', { schemas, Operations: [] }, 'invalidSyntax', 'one operation or more'],
    ['an object for a list', { schemas, Operations: operation }, 'invalidSyntax', 'Operations'],
    ['an operation that is none', { schemas, Operations: ['x'] }, 'invalidSyntax', 'Operations[0]'],
    [
      'no op',
      { schemas, Operations: [operation, { path: 'title', value: 'x' }] },
      'invalidSyntax',
      'Operations[1].op: got nothing',
    ],
    [
      'an unknown op',
      { schemas, Operations: [{ ...operation, op: 'move' }] },
      'invalidSyntax',
      'got "move", wanted "add", "replace" or "remove"',
    ],
    [
      'a path that is no string',
      { schemas, Operations: [{ ...operation, path: 5 }] },
      'invalidPath',
      'a path as a string',
    ],
    [
      'add without a value',
      { schemas, Operations: [{ op: 'add', path: 'title' }] },
      'invalidValue',
      'Operations[0].value is required',
    ],
    ['a further key', { schemas, Operations: [operation], id: 'x' }, 'invalidSyntax', 'the key "id"'],
    [
      'a further key of an operation',
      { schemas, Operations: [{ ...operation, name: 'x' }] },
      'invalidSyntax',
      'the key "name"',
    ],
    ['a key twice', { schemas, Operations: [operation], operations: [] }, 'invalidSyntax', 'twice'],
  ])('%s is refused', (_, body, scimType, detail) => {
    expect(refusal(() => readPatchBody(body as Json))).toMatchObject({
      status: 400,
      scimType,
      detail: containing(detail),
    });
  });

  test('the number of operations is bounded', () => {
    const body = { schemas, Operations: Array<Json>(11).fill(operation) };
    expect(readPatchBody(body, {}, { maxOperations: 11 })).toHaveLength(11);
    expect(refusal(() => readPatchBody(body, {}, { maxOperations: 10 }))).toMatchObject({
      status: 413,
      detail: containing('got 11, wanted at most 10'),
    });
  });

  test('extraPatchKeys and missingSchemas are dropped and counted', () => {
    const leniency = lenient('extraPatchKeys', 'missingSchemas');
    expect(readPatchBody({ id: 'x', Operations: [{ ...operation, name: 'y' }] }, leniency)).toEqual([operation]);
    expect(leniency.count).toEqual([
      ['extraPatchKeys', 'PATCH body'],
      ['missingSchemas', 'PATCH body'],
      ['extraPatchKeys', 'Operations'],
    ]);
  });
});
