/** The position that each call to Coder carries: it counts what begins, and what begins together once. */
import { readInstallation } from '../../../bridge/store/recovery/position';
import { Recovery } from '../../../bridge/reconcile/recovery/recovery';
import { type Database, openDatabase } from '../../../bridge/store/database/database';
import { freshSqlite } from '../../support/databases';

const file = freshSqlite();
let database: Database;
beforeEach(async () => {
  database = await openDatabase(file.url);
});
afterEach(() => database.close());
afterAll(() => file.drop());

function recoveryOf(database: Database, carried: string[]): Recovery {
  const nobody = () => Promise.reject(new Error('not asked here'));
  return new Recovery({
    database,
    coder: { whoami: nobody, listAuditRows: nobody, callAs: caller => carried.push(caller) },
    clock: { now: () => Date.now() },
    log: { error: () => undefined, warn: () => undefined, info: () => undefined, debug: () => undefined },
  });
}

it('counts up before work begins, once for all that begins in the same moment', async () => {
  const carried: string[] = [];
  const recovery = recoveryOf(database, carried);
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
});

it('tells all of them what the database does not take, and counts anew for whoever comes later', async () => {
  const closed = await openDatabase(file.url);
  await closed.close();
  const recovery = recoveryOf(closed, []);
  const all = await Promise.allSettled([recovery.advance(), recovery.advance()]);
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(recovery.advance()).rejects.toThrow();
});
