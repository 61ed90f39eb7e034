import * as errors from '../../bridge/scim-language/errors';

describe('SCIM errors (RFC 7644 §3.12)', () => {
  test('the body has the error URN, the status as a string, and a scimType only where there is one', () => {
    expect(errors.invalidFilter(10, 'an operator', '"eqq"').toBody()).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '400',
      scimType: 'invalidFilter',
      detail: 'filter at character 10: got "eqq", wanted an operator',
    });
    expect(errors.notFound('User', 'x').toBody()).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '404',
      detail: 'User "x" not found',
    });
  });

  test.each([
    [errors.invalidPath('a b', 2, 'x', 'y'), 400, 'invalidPath'],
    [errors.invalidSyntax('a', 'b', 'c'), 400, 'invalidSyntax'],
    [errors.invalidValue('active', 'yes', 'true'), 400, 'invalidValue'],
    [errors.missingValue('userName', 'a string'), 400, 'invalidValue'],
    [errors.mutability('id', 'it is readOnly'), 400, 'mutability'],
    [errors.noTarget('nothing', 'something'), 400, 'noTarget'],
    [errors.uniqueness('userName', 'a', 'User'), 409, 'uniqueness'],
    [errors.tooMany('too many'), 400, 'tooMany'],
    [errors.invalidCursor('wrong'), 400, 'invalidCursor'],
    [errors.expiredCursor('late'), 400, 'expiredCursor'],
    [errors.invalidCount('other'), 400, 'invalidCount'],
    [errors.payloadTooLarge('operations', 5, 4), 413, undefined],
  ])('%s', (error, status, scimType) => {
    expect(error).toMatchObject({ status, scimType });
    expect(error.toBody().status).toBe(String(status));
    expect(error.detail).not.toMatch(/^[A-Z]|\.$/);
  });

  test('a value is shown cut, quoted, and without half a character', () => {
    expect(errors.shown('a"b')).toBe('"a\\"b"');
    expect(errors.shown('x'.repeat(1000)).length).toBeLessThan(100);
    expect(errors.shown(`${'x'.repeat(79)}😀`)).toBe(`"${'x'.repeat(79)}…"`);
    expect(errors.shown([1, 2])).toBe('a list of 2');
    expect(errors.shown({})).toBe('an empty object');
    expect(errors.shown({ a: 1, b: 2 })).toBe('an object with a, b');
    expect(errors.shown(null)).toBe('null');
  });
});
