/** What is looked for in a long audit trail is found whatever piece of it has it, in order, and with turns for others on the way. */
import { type AuditRow, queryAudit, writeAuditInTurns } from '../../bridge/store/audit/audit';
import { type Database } from '../../bridge/store/database/database';
import { describeEachDatabase } from '../support/databases';

const LINES = 12_000;

describeEachDatabase('a long audit trail', open => {
  let database: Database;

  beforeAll(async () => {
    database = await open();
    const rows = Array.from({ length: LINES }, (_, index): AuditRow => {
      const action = index % 4_000 === 0 ? 'rare' : 'usual';
      return { at: index, app: 'acme', actor: 'scim', action, target: String(index), result: 'done' };
    });
    await writeAuditInTurns(database.db, rows);
    // Lines that were removed by age leave a gap.
    await database.db.deleteFrom('audit').where('id', '<=', 100).execute();
  });

  const targets = async (query: Parameters<typeof queryAudit>[1]) =>
    (await queryAudit(database.db, query)).map(({ target }) => Number(target));

  test('gives the newest first, and after a line the oldest', async () => {
    expect(await targets({ action: 'rare' })).toEqual([8_000, 4_000]);
    expect(await targets({ action: 'rare', afterId: 0 })).toEqual([4_000, 8_000]);
    expect(await targets({ action: 'rare', afterId: 4_001 })).toEqual([8_000]);
    expect(await targets({ action: 'rare', beforeId: 8_001 })).toEqual([4_000]);
    expect(await targets({ action: 'nothing' })).toEqual([]);
  });

  test('gives as many as are wanted, across the pieces that it is read in', async () => {
    const newest = Array.from({ length: 1_000 }, (_, index) => LINES - 1 - index);
    expect(await targets({ limit: 1_000 })).toEqual(newest);
    expect(await targets({ app: 'acme', limit: 1_000 })).toEqual(newest);
    expect(await targets({ action: 'rare', limit: 1 })).toEqual([8_000]);
    expect(await targets({ app: 'acme', since: 4_999, until: 5_002 })).toEqual([5_001, 5_000, 4_999]);
  });

  test('leaves a turn to others for each piece of 5,000 lines', async () => {
    if (database.backend === 'postgres') return;
    let turns = 0;
    let looking = true;
    const others = (async () => {
      while (looking) {
        await new Promise(setImmediate);
        turns += 1;
      }
    })();
    await targets({ action: 'nothing' });
    looking = false;
    await others;
    expect(turns).toBeGreaterThanOrEqual(Math.ceil((LINES - 100) / 5_000));
  });
});
