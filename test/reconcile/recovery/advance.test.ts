/** The position that each call to Coder carries: it counts what begins, and what begins together once. */
import { readInstallation } from '../../../bridge/store/recovery/position';
import { Recovery } from '../../../bridge/reconcile/recovery/recovery';
import { openDatabase } from '../../../bridge/store/database/database';
import { freshSqlite } from '../../support/databases';

it('counts up before work begins, once for all that begins in the same moment', async () => {
  const file = freshSqlite();
  const database = await openDatabase(file.url);
  const carried: string[] = [];
  const nobody = () => Promise.reject(new Error('not asked here'));
  const recovery = new Recovery({
    database,
    coder: { whoami: nobody, listAuditRows: nobody, callAs: caller => carried.push(caller) },
    clock: { now: () => Date.now() },
    log: { error: () => undefined, warn: () => undefined, info: () => undefined, debug: () => undefined },
  });
  await readInstallation(database.db);
  const position = async () => (await readInstallation(database.db)).position;

  expect(await Promise.all([recovery.advance(), recovery.advance(), recovery.advance()])).toEqual([true, true, true]);
  expect([await position(), carried.length]).toEqual([1, 1]);

  // Whoever comes once it is being counted begins later.
  const first = recovery.advance();
  await Promise.resolve();
  const second = recovery.advance();
  expect(await Promise.all([first, second])).toEqual([true, true]);
  expect(await position()).toBe(3);

  await database.close();
  await file.drop();
});
