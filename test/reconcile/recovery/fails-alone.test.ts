/** A Coder that answers everything else and fails at its audit log for long: an operator may go on without, and nobody before that. */
import { CoderError } from '../../../bridge/coder';
import { Recovery } from '../../../bridge/reconcile/recovery/recovery';
import { openDatabase } from '../../../bridge/store/database/database';
import { readInstallation } from '../../../bridge/store/recovery/position';
import { freshSqlite } from '../../support/databases';
import { silentLog } from '../stage';

const MINUTE = 60_000;

it('ends a comparison that only the audit log keeps from coming about, a quarter of an hour later', async () => {
  const file = freshSqlite();
  const database = await openDatabase(file.url);
  try {
    await readInstallation(database.db);
    await database.db.updateTable('settings').set({ value: '7' }).where('key', '=', 'position').execute();
    const fails = () =>
      Promise.reject(new CoderError('Coder answered 500', { kind: 'failed', route: 'GET /audit', status: 500 }));
    let isAway = false;
    let now = 0;
    const recovery = new Recovery({
      database,
      coder: {
        whoami: () => (isAway ? fails() : Promise.resolve({ user: { id: 'bridge', username: 'bridge' } } as never)),
        listAuditRows: fails,
        callAs: () => undefined,
      },
      clock: { now: () => now },
      log: silentLog,
    });
    const end = () => recovery.end({ by: 'operator' });
    for (; now < 14 * MINUTE; now += MINUTE) {
      expect(await recovery.holds()).toMatch(/not known yet/);
      expect(recovery.mayEnd).toBe(false);
      expect(await end()).toBe(false);
    }
    // Away for once: it begins anew.
    isAway = true;
    await recovery.holds();
    isAway = false;
    for (const until = now + 14 * MINUTE; now < until; now += MINUTE) {
      await recovery.holds();
      expect(recovery.mayEnd).toBe(false);
    }
    now += 2 * MINUTE;
    expect(await recovery.holds()).toMatch(/everything else, and not its audit log: .* `coder-scim recover --yes`/);
    expect(recovery.mayEnd).toBe(true);
    expect(await end()).toBe(true);
    expect(await recovery.holds()).toBeUndefined();
  } finally {
    await database.close();
    await file.drop();
  }
});
