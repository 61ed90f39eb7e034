import { decode, encode, ExtData } from '@msgpack/msgpack';
import fc from 'fast-check';
import { decodeJson, decodeValue, encodeValue } from '../../../provider/plugin/codec';
import { sameValue, type Type } from '../../../provider/plugin/define/type';
import { Decimal, Unknown, UNKNOWN, type Value } from '../../../provider/plugin/define/value';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** A type and a value of it. */
const typed: fc.Arbitrary<{ type: Type; value: Value }> = fc.letrec<{ type: Type; any: { type: Type; value: Value } }>(
  tie => ({
    type: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      fc.constantFrom<Type>('string', 'number', 'bool'),
      fc.tuple(fc.constantFrom('list' as const, 'set' as const, 'map' as const), tie('type')),
      fc
        .dictionary(fc.stringMatching(/^[a-z][a-z_]{0,5}$/), tie('type'), { maxKeys: 3 })
        .map((of): Type => ['object', { ...of }]),
    ),
    any: tie('type').chain(type => valueOf(type).map(value => ({ type, value }))),
  }),
).any;

function valueOf(type: Type): fc.Arbitrary<Value> {
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constant(UNKNOWN) },
    { weight: 8, arbitrary: knownValueOf(type) },
  );
}

function knownValueOf(type: Type): fc.Arbitrary<Value> {
  if (type === 'string') return fc.string({ unit: 'grapheme' });
  if (type === 'bool') return fc.boolean();
  if (type === 'number') {
    return fc.oneof(
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(x => (x === 0 ? 0 : x)),
      fc.bigInt(2n ** 70n, 2n ** 90n).map(x => new Decimal(x.toString())),
    );
  }
  if (type[0] === 'object')
    return fc.record(Object.fromEntries(Object.entries(type[1]).map(([name, of]) => [name, valueOf(of)])));
  if (type[0] === 'map') {
    return fc
      .dictionary(
        fc.string().filter(key => key !== '__proto__'),
        valueOf(type[1]),
        { maxKeys: 4 },
      )
      .map(of => ({ ...of }));
  }
  return fc.array(valueOf(type[1]), { maxLength: 4 });
}

test('every value comes back as it went', () => {
  fc.assert(
    fc.property(typed, ({ type, value }) => {
      expect(sameValue(type, decodeValue(type, encodeValue(type, value)), value)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['an integer as one', 'number', 7, '07'],
  ['a fraction as the text that was written', 'number', 0.1, `a3${hex(Buffer.from('0.1'))}`],
  ['an integer beyond 32 bits as one of 64', 'number', 2 ** 40, 'cf0000010000000000'],
  [
    'a huge number as text',
    'number',
    new Decimal('123456789012345678901'),
    `b5${hex(Buffer.from('123456789012345678901'))}`,
  ],
  ['an unknown value', 'string', UNKNOWN, 'd40000'],
  ['an unknown value with what is known of it', 'string', new Unknown(new Uint8Array([0x81, 1, 0xc2])), 'c7030c8101c2'],
  ['an attribute left out as nil', ['object', { a: 'bool', b: 'bool' }], { b: true }, '82a161c0a162c3'],
  ['a set as an array', ['set', 'string'], ['x'], '91a178'],
] as readonly [string, Type, Value, string][])('sends %s', (_what, type, value, bytes) => {
  expect(hex(encodeValue(type, value))).toBe(bytes);
});

test('a number that a double can not hold arrives with all its digits', () => {
  expect(decodeValue('number', encode(2n ** 60n + 1n, { useBigInt64: true }))).toEqual(
    new Decimal('1152921504606846977'),
  );
  expect(decodeValue('number', encode('0.1'))).toBe(0.1);
  expect(decodeValue('number', encode('1000000000000000000000.5'))).toEqual(new Decimal('1000000000000000000000.5'));
});

test('an extension that is not known yet is an unknown value', () => {
  const value = decodeValue('string', encode(new ExtData(77, new Uint8Array([1, 2]))));
  expect(value).toBe(UNKNOWN);
});

test('what is known of an unknown value is sent back untouched', () => {
  const sent = encode(new ExtData(12, encode(new Map([[1, false]]) as unknown as object)));
  const again = decode(encodeValue('string', decodeValue('string', sent))) as ExtData;
  expect([again.type, again.data]).toEqual([(decode(sent) as ExtData).type, (decode(sent) as ExtData).data]);
});

test.each([
  [{ type: 'string', value: 3 }, 'value is a value of type number, wanted string'],
  [{ type: 'number', value: 'three' }, 'value is a value of type string, wanted number'],
  [{ type: ['map', 'string'], value: ['a'] }, 'value is a list, wanted map'],
  [
    { type: ['object', { a: ['list', 'bool'] }], value: { a: [true, 'no'] } },
    'value.a[1] is a value of type string, wanted bool',
  ],
  [{ type: ['object', { a: 'string' }], value: { a: 'x', z: 'y' } }, 'value.z is not in the schema'],
] as readonly [{ type: Type; value: Value }, string][])(
  'refuses what is not of the type: %j',
  ({ type, value }, message) => {
    expect(() => encodeValue(type, value)).toThrow(message);
    expect(() => decodeValue(type, encode(value))).toThrow(message);
  },
);

describe('stored state', () => {
  const type: Type = ['object', { name: 'string', size: 'number', tags: ['set', 'string'] }];

  test('is read by name: what is new is null, what is gone is left out', () => {
    expect(decodeJson(type, '{"name":"a","gone":1}')).toEqual({ name: 'a', size: null, tags: null });
  });

  test('keeps the digits of numbers, and text that looks like one', () => {
    const text = '{"name":"12345678901234567890 \\" 1.10","size":12345678901234567890,"tags":["1.10"]}';
    expect(decodeJson(type, text)).toEqual({
      name: '12345678901234567890 " 1.10',
      size: new Decimal('12345678901234567890'),
      tags: ['1.10'],
    });
  });
});
