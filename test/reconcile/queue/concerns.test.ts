/** What reaches nothing in Coder queues nobody; what might reach something does, however it comes about. */
import { putApp } from '../../../bridge/store/apps/apps';
import { parseMappingState } from '../../../bridge/contract/mapping-state';
import { type MemberChange } from '../../../bridge/scim-language/patch/operation';
import { enqueueEverybodyIn, looseSetsOf } from '../../../bridge/store/directory';
import { LARGE } from '../../../bridge/store/directory/large/pages';
import { PRIORITY } from '../../../bridge/store/work/enqueue';
import { fillUsers } from '../../bench/fill-directory';
import { type Stage, startStage } from '../stage';

const SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';

/** Keys that are queued. */
const queued = async (stage: Stage): Promise<string[]> => {
  const rows = await stage.database.db.selectFrom('work').select('key').orderBy('key').execute();
  return rows.map(row => row.key);
};

const addTo = (stage: Stage, group: string, ...users: string[]) =>
  stage.directory.updateGroup(stage.context, group, () => ({
    memberChanges: [{ kind: 'add', members: users.map(value => ({ value })) }],
  }));

const rename = (stage: Stage, group: string, displayName: string) =>
  stage.directory.updateGroup(stage.context, group, () => ({ document: { schemas: [SCHEMA], displayName } }));

const take = (stage: Stage, group: string, ...values: string[]) =>
  stage.directory.updateGroup(stage.context, group, () => ({ memberChanges: [{ kind: 'remove', values }] }));

/** A group that is changed in turns. */
const large = async (stage: Stage, people: readonly string[]) =>
  (
    await stage.directory.createGroup(
      stage.context,
      { displayName: 'large' },
      people.map(value => ({ value })),
    )
  ).resource;

const READS_ADMINS = { roleMappings: { admins: { idpGroup: 'admins', role: 'auditor' } } };

describe('a group that no mapping reads', () => {
  it('queues nobody and asks Coder nothing, from its making to its deletion', async () => {
    const stage = await startStage();
    await stage.declare(READS_ADMINS);
    const [ada, bob] = [await stage.createUser('ada'), await stage.createUser('bob')];
    stage.coder.calls.reset();
    const made = await stage.directory.createGroup(stage.context, { schemas: [SCHEMA], displayName: 'lunch' }, [
      { value: ada },
    ]);
    const { id } = made.resource;
    const joined = await addTo(stage, id, bob);
    const left = await stage.directory.updateGroup(stage.context, id, () => ({
      memberChanges: [{ kind: 'remove', values: [ada] }],
    }));
    const emptied = await stage.directory.updateGroup(stage.context, id, () => ({
      memberChanges: [{ kind: 'removeAll' }],
    }));
    expect([made, joined, left, emptied].map(written => [written?.changed, written?.touched])).toEqual(
      Array.from({ length: 4 }, () => [true, []]),
    );
    expect(await queued(stage)).toEqual([]);
    await addTo(stage, id, ada, bob);
    await stage.directory.deleteGroup(stage.context, id);
    expect((await queued(stage)).filter(key => key.startsWith('person:'))).toEqual([]);
    expect(stage.coder.calls.all()).toEqual([]);
  });

  // The larger ones change in turns of the event loop.
  it.each([1_000, 2_500])('queues nobody of %i people, from its making to its deletion', async many => {
    const stage = await startStage();
    await stage.declare(READS_ADMINS);
    const people = await fillUsers(stage.database, stage.context.app, many);
    const { id } = (await stage.directory.createGroup(stage.context, { schemas: [SCHEMA], displayName: 'lunch' }, []))
      .resource;
    const change = (memberChange: MemberChange) =>
      stage.directory.updateGroup(stage.context, id, () => ({ memberChanges: [memberChange] }));
    const half = people.slice(many / 2).map(value => ({ value }));
    const written = [
      await change({ kind: 'add', members: people.map(value => ({ value })) }),
      await rename(stage, id, 'dinner'),
      await change({ kind: 'replaceAll', members: half }),
      await change({ kind: 'remove', values: people.slice(0, -10) }),
      await change({ kind: 'removeAll' }),
    ];
    expect(written.map(one => [one?.changed, one?.touched])).toEqual(written.map(() => [true, []]));
    await addTo(stage, id, ...people);
    expect(await stage.directory.deleteGroup(stage.context, id)).toMatchObject({ touched: [] });
    expect(await queued(stage)).toEqual([]);
    const owed = await stage.database.db.selectFrom('loose_sets').select('id').where('cause', 'is not', null).execute();
    expect(owed).toEqual([]);
  });

  it('is read while those who were in it when it was are still to be queued', async () => {
    const stage = await startStage();
    await stage.declare(READS_ADMINS);
    const { db } = stage.database;
    const people = await fillUsers(stage.database, stage.context.app, LARGE + 3);
    const [ada = '', bob = '', cleo = ''] = people;
    const { id } = await large(stage, people);
    // What is owed from now on stays owed.
    await looseSetsOf(stage.database).stop();
    const { app, cause } = stage.context;
    await stage.database.transact(on => enqueueEverybodyIn({ db: on, app, cause, now: 1 }, id, PRIORITY.request));
    await take(stage, id, ada);
    expect(await queued(stage)).toEqual([`person:${ada}`]);
    await db.updateTable('loose_sets').set({ cause: null }).execute();
    await take(stage, id, bob);
    expect(await queued(stage)).toEqual([`person:${ada}`]);

    // A set that is no group's any more.
    const lunch = (await stage.directory.createGroup(stage.context, { displayName: 'lunch' }, [{ value: cleo }]))
      .resource.id;
    await db
      .insertInto('loose_sets')
      .values({ id: 'former', app, since: 1, next: null, cause: JSON.stringify(cause) })
      .execute();
    await db
      .insertInto('member_rows')
      .values({ set_id: 'former', member_id: lunch, member_type: 'Group', display: null })
      .execute();
    await take(stage, lunch, cleo);
    expect(await queued(stage)).toEqual([`person:${ada}`, `person:${cleo}`].sort());
  });

  it('is read by the name that it gets', async () => {
    const stage = await startStage();
    await stage.declare(READS_ADMINS);
    const ada = await stage.createUser('ada');
    const group = await stage.createGroup('lunch', [ada]);
    await rename(stage, group, 'ADMINS');
    expect(await queued(stage)).toEqual([`person:${ada}`, `scim-group:${group}`].sort());
  });

  it('is read while it is inside one that is', async () => {
    const stage = await startStage();
    await stage.declare(READS_ADMINS);
    const [ada, lunch] = [await stage.createUser('ada'), await stage.createGroup('lunch')];
    await stage.createGroup('admins', [lunch]);
    await stage.join(lunch, ada);
    expect(stage.coder.snapshot().users['ada']?.siteRoles).toEqual(['auditor']);
    await stage.leave(lunch, ada);
    expect(stage.coder.snapshot().users['ada']?.siteRoles).toEqual([]);
  });

  it('is read while a mapping that found it follows its new name', async () => {
    const stage = await startStage();
    await stage.declare(READS_ADMINS);
    const [ada, ben] = [await stage.createUser('ada'), await stage.createUser('ben')];
    const admins = await stage.createGroup('admins', [ben]);
    await stage.write(rename(stage, admins, 'gatekeepers'));
    await stage.join(admins, ada);
    expect(stage.coder.snapshot().users['ada']?.siteRoles).toEqual(['auditor']);
  });

  it('is read as everything is, while a declaration is being dealt with', async () => {
    const stage = await startStage();
    const state = await stage.declare(READS_ADMINS);
    const [ada, lunch] = [await stage.createUser('ada'), await stage.createGroup('lunch')];
    const next = { ...state, roleMappings: { admins: { idpGroup: 'others', role: 'auditor' } } };
    await putApp(stage.database, parseMappingState(next), 'any', { actor: 'declaration' }, Date.now());
    await addTo(stage, lunch, ada);
    expect(await queued(stage)).toContain(`person:${ada}`);
  });
});

