import { parseFilter, parsePath } from '../../../bridge/scim-language/filter/parser';
import { userType } from '../../../bridge/scim-language/schema/resource-types';
import { containing, refusal } from '../leniency';

const wide = { limits: { maxLength: 1_000_000, maxTerms: 1_000_000, maxDepth: 1000 } };

describe('bounds of filters', () => {
  test.each([
    ['length', `title eq "${'x'.repeat(40_000)}"`, 'at most 32768 characters'],
    ['comparisons', Array(301).fill('title pr').join(' or '), 'at most 300 comparisons'],
    ['round brackets', `${'('.repeat(5000)}title pr${')'.repeat(5000)}`, 'at most 32 brackets'],
    ['not', `${'not ('.repeat(5000)}title pr${')'.repeat(5000)}`, 'at most 32 brackets'],
    ['unclosed brackets', '('.repeat(30_000), 'at most 32 brackets'],
    ['a word without end', 'a'.repeat(30_000), 'an attribute of User'],
    ['a string without end', `title eq "${'a'.repeat(30_000)}`, 'not closed'],
    ['escapes without end', `title eq "${'\\u0041'.repeat(5000)}`, 'not closed'],
    ['dots without end', `name${'.a'.repeat(15_000)} pr`, 'an attribute of User'],
  ])('%s', (_, text, detail) => {
    const refused = refusal(() => parseFilter(text, userType));
    expect(refused).toMatchObject({ status: 400, scimType: 'invalidFilter', detail: containing(detail) });
    expect(refused.detail.length).toBeLessThan(600);
  });

  test('a path is bounded likewise', () => {
    expect(refusal(() => parsePath(`emails[${'('.repeat(20_000)}`, userType)).scimType).toBe('invalidFilter');
    expect(refusal(() => parsePath('x'.repeat(100_000), userType)).status).toBe(400);
  });

  test.each([
    ['or', (n: number) => Array<string>(n).fill('title pr').join(' or ')],
    ['and', (n: number) => Array<string>(n).fill('title pr').join(' and ')],
    ['groups', (n: number) => Array<string>(n).fill('(title pr or locale pr)').join(' and ')],
    ['value paths', (n: number) => Array<string>(n).fill('emails[type eq "a"].value eq "b"').join(' or ')],
    [
      'names without schema',
      (n: number) => Array<string>(n).fill('urn:ietf:params:scim:schemas:core:2.0:User:name.givenName pr').join(' or '),
    ],
  ])('work grows with length alone: %s', (_, filter) => {
    // The lexer matches an expression once or twice for each token.
    const read = jest.spyOn(RegExp.prototype, 'exec');
    try {
      const tokens = (n: number) => {
        read.mockClear();
        parseFilter(filter(n), userType, wide);
        return read.mock.calls.length;
      };
      const small = tokens(10);
      expect(small).toBeGreaterThan(30);
      expect(tokens(1000)).toBeLessThanOrEqual(small * 100 + 100);
    } finally {
      read.mockRestore();
    }
  });
});
