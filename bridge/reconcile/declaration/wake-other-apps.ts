/** What one app declares keeps people of other apps waiting; who does is looked at again when that changes, or the app is over. */
import { othersHeldFor } from '../../store/accounts/held-people';
import { type StoredApp } from '../../store/apps/apps';
import { type Db } from '../../store/database/database';
import { type Cause, enqueue, PRIORITY } from '../../store/work/enqueue';

/** `guard.minOwners` and `guard.protectedAccounts` are for everybody's people, and whose account it is may be another app's word. */
const WAIT_FOR_DECLARATIONS = ['last-owner', 'protected-account', 'other-app'];
/** What was held in an app that is over is not any more. */
const WAIT_FOR_THE_END = [...WAIT_FOR_DECLARATIONS, 'guard'];

/**
 * Queues other apps whose custom roles this one may declare otherwise, or did until now, and those that are told of something: it may be of this
 * one. Not those that are to be repaired by their own word alone.
 */
export async function wakeOtherDeclarations(
  db: Db,
  apps: Iterable<StoredApp>,
  app: string,
  cause: Cause,
  now: number,
): Promise<void> {
  const declaring = [...apps].filter(
    ({ name, deleting, state, problems }) =>
      name !== app &&
      !deleting &&
      (Object.keys(state.customRoles).length > 0 || (problems.length > 0 && state.policies.drift === 'repair')),
  );
  await enqueue(
    db,
    declaring.map(({ name }) => ({ key: `app:${name}`, app: name, priority: PRIORITY.declaration })),
    cause,
    now,
  );
}

/** Queues people of other apps who may wait for what this one declared, or for what is held in it. */
export async function wakeOtherApps(
  db: Db,
  app: string,
  what: 'declared' | 'over',
  cause: Cause,
  now: number,
): Promise<void> {
  const waiting = await othersHeldFor(db, app, what === 'over' ? WAIT_FOR_THE_END : WAIT_FOR_DECLARATIONS);
  await enqueue(
    db,
    waiting.map(other => ({ key: `person:${other.userId}`, app: other.app, priority: PRIORITY.declaration })),
    cause,
    now,
  );
}
