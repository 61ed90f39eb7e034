/** Somebody loses something while a declaration is compared with everybody: they wait until it is applied, and no longer. */
import { putApp } from '../../../bridge/store/apps/apps';
import { AWAITS_DECLARATION } from '../../../bridge/reconcile/queue/end-work';
import { parseMappingState } from '../../../bridge/contract/mapping-state';
import { describeEachDatabase } from '../../support/databases';
import { until } from '../../support/until';
import { AMPLE_MS, APP, startStage } from '../stage';

const DEV = { idpGroup: 'dev', group: 'dev' };
const HOUR = 3_600_000;

describeEachDatabase('a declaration that is applied', (_open, on) => {
  it('makes whoever waited for it due at once, however long they waited', async () => {
    const stage = await startStage({ databaseUrl: await on.freshUrl() });
    await stage.declare({ groupMappings: { dev: DEV, old: { idpGroup: 'old', group: 'old' } } });
    const ann = await stage.createUser('ann');
    const ben = await stage.createUser('ben');
    const group = await stage.createGroup('dev', [ann, ben]);
    // Everybody is compared by then; what nothing declares any more goes after that.
    const call = stage.coder.faults.hold({ method: 'DELETE', path: '/groups/' });
    const document = parseMappingState({ version: 1, app: APP, groupMappings: { dev: DEV } });
    await putApp(stage.database, document, 'any', { actor: 'declaration', requestId: 'apply-2' }, Date.now());
    const declared = stage.reconciler.converge([`app:${APP}`], { deadlineMs: AMPLE_MS });
    await call.arrived;
    const { touched } = (await stage.directory.updateGroup(stage.context, group, () => ({
      memberChanges: [{ kind: 'remove', values: [ann] }],
    }))) ?? { touched: [] };
    await stage.reconciler.converge(touched, { deadlineMs: 300 });
    const row = () =>
      stage.database.db
        .selectFrom('work')
        .select(['error', 'due_at', 'attempts'])
        .where('key', '=', `person:${ann}`)
        .executeTakeFirst();
    expect(await row()).toMatchObject({ error: AWAITS_DECLARATION, attempts: 0 });
    // As it is after the longest wait: the next look of their own would be far away.
    await stage.database.db
      .updateTable('work')
      .set({ due_at: Date.now() + HOUR })
      .where('key', '=', `person:${ann}`)
      .execute();
    expect(stage.coder.membersOf('dev')).toEqual(['ann', 'ben']);
    call.release();
    await declared;
    expect((await row())?.due_at).toBeLessThanOrEqual(Date.now());
    stage.reconciler.start();
    await until('ann to be out of the group', () => !stage.coder.membersOf('dev').includes('ann'));
    await until('nothing to wait', async () => (await stage.reconciler.status()).apps[0]?.converged === true);
    expect(stage.coder.membersOf('dev')).toEqual(['ben']);
  });
});
