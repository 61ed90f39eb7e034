/** Whose a Coder group is, and what is noted of its members, where two bridges or two works are at it in the same moment. */
import { describeEachDatabase } from '../../support/databases';
import { startStage, type Stage } from '../stage';

const groupsOf = (stage: Stage): Record<string, readonly string[]> =>
  stage.coder.snapshot().organizations['coder']?.groups ?? {};
const managed = (stage: Stage) =>
  stage.database.db.selectFrom('coder_groups').select(['name', 'scim_group_id']).orderBy('name').execute();

describeEachDatabase('a pushed group', (_open, on) => {
  const start = async (pushedGroups: object = {}) => {
    const stage = await startStage({ databaseUrl: await on.freshUrl() });
    await stage.declare({ pushedGroups });
    return { stage, ann: await stage.createUser('ann') };
  };

  /** Another Coder group counts as that of the same group of the directory. */
  async function getsAnother(stage: Stage, group: string, name: string): Promise<void> {
    await stage.database.db
      .insertInto('coder_groups')
      .values({
        id: stage.coder.addGroup(name).id,
        organization: stage.coder.findOrganization().id,
        name,
        origin: 'created',
        scim_group_id: group,
        writes: 0,
        unsure: 0,
      })
      .execute();
  }

  /** The group goes, while somebody is noted as to be in it whose account is nobody's. */
  async function goesWith(stage: Stage, group: string, username: string): Promise<void> {
    const { db } = stage.database;
    stage.coder.addToGroup(username, 'team');
    const { id } = await db.selectFrom('coder_groups').select('id').executeTakeFirstOrThrow();
    await db
      .insertInto('coder_members')
      .values({ coder_group_id: id, coder_user_id: stage.coder.findUser(username).id, present: 1, wanted: 1 })
      .execute();
    await stage.write(stage.directory.deleteGroup(stage.context, group));
    await stage.settle();
    await stage.reconciler.sweep();
    await stage.settle();
  }

  it('that has two in Coder is not thought to have lost one: both go with it', async () => {
    const { stage, ann } = await start();
    const group = await stage.createGroup('team', [ann]);
    await getsAnother(stage, group, 'team-2');
    await stage.write(
      stage.directory.updateGroup(stage.context, group, current => ({
        document: { ...current.document, displayName: 'crew' },
      })),
    );
    await stage.settle();
    expect((await managed(stage)).map(row => row.scim_group_id)).toEqual([group, group]);
    await stage.write(stage.directory.deleteGroup(stage.context, group));
    await stage.settle();
    expect(groupsOf(stage)).toEqual({});
  });

  it('takes over a group only where it has not got another one meanwhile', async () => {
    const { stage, ann } = await start({ adopt: true });
    stage.coder.addGroup('team');
    const looked = stage.coder.faults.hold({ method: 'GET', path: /\/groups\/team$/ });
    const pushed = stage.createGroup('team', [ann]);
    await looked.arrived;
    const { id } = await stage.database.db.selectFrom('groups').select('id').executeTakeFirstOrThrow();
    await getsAnother(stage, id, 'team-2');
    looked.release();
    await pushed;
    await stage.settle();
    expect(await managed(stage)).toEqual([{ name: 'team-2', scim_group_id: id }]);
    expect(groupsOf(stage)).toEqual({ team: [], 'team-2': ['ann'] });
  });

  it('that was deleted while it was being renamed does not take back what the next one has taken over', async () => {
    const { stage, ann } = await start();
    const group = await stage.createGroup('team', [ann]);
    const renaming = stage.coder.faults.hold({ method: 'PATCH', path: /\/groups\// });
    const renamed = stage.write(
      stage.directory.updateGroup(stage.context, group, current => ({
        document: { ...current.document, displayName: 'crew' },
      })),
    );
    await renaming.arrived;
    const { db } = stage.database;
    await stage.directory.deleteGroup(stage.context, group);
    const { resource: next } = await stage.directory.createGroup(
      stage.context,
      { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: 'crew' },
      [{ value: ann }],
    );
    // Another bridge did it.
    await db.updateTable('coder_groups').set({ scim_group_id: next.id, name: 'crew' }).execute();
    await db.deleteFrom('work').where('key', '=', `scim-group:${next.id}`).execute();
    renaming.release();
    await renamed;
    expect((await managed(stage)).map(row => row.scim_group_id)).toEqual([next.id]);
    await stage.settle();
    expect(Object.keys(groupsOf(stage))).toEqual(['crew']);
    expect(await managed(stage)).toEqual([{ name: 'crew', scim_group_id: next.id }]);
    const lines = await stage.reconciler.audit({});
    expect(lines.filter(line => line.action === 'group.rename')).not.toEqual([]);
  });

  it('that went does not take out an account that is never touched, though it is nobody’s', async () => {
    const { stage, ann } = await start();
    const group = await stage.createGroup('team', [ann]);
    stage.coder.addUser('robot', { email: '', loginType: 'none', isServiceAccount: true });
    await goesWith(stage, group, 'robot');
    await stage.reconciler.sweep();
    expect(groupsOf(stage)).toEqual({ team: ['robot'] });
    expect((await stage.reconciler.status()).leftOver).toEqual([expect.stringContaining('put into it by hand')]);
  });

  it('that went leaves no group behind for the sake of an account that is nobody’s', async () => {
    const { stage, ann } = await start();
    const group = await stage.createGroup('team', [ann]);
    stage.coder.addUser('bob');
    await goesWith(stage, group, 'bob');
    expect(groupsOf(stage)).toEqual({});
  });
});
