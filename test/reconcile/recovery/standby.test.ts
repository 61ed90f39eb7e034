/** Two bridges on a Postgres whose place is taken by a standby that lacks the last of what was done. */
import { type Db } from '../../../bridge/store/database/database';
import { readInstallation } from '../../../bridge/store/recovery/position';
import { type CoderDouble } from '../../support/coder-double';
import { type OwnPostgres, startOwnPostgres } from '../../support/own-postgres';
import { findPostgres } from '../../support/postgres-server';
import { until } from '../../support/until';
import { atEnd, type Stage, startStage } from '../stage';

/** As if what was counted since were lost. */
async function setPosition(db: Db, position: number): Promise<void> {
  await db
    .updateTable('settings')
    .set({ value: String(position) })
    .where('key', '=', 'position')
    .execute();
}

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
    await setPosition(db, position);
    await postgres.restart('immediate');
    await leaves(two, people.bob);
    expect([statusOf('ann'), statusOf('bob')]).toEqual(['suspended', 'dormant']);
    expect((await two.reconciler.recovery()).people).toMatchObject([{ userName: 'ann' }]);
    await leaves(one, people.cyd);
    expect(statusOf('cyd')).toBe('dormant');
  });

  it('and lacks what one of them did last: whichever ends it, all go on', async () => {
    const { position } = await readInstallation(one.database.db);
    await one.setActive(people.ann, false);
    await setPosition(one.database.db, position);
    await postgres.restart('immediate');
    await leaves(one, people.bob);
    expect(statusOf('bob')).toBe('dormant');
    await allGoOnAfter(two);
  });

  it('and lacks what one of them did last, where nobody may read what it was: the same', async () => {
    const own = await startOwnPostgres(binaries ?? '');
    atEnd(() => own.remove());
    const token = (coder: CoderDouble) => {
      const isThere = [...coder.state.users.values()].some(({ username }) => username === 'bridge');
      if (!isThere) coder.addUser('bridge', { roles: ['user-admin'] });
      return coder.issueToken('bridge');
    };
    one = await startStage({ databaseUrl: own.url, token });
    two = await startStage({ databaseUrl: own.url, double: one.coder, token });
    await one.declare({ guard: { maxRemovalsPercent: 100 } });
    people = {
      ann: await one.createUser('ann'),
      bob: await two.createUser('bob'),
      cyd: await one.createUser('cyd'),
    };
    const { position } = await readInstallation(one.database.db);
    await one.setActive(people.ann, false);
    for (const name of ['dan', 'eve', 'fay', 'gus', 'hal', 'ida', 'jon', 'kim']) await two.createUser(name);
    // The first bridge had less of it than the second.
    await setPosition(one.database.db, position);
    await own.restart('immediate');
    await leaves(one, people.bob);
    expect(statusOf('bob')).toBe('dormant');
    await allGoOnAfter(one);
  });

  /** An operator asks this one to go on. */
  async function allGoOnAfter(asked: Stage): Promise<void> {
    expect(await asked.reconciler.endRecovery({ by: 'operator' })).toEqual({ ended: true });
    for (const stage of [one, two, one, two]) {
      await stage.settle();
      expect((await stage.reconciler.status()).recovery).toBeNull();
    }
    await leaves(two, people.cyd);
    await leaves(one, people.bob);
    expect(['bob', 'cyd'].map(statusOf)).toEqual(['suspended', 'suspended']);
    for (const stage of [one, two]) expect((await stage.reconciler.status()).recovery).toBeNull();
  }

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
    await setPosition(stage.database.db, position);
    await own.restart('fast');
    await leaves(stage, bob);
    expect(['ann', 'bob'].map(name => stage.coder.describe(name).status)).toEqual(['suspended', 'dormant']);
    expect((await stage.reconciler.status()).recovery).not.toBeNull();
  });
});
