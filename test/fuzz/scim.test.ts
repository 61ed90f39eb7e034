import { fuzz } from './run';

// The same requests each time, so that a failure comes from what was changed; `npx tsx test/fuzz/scim.ts` looks for new ones.
const seed = 20_251;

test.each(['generic', 'entra'] as const)(
  'hostile requests of a caller with a valid token are refused and harm nothing (%s)',
  async identityProvider => {
    const report = await fuzz({ requests: 3_000, seed, identityProvider });
    expect(report.failures).toEqual([]);
    const count = (status: number) => report.statuses.get(status) ?? 0;
    // The requests are not so wrong that nothing but the doorkeeper sees them.
    for (const status of [200, 204, 400, 404, 405, 409, 412])
      expect([status, count(status) > 0]).toEqual([status, true]);
    const [before, after] = report.heapMb;
    expect(after).toBeLessThan(before * 1.5 + 20);
  },
);
