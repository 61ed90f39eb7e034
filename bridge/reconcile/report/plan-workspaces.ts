/** Which workspaces would be stopped with the accounts that a plan locks, and of people who were locked out before. Nothing is written. */
import { CoderError, type CoderWorkspace, mayRun, seesEveryWorkspace, seesSomeWorkspaces } from '../../coder';
import { type PlannedChange } from '../../contract/admin-api';
import { listLeaverWorkspaces } from '../../store/accounts/leaver-workspaces';
import { type Context } from '../decide/context';
import { type Rim } from '../context/rim';

/** An account that a plan locks. */
export interface PlannedLeaver {
  readonly app: string;
  readonly userName: string;
  readonly account: { readonly id: string; readonly username: string; readonly status: string };
}

/** Each leaver costs a call to Coder. */
const MOST_LEAVERS = 200;

export interface PlannedStops {
  readonly changes: readonly PlannedChange[];
  readonly problems: readonly string[];
}

/** @param leavers of the apps that the plan is about */
export async function planWorkspaceStops(
  rim: Rim,
  context: Context,
  apps: readonly string[],
  leavers: readonly PlannedLeaver[],
): Promise<PlannedStops> {
  const all = [...leavers, ...(await leftBefore(rim, context, apps))];
  const stopping = all.filter(({ app }) => context.apps.get(app)?.state.policies.leavingWorkspaces === 'stop');
  if (stopping.length === 0) return { changes: [], problems: [] };
  // Without the right Coder answers with an empty list: the doctor says so, and status once it matters.
  if (!seesSomeWorkspaces(context.catalog.workspaceRights)) return { changes: [], problems: [] };
  const changes: PlannedChange[] = [];
  for (const { app, userName, account } of stopping.slice(0, MOST_LEAVERS))
    for (const workspace of await runningOf(rim, account)) changes.push(stop(app, userName, workspace));
  const more = stopping.length - MOST_LEAVERS;
  const problems =
    more > 0
      ? [`workspaces of ${more} more people who would be locked out are stopped too: they were not looked at`]
      : [];
  return { changes, problems };
}

/** Who was locked out before and had workspaces that ran on: the next sweep looks at them again. */
async function leftBefore(rim: Rim, context: Context, apps: readonly string[]): Promise<PlannedLeaver[]> {
  const seesAll = seesEveryWorkspace(context.catalog.workspaceRights);
  const left = await listLeaverWorkspaces(rim.database.db);
  const leavers: PlannedLeaver[] = [];
  for (const { app, userName, coderUserId, state } of left) {
    if (!apps.includes(app) || (state === 'unknown' && !seesAll)) continue;
    const found = await rim.coder.background.getUser(coderUserId);
    if (found.state === 'present' && found.user.status === 'suspended')
      leavers.push({ app, userName, account: found.user });
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

function stop(app: string, subject: string, { organizationName, name, build }: CoderWorkspace): PlannedChange {
  return {
    app,
    subject,
    action: 'workspace.stop',
    target: `${organizationName}/${name}`,
    before: build.status,
    after: 'stopped',
    because: 'the account is locked (policies.leavingWorkspaces)',
    removal: true,
  };
}
