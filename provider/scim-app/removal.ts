/** The end of an app: refused while it is protected, and done when nothing of it is left in Coder. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Removal } from '../../bridge/contract/admin-api';
import { explainRefusal } from '../bridge';
import { ProviderError, type StateOf } from '../plugin';
import { believed, type Context, find, findRemoval, isNotFound, keptOf } from './find';
import { type App, timeoutOf } from './schema';
import { changedMeanwhile, isConflict } from './write';

type State = StateOf<App>;

/** Whether people keep it from being deleted; not where that is under way. */
export function isProtected(prior: State, context: Context): boolean {
  return prior.deletion_protection !== false && keptOf(context, prior).removing !== true;
}

/** What a protected app is asked before it goes. @throws ProviderError when it has people */
export async function refuseProtected(name: string, context: Pick<Context, 'client' | 'signal'>): Promise<void> {
  const status = await context.client
    .ask(context.signal, bridge => bridge.status(context.signal))
    .catch((error: unknown) => {
      throw explainRefusal(error, `read how many people app ${JSON.stringify(name)} has`);
    });
  const people = status.apps.find(app => app.app === name)?.users ?? 0;
  if (people === 0) return;
  throw new ProviderError(
    `app ${JSON.stringify(name)} is protected from deletion`,
    `It has ${people} ${people === 1 ? 'person' : 'people'}, who would lose in Coder what it gave them. Nothing was changed. To end it all the same, set deletion_protection = false (in a stack of constructs: deletionProtection: false), apply, and then do this again. To keep it at the bridge and have Terraform forget it: terraform state rm.`,
    ['deletion_protection'],
  );
}

/** Removes the app and waits for the end of it. Throws where that does not come: the resource stays in the state. */
export async function removeApp(prior: State, context: Context): Promise<void> {
  const { name } = prior;
  if (isProtected(prior, context)) await refuseProtected(name, context);
  const deadline = Date.now() + timeoutOf(prior.timeouts, 'delete');
  let left = await request(prior, context);
  for (let pause = 500, asked = false; left !== undefined; pause = Math.min(pause * 2, 5_000)) {
    if (left.hold !== null) throw heldBack(name, left.hold);
    const isLate = Date.now() > deadline;
    // What is left does not say it, and nothing of it goes before somebody has acted.
    const recovery = asked && !isLate ? undefined : await recoveryOf(context);
    if (recovery !== undefined) throw waitsForRecovery(name, recovery);
    asked = true;
    if (isLate) throw notDone(left);
    await sleep(pause, undefined, { signal: context.signal });
    left = await findRemoval(name, context);
  }
  // Somebody may have declared it anew in the meantime: that one is not ours to delete.
}

async function request(prior: State, context: Context): Promise<Removal | undefined> {
  const { name } = prior;
  // Also where its removal was under way when this was planned: whoever has declared it anew since keeps it.
  const { generation } = keptOf(context, prior);
  try {
    return await context.client.ask(context.signal, bridge => bridge.deleteApp(name, { generation }));
  } catch (error) {
    if (isNotFound(error)) return await believed(context.client, context.signal);
    if (!isConflict(error)) throw explainRefusal(error, `delete app ${JSON.stringify(name)}`);
    const now = await find(name, context);
    if (now === undefined) return await findRemoval(name, context);
    throw changedMeanwhile(name, generation, now, prior);
  }
}

/** Why nothing is given and nothing taken before somebody has acted; undefined when that is not so, and when the bridge does not say. */
async function recoveryOf({ client, signal }: Context): Promise<string | undefined> {
  const status = await client.askOnce(bridge => bridge.status(signal)).catch(() => undefined);
  return status?.recoveryPending === true ? (status.recovery ?? undefined) : undefined;
}

function waitsForRecovery(name: string, recovery: string): ProviderError {
  return new ProviderError(
    `the removal of app ${JSON.stringify(name)} waits for the end of a recovery`,
    `Its tokens work no more, but nothing of what it gave in Coder is taken: ${recovery}\n\n\`coder-scim recover\` shows what differs, and ends it; then do this again. If the app is to stay: apply the stack with the app in it, which restores it. The app stays in Terraform's state until it is gone.`,
  );
}

function heldBack(name: string, hold: NonNullable<Removal['hold']>): ProviderError {
  const changes = hold.changes.slice(0, 10).map(change => `\n- ${change}`);
  const more = hold.changes.length > 10 ? `\n- and ${hold.changes.length - 10} more` : '';
  return new ProviderError(
    `the removal of app ${JSON.stringify(name)} is held`,
    `Its tokens work no more, but ${hold.people} people still have in Coder what it gave them: ${hold.reason}.${changes.join('')}${more}\n\nIf they are to lose it: coder-scim release ${hold.id}, and then do this again. If not: apply the stack with the app in it, which restores it. The app stays in Terraform's state until it is gone.`,
  );
}

function notDone({ app, pending }: Removal): ProviderError {
  const reasons = [...new Set(pending.map(item => `${item.subject ?? item.key}: ${item.reason}`))].slice(0, 10);
  return new ProviderError(
    `the removal of app ${JSON.stringify(app)} is not done yet`,
    `Its tokens work no more, but the bridge is still taking back what it gave in Coder.${reasons.map(reason => `\n- ${reason}`).join('')}\n\nThe bridge keeps at it by itself: do this again later. Each time waits for as long as timeouts.delete of the last apply. The app stays in Terraform's state until it is gone.`,
  );
}
