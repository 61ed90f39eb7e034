/** A lease that is held for long: kept by whoever works under it, and lost by whoever stood still. */
import { LeaseTaken, withLease } from '../../../bridge/reconcile/context/mutex';
import { dropLease, takeLease } from '../../../bridge/store/work/leases';
import { describeEachDatabase } from '../../support/databases';
import { until } from '../../support/until';

const LEASE_MS = 30_000;

describeEachDatabase('a lease', open => {
  it('is kept while the work under it goes on, however long that takes', async () => {
    const { db } = await open();
    let now = 1_000;
    const renewals: (() => void)[] = [];
    const every = jest.spyOn(global, 'setInterval').mockImplementation((renew: () => void) => {
      renewals.push(renew);
      return setTimeout(() => undefined);
    });
    await withLease(db, 'long', 'one', { now: () => now }, async check => {
      every.mockRestore();
      now += LEASE_MS / 3;
      for (const renew of renewals) renew();
      const ends = async () => (await db.selectFrom('leases').select('until').executeTakeFirst())?.until;
      await until('the lease to be renewed', async () => Number(await ends()) === now + LEASE_MS);
      now += LEASE_MS - 1;
      expect(await takeLease(db, 'long', 'another', now, LEASE_MS)).toBe(false);
      await check();
    });
    expect(await takeLease(db, 'long', 'another', now, LEASE_MS)).toBe(true);
  });

  it.each([
    ['has it', false],
    ['had it', true],
  ])('is lost by whoever stood still when another one %s since', async (_, isOver) => {
    const { db } = await open();
    let now = 1_000;
    const work = withLease(db, 'long', 'one', { now: () => now }, async check => {
      now += LEASE_MS + 1;
      await check();
      now += LEASE_MS + 1;
      expect(await takeLease(db, 'long', 'another', now, LEASE_MS)).toBe(true);
      if (isOver) await dropLease(db, 'long', 'another');
      await check();
    });
    await expect(work).rejects.toThrow(LeaseTaken);
    expect(await takeLease(db, 'long', 'one', now, LEASE_MS)).toBe(isOver);
  });
});
