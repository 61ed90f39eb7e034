/** Two bridges on a Postgres whose place is taken by a standby that lacks the last of what was done. */
import { readInstallation } from '../../../bridge/store/recovery/position';
import { type OwnPostgres, startOwnPostgres } from '../../support/own-postgres';
import { findPostgres } from '../../support/postgres-server';
import { until } from '../../support/until';
import { atEnd, type Stage, startStage } from '../stage';

const found = findPostgres();
const binaries = found !== undefined && 'binaries' in found ? found.binaries : undefined;

(binaries === undefined ? describe.skip : describe)('a standby that takes over from Postgres', () => {
  let postgres: OwnPostgres;
  let one: Stage;
  let two: Stage;
  let people: Record<'ann' | 'bob' | 'cyd', string>;

  beforeEach(async () => {
    postgres = await startOwnPostgres(binaries ?? '');
    atEnd(() => postgres.remove());
    one = await startStage({ databaseUrl: postgres.url });
    two = await startStage({ databaseUrl: postgres.url, double: one.coder });
    await one.declare({ guard: { maxRemovalsPercent: 100 } });
    people = {
      ann: await one.createUser('ann'),
      bob: await two.createUser('bob'),
      cyd: await two.createUser('cyd'),
    };
  });

  const statusOf = (name: string) => one.coder.describe(name).status;

  /** The connections of before are gone, and are noticed one by one. */
  const leaves = (stage: Stage, id: string) =>
    until('the database is there', () =>
      stage.setActive(id, false).then(
        () => true,
        () => false,
      ),
    );

  it('and had all of it: all goes on', async () => {
    await one.setActive(people.ann, false);
    await postgres.restart('fast');
    await leaves(two, people.bob);
    await leaves(one, people.cyd);
    expect(['ann', 'bob', 'cyd'].map(statusOf)).toEqual(['suspended', 'suspended', 'suspended']);
    expect(await two.reconciler.status()).toMatchObject({ recovery: null });
  });

  it('and lacks what another bridge did last: nobody goes on, and who had left is named', async () => {
    const { db } = two.database;
    const { position } = await readInstallation(db);
    await one.setActive(people.ann, false);
    // As the second bridge had it last: by its own word alone nothing is missing.
    await db
      .updateTable('settings')
      .set({ value: String(position) })
      .where('key', '=', 'position')
      .execute();
    await postgres.restart('immediate');
    await leaves(two, people.bob);
    expect([statusOf('ann'), statusOf('bob')]).toEqual(['suspended', 'dormant']);
    expect((await two.reconciler.recovery()).people).toMatchObject([{ userName: 'ann' }]);
    await leaves(one, people.cyd);
    expect(statusOf('cyd')).toBe('dormant');
  });

  it('and lacks what this bridge did last: nobody goes on, also where nobody may read what it lost', async () => {
    const own = await startOwnPostgres(binaries ?? '');
    atEnd(() => own.remove());
    const stage = await startStage({
      databaseUrl: own.url,
      token: coder => {
        coder.addUser('bridge', { roles: ['user-admin'] });
        return coder.issueToken('bridge');
      },
    });
    await stage.declare({ guard: { maxRemovalsPercent: 100 } });
    const [ann, bob] = [await stage.createUser('ann'), await stage.createUser('bob')];
    const { position } = await readInstallation(stage.database.db);
    await stage.setActive(ann, false);
    await stage.database.db
      .updateTable('settings')
      .set({ value: String(position) })
      .where('key', '=', 'position')
      .execute();
    await own.restart('fast');
    await leaves(stage, bob);
    expect(['ann', 'bob'].map(name => stage.coder.describe(name).status)).toEqual(['suspended', 'dormant']);
    expect((await stage.reconciler.status()).recovery).not.toBeNull();
  });
});