describe('where only people in a mapped group have accounts', () => {
  const MAPPED = { ...READS_ADMINS, policies: { accounts: 'mapped' as const } };
  const change = (stage: Stage, id: string, more: object) =>
    stage.directory.updateUser(stage.context, id, current => ({ ...current.document, ...more }));

  it('somebody in none is settled with the write, and the address is remembered', async () => {
    const stage = await startStage();
    await stage.declare(MAPPED);
    stage.coder.calls.reset();
    const ada = await stage.createUser('ada');
    await change(stage, ada, { emails: [{ value: 'countess@example.com', primary: true }] });
    expect(await queued(stage)).toEqual([]);
    expect(stage.coder.calls.all()).toEqual([]);
    const known = await stage.database.db
      .selectFrom('addresses')
      .select('address')
      .where('user_id', '=', ada)
      .execute();
    expect(known.map(row => row.address).sort()).toEqual(['ada@example.com', 'countess@example.com']);
  });

  it('somebody in none who leaves is locked out of the account that bears a former address of theirs', async () => {
    const stage = await startStage();
    stage.coder.addUser('ada', { email: 'ada@example.com', status: 'active' });
    await stage.declare(MAPPED);
    const ada = await stage.createUser('ada');
    await change(stage, ada, { emails: [{ value: 'countess@example.com', primary: true }] });
    await stage.setActive(ada, false);
    expect(stage.coder.snapshot().users['ada']?.status).toBe('suspended');
  });

  it('somebody who has or had an account is dealt with at each change of what Coder has of them', async () => {
    const stage = await startStage();
    await stage.declare(MAPPED);
    const ada = await stage.createUser('ada');
    const admins = await stage.createGroup('admins', [ada]);
    expect(await change(stage, ada, { title: 'Countess' })).toMatchObject({ changed: true, touched: [] });
    expect(await change(stage, ada, { displayName: 'Ada' })).toMatchObject({ touched: [`person:${ada}`] });
    await stage.settle();
    await stage.leave(admins, ada);
    expect(await change(stage, ada, { title: 'Lady' })).toMatchObject({ changed: true, touched: [] });
    expect(await change(stage, ada, { displayName: 'Ada L.' })).toMatchObject({ touched: [`person:${ada}`] });
  });

  it('somebody with an account of whom something is open is dealt with at each change', async () => {
    const stage = await startStage();
    await stage.declare(MAPPED);
    const ada = await stage.createUser('ada');
    await stage.createGroup('admins', [ada]);
    await stage.settle();
    await stage.database.db.updateTable('people').set({ held_reason: 'seat' }).where('user_id', '=', ada).execute();
    expect(await change(stage, ada, { title: 'Countess' })).toMatchObject({ touched: [`person:${ada}`] });
  });

  it('somebody whose work waits is not taken for settled', async () => {
    const stage = await startStage();
    await stage.declare(MAPPED);
    const ada = await stage.createUser('ada');
    await stage.directory.createGroup(stage.context, { schemas: [SCHEMA], displayName: 'admins' }, [{ value: ada }]);
    await stage.database.db.deleteFrom('member_rows').execute();
    expect(await change(stage, ada, { title: 'Countess' })).toMatchObject({ touched: [`person:${ada}`] });
  });
});
