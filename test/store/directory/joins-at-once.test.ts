/** Somebody joins a group in a transaction that is still open while everybody in the group is queued for something else. */
import { createDirectory, enqueueEverybodyIn } from '../../../bridge/store/directory';
import { type WriteContext } from '../../../bridge/store/directory/resources';
import { type Cause, PRIORITY } from '../../../bridge/store/work/enqueue';
import { queuedKeys } from '../../../bridge/store/work/pending';
import { describeEachDatabase } from '../../support/databases';

const CAUSE: Cause = { actor: 'bridge' };
const context: WriteContext = { app: 'okta', cause: { actor: 'scim', requestId: 'r1', token: 't' } };

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
      // The other one comes as far as it can; how far that is, nothing here depends on.
      await new Promise(resolve => setTimeout(resolve, 50));
    });
    await queued;
    expect([...(await queuedKeys(database.db, [`person:${ada.id}`]))]).toEqual([`person:${ada.id}`]);
  });
});
