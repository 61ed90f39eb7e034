/**
 * Mappings whose group was being filled take what they give from whoever is not in it, once the group has come to rest. Looked at by the clock of
 * every bridge, whether or not there are sweeps: that a mapping waits for it is in the database.
 */
import { bumpRules } from '../../store/apps/apps';
import { endFilling, type FillingBinding, readFillingBindings } from '../../store/apps/bindings';
import { type Db } from '../../store/database/database';
import { filledGroups, groupsWithMembers } from '../../store/directory/reading';
import { type Cause, enqueue, PRIORITY } from '../../store/work/enqueue';
import { isBeingFilled } from './filled-groups';
import { type Rim } from './rim';

const CAUSE: Cause = { actor: 'bridge' };

/** Ends the filling of groups that have come to rest. @returns whether there is something to do since then */
export async function lookAtFilling({ database, clock, log, recovery }: Rim): Promise<boolean> {
  // A restored database has the times of its backup.
  if ((await recovery.holds()) !== undefined) return false;
  if ((await restedBindings(database.db, clock.now())).length === 0) return false;
  const rested = await database.transact(async db => {
    const now = clock.now();
    const bindings = await restedBindings(db, now);
    if (bindings.length === 0) return bindings;
    await endFilling(db, bindings);
    await bumpRules(db);
    await wakeApps(
      db,
      bindings.map(({ app }) => app),
      CAUSE,
      now,
    );
    return bindings;
  });
  for (const { app, mapping } of rested) log.info({ app, mapping }, 'the group of a mapping has come to rest');
  return rested.length > 0;
}

/** Everybody of these apps is compared with what they declare, as one plan: whoever is not in a group of theirs has something to lose. */
export async function wakeApps(db: Db, apps: readonly string[], cause: Cause, now: number): Promise<void> {
  const items = [...new Set(apps)].map(app => ({ key: `app:${app}` as const, app, priority: PRIORITY.declaration }));
  await enqueue(db, items, cause, now);
}

/** Mappings that take nothing yet though their group has come to rest; a group that never had a member has yet to begin. */
export async function restedBindings(db: Db, now: number, app?: string): Promise<FillingBinding[]> {
  const bindings = (await readFillingBindings(db)).filter(binding => app === undefined || binding.app === app);
  if (bindings.length === 0) return [];
  const ids = [...new Set(bindings.map(({ groupId }) => groupId))];
  const filled = await filledGroups(db, ids);
  const inhabited = await groupsWithMembers(db, ids);
  return bindings.filter(({ groupId }) => {
    const group = filled.get(groupId);
    return group === undefined ? inhabited.has(groupId) : !isBeingFilled(group, now);
  });
}
