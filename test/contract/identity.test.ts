import { identityKey, isSameIdentity } from '../../bridge/contract/identity';

describe('identity', () => {
  it.each([
    ['Alice@Example.COM', 'alice@example.com'],
    ['e\u0301va', '\u00e9va'],
  ])('takes %j and %j for the same', (left, right) => {
    expect(isSameIdentity(left, right)).toBe(true);
  });

  it.each([
    ['\u212Aevin', 'kevin', 'the Kelvin sign'],
    ['\u0130da', 'ida', 'a dotted capital I'],
    ['\u00C9va', '\u00E9va', 'an accent in another case'],
    ['stra\u00DFe', 'strasse', 'sharp s'],
    ['\u017Fam', 'sam', 'long s'],
    ['alice ', 'alice', 'a space at the end'],
  ])('tells %j from %j: %s', (left, right) => {
    expect(isSameIdentity(left, right)).toBe(false);
  });

  it('changes nothing that it has changed before', () => {
    for (const text of ['ÅNGSTRÖM', 'A\u030A', '\u212A', 'x'])
      expect(identityKey(identityKey(text))).toBe(identityKey(text));
  });
});
