/** Claims of one process: none is taken for another one, and none is far ahead of the clock. */
import { createClaims } from '../../../bridge/store/work/claim';

const LEASE_MS = 15_000;
const YEAR = 365 * 86_400_000;

it('is unlike any other one of the same moment, and of a clock that goes back a little', () => {
  const claim = createClaims({ owner: 'a', leaseMs: LEASE_MS });
  const ends = [10_000, 10_000, 10_001, 9_000, 9_000].map(now => claim(now).until);
  expect(new Set(ends).size).toBe(ends.length);
  expect(ends).toEqual([...ends].sort((one, other) => one - other));
  expect(ends[0]).toBe(10_000 + LEASE_MS);
});

it('does not stay ahead after a clock that jumped ahead and came back', () => {
  const claim = createClaims({ owner: 'a', leaseMs: LEASE_MS });
  const now = 1_700_000_000_000;
  claim(now);
  expect(claim(now + YEAR).until).toBe(now + YEAR + LEASE_MS);
  expect(claim(now + 1_000).until).toBe(now + 1_000 + LEASE_MS);
  expect(claim(now + 1_000).until).toBe(now + 1_000 + LEASE_MS + 1);
});
