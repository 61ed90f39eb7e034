import fc from 'fast-check';

import { parseJson } from '../../bridge/scim-language/json';
import { containing, matching, refusal } from './leniency';

const read = (text: string, limits = {}) => parseJson(Buffer.from(text), limits);

describe('reading JSON', () => {
  test.each([
    ['{}', {}],
    ['[]', []],
    [' \t\r\n{"a":[1,-0.5e2,true,false,null,"x"]} ', { a: [1, -50, true, false, null, 'x'] }],
    ['"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00"', '"\\/\b\f\n\r\tä😀'],
    ['\ufeff{"a":{"b":[]}}', { a: { b: [] } }],
    ['"\u007f\u2028"', '\u007f\u2028'],
  ])('takes %j', (text, value) => {
    expect(JSON.stringify(read(text))).toBe(JSON.stringify(value));
  });

  test.each([
    ['{"a":1,"a":2}', 'line 1, column 8: got the key "a" a second time'],
    ['{"a":{"b":1,\n  "\\u0062":2}}', 'line 2, column 3: got the key "b" a second time'],
    ['{"__proto__":{"admin":true}}', 'the key "__proto__"'],
    ['{"\\u005f_proto__":1}', 'the key "__proto__"'],
    ['{"constructor":1}', 'the key "constructor"'],
    ['{"prototype":1}', 'the key "prototype"'],
    ['"\\ud800"', 'lone high surrogate'],
    ['"\\ud800\\u0041"', 'lone high surrogate'],
    ['"\\udc00"', 'lone low surrogate'],
    ['"a\\u0000"', 'NUL'],
    ['"a\u0000b"', 'without control characters'],
    ['"a\nb"', 'without control characters'],
    ['"abc', 'got the end of the text'],
    ['"\\x"', 'hexadecimal'],
    ['"\\u12g4"', 'hexadecimal'],
    ['1e999', 'a number below'],
    ['01', 'the end of the text'],
    ['+1', 'a number'],
    ['.5', 'a number'],
    ['NaN', 'null'],
    ['{"a":\n  tru}', 'line 2, column 3'],
    ['[1,]', 'column 4: got "]"'],
    ['{"a":1,}', 'a key in double quotes'],
    ["{'a':1}", 'a key in double quotes'],
    ['{"a" 1}', '":" after a key'],
    ['[1 2]', '"," or "]"'],
    ['{} {}', 'the end of the text'],
    ['', 'got the end of the text'],
  ])('refuses %j and says where', (text, detail) => {
    expect(refusal(() => read(text))).toMatchObject({
      status: 400,
      scimType: 'invalidSyntax',
      detail: containing(detail),
    });
  });

  test('refuses bytes that are not UTF-8 and names the byte', () => {
    const around = (...wrong: number[]) =>
      Buffer.concat([Buffer.from(`"${'ä'.repeat(40_000)}`), Buffer.from(wrong), Buffer.from('"')]);
    for (const wrong of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x41]]) {
      expect(refusal(() => parseJson(around(...wrong)))).toMatchObject({
        scimType: 'invalidSyntax',
        detail: matching(/from byte 8000[23] on/),
      });
    }
  });

  test('keys are data: objects have no prototype', () => {
    const object = read('{"toString":1,"hasOwnProperty":2}') as object;
    expect(Object.getPrototypeOf(object)).toBeNull();
    expect(Object.keys(object)).toEqual(['toString', 'hasOwnProperty']);
  });

  test('nesting, size and number of values are bounded', () => {
    expect(read('[[[1]]]', { maxDepth: 3 })).toEqual([[[1]]]);
    expect(refusal(() => read('[[[[1]]]]', { maxDepth: 3 })).detail).toContain('deeper than 3');
    expect(refusal(() => read('['.repeat(100_000))).detail).toContain('deeper than 32');
    expect(refusal(() => read('{"a":'.repeat(100_000))).detail).toContain('deeper than 32');
    expect(refusal(() => read('"aaaa"', { maxBytes: 5 }))).toMatchObject({ status: 413 });
    expect(refusal(() => read('[1,2,3]', { maxValues: 3 }))).toMatchObject({ status: 413 });
  });

  test('a string of nearly 10 MB is read, a larger one refused', () => {
    expect(read(JSON.stringify('x'.repeat(9_900_000)))).toHaveLength(9_900_000);
    expect(refusal(() => read(JSON.stringify('x'.repeat(10_000_000))))).toMatchObject({ status: 413 });
  });

  test('an error text stays short whatever the input', () => {
    const key = 'k'.repeat(100_000);
    expect(refusal(() => read(`{"${key}":1,"${key}":2}`)).detail.length).toBeLessThan(300);
  });

  test('reads what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6, noUnicodeString: false }), text => {
        fc.pre(!/__proto__|constructor|prototype|\\u0000|\\u[dD][89a-fA-F]/.test(text));
        expect(JSON.stringify(read(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  test('never takes what JSON.parse refuses, and never fails but with a SCIM error', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]":,\\u0019tfnale-+.eE \n\u00e4') }), text => {
        let value: unknown;
        try {
          value = read(text);
        } catch (error) {
          expect(error).toHaveProperty('name', 'ScimError');
          return;
        }
        expect(JSON.stringify(value)).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: 2000 },
    );
  });
});
