/** Deals with a group of the directory: which mappings it satisfies, and the Coder group of a pushed-group rule. */
import { outcomeOf } from '../../coder';
import { type DirectoryGroup } from '../../contract/directory';
import { managedGroupsOf } from '../../store/accounts/coder-groups';
import { listOpenHolds } from '../../store/accounts/holds';
import { bumpRules, isStill, type StoredApp } from '../../store/apps/apps';
import { type Db } from '../../store/database/database';
import { enqueueEverybodyIn, looseSetsOf } from '../../store/directory';
import { readGroup, readGroups } from '../../store/directory/reading';
import { entriesOfSubject } from '../../store/journal/journal';
import { enqueue, PRIORITY, type WorkKey } from '../../store/work/enqueue';
import { type Work } from '../../store/work/work';
import { type Context } from '../decide/context';
import { type Rim } from '../context/rim';
import { readBindingState, refreshBindings } from './bindings';
import { wakeApps } from '../context/filling-mappings';
import { bringSyncSettings } from './sync-settings';
import { decideOneGroup } from '../decide/group/groups';
import { ABOUT_PUSHED, sayPushed } from '../decide/group/pushed-groups';
import { isPushed } from '../decide/rules';
import { endWork, type EndedWork, LOOKED_FOR_AGAIN } from '../queue/end-work';
import { actOnGroups, orProblem } from '../group/act-on-groups';
import { observePushedGroup } from '../group/observe-groups';
import { removeUndeclared } from '../group/remove-undeclared';
import { settleBegun } from '../group/settle-begun';

/** Deals with `scim-group:<SCIM id>`. */
export async function convergeScimGroup(rim: Rim, work: Work): Promise<EndedWork> {
  const groupId = work.key.slice('scim-group:'.length);
  const { db } = rim.database;
  try {
    const context = await rim.context.get();
    const app = context.apps.get(work.app);
    if (app === undefined || app.deleting) return await endWork(rim, work, { kind: 'done' });
    const group = await readGroup(db, groupId);
    await rebind(rim, context, work, group);
    const problems = group === undefined ? [] : await convergePushedGroup(rim, context, app, group, work);
    await tellProblems(rim, app, group, problems, work);
    if (app.state.mode === 'claims') await bringSyncSettings(rim, work);
    const againAt = await settleWhatIsLeft(rim, work, group);
    const later = againAt === undefined ? undefined : { dueAt: againAt, reason: LOOKED_FOR_AGAIN };
    return await endWork(rim, work, { kind: 'done' }, [], undefined, { later });
  } catch (error) {
    return await endWork(rim, work, outcomeOf(error));
  }
}

/** Observe, decide, act and record: the Coder group of a group that the identity provider pushes. @returns problems, in words */
async function convergePushedGroup(
  rim: Rim,
  context: Context,
  app: StoredApp,
  group: DirectoryGroup,
  work: Work,
): Promise<readonly string[]> {
  const { state } = app;
  if (state.pushedGroups === undefined || state.mode !== 'push' || !isPushed(state, group)) return [];
  const declared = { apps: context.apps, organizations: context.catalog.organizations };
  const acting = { rim, app: app.name, work, surveyed: false };
  const problems: string[] = [];
  await orProblem(problems, sayPushed(group), async () => {
    const observed = await observePushedGroup(rim.database.db, declared, app, group, rim.coder);
    problems.push(...(await actOnGroups(acting, decideOneGroup(observed))));
  });
  for (const problem of problems) rim.log.warn({ app: app.name, group: group.displayName, problem }, 'pushed group');
  return problems;
}

/** What is a problem with a pushed group, and what was told of one and is none any more. */
async function tellProblems(
  rim: Rim,
  app: StoredApp,
  group: DirectoryGroup | undefined,
  problems: readonly string[],
  work: Work,
): Promise<void> {
  const isTold = problems.every(problem => app.problems.includes(problem));
  if (isTold && !(await isOver(rim, app, group, problems))) return;
  // Problems are told with the app's declaration, which is looked at again.
  await enqueue(
    rim.database.db,
    [{ key: `app:${app.name}`, app: app.name, priority: PRIORITY.sweep }],
    work.cause,
    rim.clock.now(),
  );
}

/** Whether a problem is told that is none of this group's any more, and of no other one that is pushed. */
async function isOver(
  rim: Rim,
  { name, state, problems: told }: StoredApp,
  group: DirectoryGroup | undefined,
  problems: readonly string[],
): Promise<boolean> {
  const lines = told.filter(line => line.startsWith(ABOUT_PUSHED) && !problems.includes(line));
  if (lines.length === 0) return false;
  const others = (await readGroups(rim.database.db, name)).filter(one => one.id !== group?.id && isPushed(state, one));
  return lines.some(line => !others.some(other => line.startsWith(`${sayPushed(other)}: `)));
}

/**
 * Settles creations that were begun for this group, and takes what the group leaves behind along, once nobody is in it.
 * @returns when to look again
 */
async function settleWhatIsLeft(rim: Rim, work: Work, group: DirectoryGroup | undefined): Promise<number | undefined> {
  const { db } = rim.database;
  const subject = work.key.slice('scim-group:'.length);
  let unwanted = group === undefined && (await managedGroupsOf(db, subject)).some(({ origin }) => origin === 'created');
  let againAt: number | undefined;
  if ((await entriesOfSubject(db, subject)).length > 0) {
    const begun = await settleBegun(rim, await rim.context.get(), { subject, queue: false });
    unwanted ||= begun.unwanted;
    againAt = begun.againAt;
  }
  if (unwanted)
    for (const problem of await removeUndeclared(rim, work))
      rim.log.warn({ app: work.app, problem }, 'what nothing declares any more stays in Coder');
  return againAt;
}

/** Notes what the mappings match now, and in the same transaction whom that concerns: whatever ends this process, they are looked at. */
async function rebind(rim: Rim, context: Context, work: Work, group: DirectoryGroup | undefined): Promise<void> {
  // Nearly always nothing differs, which reading alone tells.
  const { differ, matched } = await readBindingState(rim.database.db, context, work.app, rim.clock.now());
  if (!differ) {
    // It may have had another name or externalId for a while, and be the one that a mapping missed.
    if (group !== undefined && matched.has(group.id)) await enqueueHeld(rim.database.db, rim, work);
    return;
  }
  const app = context.apps.get(work.app);
  await rim.database.transact(async db => {
    // A newer document binds by itself what it reads, with work of its own.
    if (app === undefined || !(await isStill(db, app))) return;
    const now = rim.clock.now();
    const { changed, rested, groups } = await refreshBindings(db, context, work.app, now);
    if (!changed) return;
    await bumpRules(db);
    if (rested) await wakeApps(db, [work.app], work.cause, now);
    // A mapping whose group is gone may fit another one that has been there all along.
    for (const concerned of new Set([...(group === undefined ? [] : [group.id]), ...groups]))
      await enqueueEverybodyIn({ db, app: work.app, cause: work.cause, now }, concerned, PRIORITY.request);
    await enqueueHeld(db, rim, work);
  });
  looseSetsOf(rim.database).wake();
}

/** Whoever was held because a group had vanished may have an answer now. */
async function enqueueHeld(db: Db, rim: Rim, work: Work): Promise<void> {
  const held = (await listOpenHolds(db, work.app)).filter(row => row.reasons.includes('idp-group-vanished'));
  await enqueue(
    db,
    held.map(row => ({ key: row.subject as WorkKey, app: work.app, priority: PRIORITY.request })),
    work.cause,
    rim.clock.now(),
  );
}
