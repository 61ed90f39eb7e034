import fc from 'fast-check';

import { evaluateFilter } from '../../../bridge/scim-language/filter/evaluate';
import { parseFilter } from '../../../bridge/scim-language/filter/parser';
import { printFilter } from '../../../bridge/scim-language/filter/print';
import { groupType, userType } from '../../../bridge/scim-language/schema/resource-types';
import { filters, resources } from './generate';

const runs = { numRuns: 400 };

describe.each([userType, groupType])('laws of filters on $name', type => {
  const filter = filters(type);
  const resource = resources(type);

  test('what is printed parses to the same tree', () => {
    fc.assert(
      fc.property(filter, tree => {
        const text = printFilter(tree);
        const again = parseFilter(text, type);
        expect(again).toEqual(tree);
        expect(printFilter(again)).toBe(text);
      }),
      runs,
    );
  });

  test('operators and names may be in any case', () => {
    fc.assert(
      fc.property(filter, tree => {
        const shouted = printFilter(tree).replace(/"(?:[^"\\]|\\.)*"|\b(?:true|false|null)\b|[^"]/g, part =>
          part.length > 1 ? part : part.toUpperCase(),
        );
        expect(parseFilter(shouted, type)).toEqual(tree);
      }),
      runs,
    );
  });

  test('not, and, or are those of logic', () => {
    fc.assert(
      fc.property(filter, filter, resource, (a, b, one) => {
        const [left, right] = [evaluateFilter(a, one), evaluateFilter(b, one)];
        expect(evaluateFilter({ kind: 'not', term: a }, one)).toBe(!left);
        expect(evaluateFilter({ kind: 'and', terms: [a, b] }, one)).toBe(left && right);
        expect(evaluateFilter({ kind: 'or', terms: [a, b] }, one)).toBe(left || right);
      }),
      runs,
    );
  });

  test('operators hang together', () => {
    fc.assert(
      fc.property(filter, resource, (tree, one) => {
        if (tree.kind !== 'comparison') return;
        const meets = (operator: typeof tree.operator) => evaluateFilter({ ...tree, operator }, one);
        const present = evaluateFilter({ kind: 'presence', path: tree.path }, one);
        if (tree.value === null) {
          expect(meets('eq')).toBe(!present);
          expect(meets('ne')).toBe(present);
          return;
        }
        expect(meets('eq') || meets('ne')).toBe(true);
        if (!present) expect([meets('eq'), meets('ne')]).toEqual([false, true]);
        if (typeof tree.value !== 'string') return;
        if (meets('eq')) expect([meets('co'), meets('sw'), meets('ew'), meets('ge'), meets('le')]).not.toContain(false);
        if (meets('sw') || meets('ew')) expect(meets('co')).toBe(true);
        expect(meets('ge')).toBe(meets('gt') || meets('eq'));
        expect(meets('le')).toBe(meets('lt') || meets('eq'));
      }),
      { numRuns: 1500 },
    );
  });

  test('any text is read or refused as invalidFilter, never anything else', () => {
    const pieces = fc.constantFrom(
      'userName',
      'emails',
      '[',
      ']',
      '(',
      ')',
      ' ',
      ' and ',
      ' or ',
      'not',
      ' eq ',
      ' pr',
      '"a"',
      '"',
      '\\',
      '.value',
      'true',
      '1',
      'null',
      ':',
      'urn:',
      '\0',
      '\ud800',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), parts => {
        try {
          parseFilter(parts.join(''), type);
        } catch (error) {
          expect(error).toMatchObject({ name: 'ScimError', status: 400, scimType: 'invalidFilter' });
        }
      }),
      { numRuns: 3000 },
    );
  });
});
