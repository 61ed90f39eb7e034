/** Deals with a group of the directory: which mappings it satisfies, and the Coder group of a pushed-group rule. */
import { outcomeOf } from '../../coder';
import { bumpRules } from '../../store/apps/apps';
import { writeAudit } from '../../store/audit/audit';
import { managedGroupsOf } from '../../store/accounts/coder-groups';
import { type Db } from '../../store/database/database';
import { readGroup } from '../../store/directory/reading';
import { enqueue, enqueueMembersOf, PRIORITY, type WorkKey } from '../../store/work/enqueue';
import { listOpenHolds } from '../../store/accounts/holds';
import { type Work } from '../../store/work/work';
import { refreshBindings } from '../declaration/bindings';
import { ensurePushedGroup, keepOne } from './ensure-groups';
import { groupsInMaking } from './being-made';
import { tidy } from './remove-undeclared';
import { type Context } from '../context/context';
import { type Rim } from '../context/rim';
import { findOrganization, isPushed } from '../decide/rules';
import { writeClaims } from '../declaration/write-claims';
import { settle, type Settled } from '../queue/settle';
import { Trail } from '../context/audit-lines';

/** Deals with `scim-group:<SCIM id>`. */
export async function convergeScimGroup(rim: Rim, work: Work): Promise<Settled> {
  const groupId = work.key.slice('scim-group:'.length);
  const { db } = rim.database;
  const trail = new Trail(work.cause, () => rim.clock.now());
  try {
    const context = await rim.context.get();
    const app = context.apps.get(work.app);
    if (app === undefined || app.deleting) return await settle(rim, work, { kind: 'done' });
    const group = await readGroup(db, groupId);
    await rebind(rim, context, work, group !== undefined);
    const { state } = app;
    const rule = state.pushedGroups;
    if (group !== undefined && rule !== undefined && state.mode === 'push' && isPushed(state, group)) {
      const organization = findOrganization(context.catalog.organizations, rule.organization);
      if (organization !== undefined) {
        const keep = keepOne(rim, context, work.app, state, trail);
        const problems = await ensurePushedGroup(keep, organization, group);
        for (const problem of problems)
          rim.log.warn({ app: work.app, group: group.displayName, problem }, 'pushed group');
      }
    }
    if (state.mode === 'claims') await writeClaims(rim, await rim.context.get(), trail);
    // A group that is gone takes its Coder group along, once nobody is in it.
    if (group === undefined && (await leftSomething(db, groupId))) await tidy(rim, trail);
    return await settle(rim, work, { kind: 'done' }, [], tx => writeAudit(tx, trail.rows));
  } catch (error) {
    await writeAudit(db, trail.rows);
    return await settle(rim, work, outcomeOf(error));
  }
}

async function leftSomething(db: Db, groupId: string): Promise<boolean> {
  if ((await managedGroupsOf(db, groupId)).some(managed => managed.origin === 'created')) return true;
  return (await groupsInMaking(db)).length > 0;
}

/** Notes what the mappings match now, and in the same transaction whom that concerns: whatever ends this process, they are looked at. */
async function rebind(rim: Rim, context: Context, work: Work, exists: boolean): Promise<void> {
  await rim.database.transact(async db => {
    const { changed, groups } = await refreshBindings(db, context, work.app);
    if (!changed) return;
    await bumpRules(db);
    // A mapping whose group is gone may fit another one that has been there all along.
    const concerned = new Set([...(exists ? [work.key.slice('scim-group:'.length)] : []), ...groups]);
    for (const group of concerned) await enqueuePeople(db, rim, work, group);
    await enqueueHeld(db, rim, work);
  });
}

/** Whoever was held because a group had vanished may have an answer now. */
async function enqueueHeld(db: Db, rim: Rim, work: Work): Promise<void> {
  const held = (await listOpenHolds(db, work.app)).filter(row => row.reason === 'idp-group-vanished');
  await enqueue(
    db,
    held.map(row => ({ key: row.subject as WorkKey, app: work.app, priority: PRIORITY.request })),
    work.cause,
    rim.clock.now(),
  );
}

async function enqueuePeople(db: Db, rim: Rim, work: Work, groupId: string): Promise<void> {
  await enqueueMembersOf(db, groupId, work.app, PRIORITY.request, work.cause, rim.clock.now());
}
