import fc from 'fast-check';

import { compareText, fold } from '../../../bridge/scim-language/schema/fold';

describe('folding text', () => {
  test.each([
    ['BJensen', 'bjensen'],
    ['ÄÖ', 'äö'],
    ['ΣΑΣ', 'σασ'],
    ['É', 'é'],
    ['J\u030c', '\u01f0'],
    ['straße', 'straße'],
  ])('%j folds to %j', (text, folded) => {
    expect(fold(text)).toBe(folded);
  });

  test('folding twice is folding once', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), text => {
        expect(fold(fold(text))).toBe(fold(text));
      }),
      { numRuns: 1000 },
    );
  });

  test('text is ordered by code point, as UTF-8 bytes are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 1000 },
    );
    expect(compareText('\uffff', '😀')).toBeLessThan(0);
  });
});

describe('long texts', () => {
  it('fold as their parts do, however many and however often', () => {
    const texts = Array.from(
      { length: 12 },
      (_, index) => `${'Ünï ΣΊΣΥΦΟΣ '.repeat(index === 11 ? 20_000 : 100)}${index} `,
    );
    for (let round = 0; round < 3; round += 1)
      for (const text of texts)
        expect(fold(text)).toBe(
          text
            .split(' ')
            .map(part => fold(part))
            .join(' '),
        );
  });
});
