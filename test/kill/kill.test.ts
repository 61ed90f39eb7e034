import { findPostgres } from '../support/postgres-server';
import { type KillOptions, killRun } from './kill-run';

/** Nothing lost, whatever the moment of the kill. */
async function expectNothingLost(options: KillOptions & { acknowledged: number }): Promise<void> {
  const report = await killRun({ workers: 4, ...options });
  const { lost, differences, duplicates, pending, kills, scim } = report;
  expect({ lost, differences, duplicates, pending }).toEqual({
    lost: [],
    differences: [],
    duplicates: [],
    pending: [],
  });
  expect(kills).toBe(options.kills);
  expect(scim.acknowledged).toBeGreaterThanOrEqual(options.acknowledged);
}

const SEED = 20_251;

test('a bridge on SQLite that is killed again and again loses nothing', async () => {
  await expectNothingLost({ kills: 6, acknowledged: 120, seed: SEED, database: 'sqlite', replicas: 1 });
});

(findPostgres() === undefined ? test.skip : test)(
  'of three bridges on one Postgres, which is restarted as well, each may be killed, and nothing is lost',
  async () => {
    await expectNothingLost({ kills: 5, acknowledged: 100, seed: SEED, database: 'postgres', replicas: 3 });
  },
);
