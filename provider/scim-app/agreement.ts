/** Applied means accepted by the bridge: waits a while for Coder to agree, and says what it lacks when it does not. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type AppDocument, type Status } from '../../bridge/contract/admin-api';
import { type Context } from './find';

/** @param timeoutMs how long to wait, in all; what can't come by itself is not waited for */
export async function reportUnfinished(
  { state: { app }, converged }: AppDocument,
  timeoutMs: number,
  { client, signal, report }: Context,
): Promise<void> {
  if (converged) return;
  const deadline = Date.now() + timeoutMs;
  const look = () => client.askOnce(bridge => bridge.status(signal)).catch(() => undefined);
  let status = await look();
  // Whoever interrupts this ends the waiting: what was written is written, and belongs in the state.
  const goesOn = () => !signal.aborted && comesByItself(status, app) && Date.now() < deadline;
  for (let pause = 250; goesOn(); pause = Math.min(pause * 2, 3_000)) {
    await sleep(Math.min(pause, Math.max(0, deadline - Date.now())), undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) status = await look();
  }
  const isRecovering = status?.recoveryPending === true;
  if (!isRecovering && status?.apps.some(other => other.app === app && other.converged)) return;
  const next = isRecovering
    ? 'The bridge has stored it, and does nothing in Coder before the recovery has ended: `coder-scim recover` shows what differs, and ends it.'
    : 'The bridge keeps at it by itself; `coder-scim status` shows how far it is.';
  report.warning(
    `app ${JSON.stringify(app)} is accepted, Coder does not agree with it yet`,
    `${next}${reasonsOf(status, app)
      .map(reason => `\n- ${reason}`)
      .join('')}`,
  );
}

/** Whether the app has not converged and waiting may change that: nothing is held, no recovery is pending, and Coder answers. */
function comesByItself(status: Status | undefined, app: string): boolean {
  const own = status?.apps.find(other => other.app === app);
  if (status === undefined || own === undefined || own.converged || !status.coder.reachable) return false;
  return !status.recoveryPending && own.waiting > 0 && !status.holds.some(hold => hold.app === app);
}

function reasonsOf(status: Status | undefined, app: string): string[] {
  if (status === undefined) return ['the bridge did not say why'];
  const holds = status.holds.filter(hold => hold.app === app);
  const pending = status.pending.filter(item => item.app === app);
  return [
    ...(status.recovery === null ? [] : [status.recovery]),
    ...(status.coder.reachable ? [] : [`Coder can not be reached: ${status.coder.problem ?? 'no answer'}`]),
    ...holds.map(
      hold => `held until released: ${hold.reason} (${hold.people} people); coder-scim release ${hold.id} lets it pass`,
    ),
    ...(status.apps.find(other => other.app === app)?.warnings ?? []),
    ...[...new Set(pending.map(item => item.reason))].slice(0, 5),
  ];
}
