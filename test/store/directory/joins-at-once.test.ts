/** What is decided in a transaction that is still open, and what another one makes of it meanwhile: nobody falls between them. */
import { parseMappingState } from '../../../bridge/contract/mapping-state';
import { markApplied, putApp } from '../../../bridge/store/apps/apps';
import { createReadReach } from '../../../bridge/store/apps/reach';
import { type Db } from '../../../bridge/store/database/database';
import { createDirectory, enqueueEverybodyIn } from '../../../bridge/store/directory';
import { createGroup, deleteGroup, updateGroup } from '../../../bridge/store/directory/groups';
import { readNamesakes } from '../../../bridge/store/directory/namesakes';
import { type WriteContext } from '../../../bridge/store/directory/resources';
import { type Write } from '../../../bridge/store/directory/rows';
import { updateUser } from '../../../bridge/store/directory/users';
import { type Cause, PRIORITY } from '../../../bridge/store/work/enqueue';
import { queuedKeys } from '../../../bridge/store/work/pending';
import { describeEachDatabase } from '../../support/databases';

const CAUSE: Cause = { actor: 'bridge' };
const context: WriteContext = { app: 'okta', cause: { actor: 'scim', requestId: 'r1', token: 't' } };

/** The other one comes as far as it can; how far that is, no test depends on. */
const aMoment = () => new Promise(resolve => setTimeout(resolve, 50));

/** A write that stays open as long as its transaction. */
const writing = (db: Db): Write => ({ ...context, db, now: 1, dueAt: 1, reach: createReadReach() });

describeEachDatabase('everybody in a group', open => {
  it.each([
    ['of the group itself', false],
    ['of a group within it', true],
  ])('is queued with whoever joins meanwhile, as a member %s', async (_, isNested) => {
    const database = await open();
    const directory = createDirectory(database);
    const { resource: outer } = await directory.createGroup(context, { schemas: [], displayName: 'outer' }, []);
    const { resource: inner } = await directory.createGroup(context, { schemas: [], displayName: 'inner' }, []);
    await directory.updateGroup(context, outer.id, () => ({
      memberChanges: [{ kind: 'add', members: [{ value: inner.id }] }],
    }));
    const { resource: ada } = await directory.createUser(context, { schemas: [], userName: 'ada', active: true });
    await database.db.deleteFrom('work').execute();

    const group = isNested ? inner.id : outer.id;
    let queued: Promise<unknown> = Promise.resolve();
    await database.transact(async db => {
      await db.updateTable('groups').set({ version: 2 }).where('id', '=', group).execute();
      await db
        .insertInto('member_rows')
        .values({ set_id: group, member_id: ada.id, member_type: 'User', display: null })
        .execute();
      queued = database.transact(other =>
        enqueueEverybodyIn({ db: other, app: 'okta', cause: CAUSE, now: 1 }, outer.id, PRIORITY.request),
      );
      await aMoment();
    });
    await queued;
    expect([...(await queuedKeys(database.db, [`person:${ada.id}`]))]).toEqual([`person:${ada.id}`]);
  });
});

describeEachDatabase('somebody of whom an address is changed', (open, { backend }) => {
  it.each(['is renamed to one that a mapping names', 'comes into one that a mapping names'])(
    'is queued by what comes last where their group %s meanwhile',
    async what => {
      const database = await open();
      const { db } = database;
      const directory = createDirectory(database);
      const state = parseMappingState({
        version: 1,
        app: 'okta',
        policies: { accounts: 'mapped' },
        roleMappings: { admins: { idpGroup: 'admins', role: 'auditor' } },
      });
      await putApp(database, state, 'absent', CAUSE, 1);
      await markApplied(db, 'okta', 1, []);
      const person = { schemas: [], userName: 'ada', active: true };
      const { resource: ada } = await directory.createUser(context, person);
      const { resource: group } = await directory.createGroup(context, { schemas: [], displayName: 'lunch' }, [
        { value: ada.id },
      ]);
      const { resource: admins } = await directory.createGroup(
        context,
        { schemas: [], displayName: what.startsWith('comes') ? 'admins' : 'others' },
        [],
      );
      await db.deleteFrom('work').execute();

      let changing: Promise<unknown> = Promise.resolve();
      await database.transact(async open => {
        const changed = await updateUser(writing(open), ada.id, () => ({
          ...person,
          emails: [{ value: 'ada@corp.example' }],
        }));
        expect(changed?.touched).toEqual([]);
        changing = what.startsWith('comes')
          ? directory.updateGroup(context, admins.id, () => ({
              memberChanges: [{ kind: 'add', members: [{ value: group.id }] }],
            }))
          : directory.updateGroup(context, group.id, () => ({ document: { schemas: [], displayName: 'admins' } }));
        await aMoment();
        // Whatever is queued by now is dealt with by what can be read by now.
        if (backend === 'postgres') await db.deleteFrom('work').execute();
      });
      await changing;
      expect([...(await queuedKeys(db, [`person:${ada.id}`]))]).toEqual([`person:${ada.id}`]);
    },
  );
});

describeEachDatabase('groups of one name', open => {
  it.each(['renamed', 'deleted'])('are told apart where one is %s while another one is made', async what => {
    const database = await open();
    const directory = createDirectory(database);
    const named = (externalId: string) => ({ schemas: [], displayName: 'devs', externalId });
    const { resource: first } = await directory.createGroup(context, named('1'), []);
    await directory.createGroup(context, named('2'), []);
    let making: Promise<unknown> = Promise.resolve();
    await database.transact(async open => {
      const write = writing(open);
      if (what === 'deleted') await deleteGroup(write, first.id);
      else await updateGroup(write, first.id, () => ({ document: { ...named('1'), displayName: 'others' } }));
      making = directory.createGroup(context, named('3'), []);
      await aMoment();
    });
    await making;
    expect((await readNamesakes(database.db)).map(({ displayName }) => displayName)).toEqual(['devs', 'devs']);
  });

  it.each(['renamed', 'deleted'])('are written once each, where one is %s while another one is made', async what => {
    const database = await open();
    const { db } = database;
    const directory = createDirectory(database);
    const state = parseMappingState({
      version: 1,
      app: 'okta',
      roleMappings: { devs: { idpGroup: 'devs', role: 'auditor' } },
    });
    await putApp(database, state, 'absent', CAUSE, 1);
    await markApplied(db, 'okta', 1, []);
    const named = (externalId: string) => ({ schemas: [], displayName: 'devs', externalId });
    const { resource: ada } = await directory.createUser(context, { schemas: [], userName: 'ada', active: true });
    const { resource: first } = await directory.createGroup(context, named('1'), [{ value: ada.id }]);
    const tries: string[] = [];
    const writes: Promise<unknown>[] = [];
    await database.transact(async busy => {
      // Both are to queue her, and wait for this.
      await busy.updateTable('work').set({ due_at: 2 }).where('key', '=', `person:${ada.id}`).execute();
      writes.push(
        database.transact(async other => {
          tries.push(what);
          if (what === 'deleted') await deleteGroup(writing(other), first.id);
          else
            await updateGroup(writing(other), first.id, () => ({
              document: { ...named('1'), displayName: 'others' },
              memberChanges: [{ kind: 'remove', values: [ada.id] }],
            }));
        }),
      );
      await aMoment();
      writes.push(
        database.transact(async other => {
          tries.push('made');
          await createGroup(writing(other), named('3'), [{ value: ada.id }]);
        }),
      );
      await aMoment();
    });
    await Promise.all(writes);
    expect(tries.sort()).toEqual(['made', what].sort());
  });
});
