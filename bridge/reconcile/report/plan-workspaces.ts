/**
 * Which workspaces would be stopped with the accounts that a plan locks and the memberships that it takes, and of people who lost
 * either before. Nothing is written.
 */
import { CoderError, type CoderWorkspace, mayRun, seesEveryWorkspace, seesSomeWorkspaces } from '../../coder';
import { type PlannedChange } from '../../contract/admin-api';
import { listLeaverWorkspaces } from '../../store/accounts/leaver-workspaces';
import { type Context } from '../decide/context';
import { type Rim } from '../context/rim';

/** An account that a plan locks, or takes out of an organization. */
export interface PlannedLeaver {
  readonly app: string;
  readonly userName: string;
  readonly account: { readonly id: string; readonly username: string; readonly status: string };
  /** Organizations that somebody who stays is in afterwards; undefined: the account is locked. */
  readonly memberOf: readonly string[] | undefined;
}

/** Each leaver costs a call to Coder. */
const MOST_LEAVERS = 200;

export interface PlannedStops {
  readonly changes: readonly PlannedChange[];
  readonly problems: readonly string[];
}

/**
 * @param leavers of the apps that the plan is about
 * @throws AbortError by `until`, once it is aborted
 */
export async function planWorkspaceStops(
  rim: Rim,
  context: Context,
  apps: readonly string[],
  leavers: readonly PlannedLeaver[],
  until: AbortSignal,
): Promise<PlannedStops> {
  const all = [...leavers, ...(await leftBefore(rim, context, apps, until))];
  const stopping = all.filter(({ app }) => context.apps.get(app)?.state.policies.leavingWorkspaces === 'stop');
  if (stopping.length === 0) return { changes: [], problems: [] };
  // Without the right Coder answers with an empty list: the doctor says so, and status once it matters.
  if (!seesSomeWorkspaces(context.catalog.workspaceRights)) return { changes: [], problems: [] };
  const changes: PlannedChange[] = [];
  for (const leaver of stopping.slice(0, MOST_LEAVERS)) {
    until.throwIfAborted();
    for (const workspace of await runningOf(rim, leaver.account))
      if (leaver.memberOf?.includes(workspace.organizationId) !== true) changes.push(stop(leaver, workspace));
  }
  const more = stopping.length - MOST_LEAVERS;
  const problems =
    more > 0
      ? [
          `workspaces of ${more} more people who would be locked out, or taken out of an organization, are stopped too: they were not looked at`,
        ]
      : [];
  return { changes, problems };
}

/** Whose workspaces ran on before: the next sweep looks at them again. */
async function leftBefore(
  rim: Rim,
  context: Context,
  apps: readonly string[],
  until: AbortSignal,
): Promise<PlannedLeaver[]> {
  const seesAll = seesEveryWorkspace(context.catalog.workspaceRights);
  const left = await listLeaverWorkspaces(rim.database.db);
  const leavers: PlannedLeaver[] = [];
  for (const { app, userName, coderUserId, state } of left) {
    if (!apps.includes(app) || (state === 'unknown' && !seesAll)) continue;
    until.throwIfAborted();
    const found = await rim.coder.background.getUser(coderUserId);
    if (found.state !== 'present') continue;
    const { user } = found;
    leavers.push({
      app,
      userName,
      account: user,
      memberOf: user.status === 'suspended' ? undefined : user.organizationIds,
    });
  }
  return leavers;
}

async function runningOf(rim: Rim, account: PlannedLeaver['account']): Promise<CoderWorkspace[]> {
  try {
    const { workspaces } = await rim.coder.background.listWorkspaces(account);
    return workspaces.filter(mayRun);
  } catch (error) {
    // What may not be asked for one of them is no reason to plan nothing.
    if (error instanceof CoderError && !error.retryable) return [];
    throw error;
  }
}

function stop(
  { app, userName, memberOf }: PlannedLeaver,
  { organizationName, name, build }: CoderWorkspace,
): PlannedChange {
  return {
    app,
    subject: userName,
    action: 'workspace.stop',
    target: `${organizationName}/${name}`,
    before: build.status,
    after: 'stopped',
    because: `${memberOf === undefined ? 'the account is locked' : 'the person is in its organization no more'} (policies.leavingWorkspaces)`,
    removal: true,
  };
}
