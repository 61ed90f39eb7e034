/**
 * The workspaces of somebody whose account is locked, and of somebody who stays those in organizations that they are in no more.
 * Suspending stops nothing by itself: Coder's own executor stops what runs within a minute or so, but never a dormant workspace,
 * nor one whose last build failed. Of somebody who stays it stops none, and their owner gets to them no more.
 */
import {
  CoderError,
  type CoderClient,
  type CoderWorkspace,
  isMissing,
  isRefusal,
  mayRun,
  outcomeOf,
  seesEveryWorkspace,
  seesSomeWorkspaces,
  type WorkspacesOfPerson,
} from '../../coder';
import { type MappingState } from '../../contract/mapping-state';
import { type LeaverWorkspaces, type RunningWorkspace } from '../../store/accounts/leaver-workspaces';
import { type Subject, type AuditLines } from '../context/audit-lines';
import { type Context } from '../decide/context';
import { type Failure } from './apply-steps';

/** What became of the workspaces of one account. */
export interface WorkspacesOutcome {
  /** Coder was asked to stop these, by `organization/name`. */
  readonly stopped: readonly string[];
  /** These Coder stops by itself. */
  readonly left: readonly string[];
  /** A build that stops these is at work: it may fail. */
  readonly stopping: readonly string[];
  /** These run on. */
  readonly running: readonly RunningWorkspace[];
  /** The bridge's account may not read workspaces, or not all: there may be more. */
  readonly unknown: boolean;
  /** Coder did not do what it may do later: to be tried again. */
  readonly failure: Failure | undefined;
}

export interface WorkspacesRequest {
  readonly coder: Pick<CoderClient, 'listWorkspaces' | 'stopWorkspace'>;
  readonly context: Context;
  readonly account: { readonly id: string; readonly username: string };
  /** Somebody who stays is in these organizations, and keeps what runs there. Undefined: somebody who is out. */
  readonly memberOf?: readonly string[] | undefined;
  /** The app by whose policy it goes. */
  readonly app: string;
  readonly subject: Subject;
  readonly lines: AuditLines;
  /** What was known before: what is no news is not told again. */
  readonly before: LeaverWorkspaces | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Stops what runs, as far as policy and rights let it. Never throws what Coder said. */
export async function stopWorkspaces(request: WorkspacesRequest): Promise<WorkspacesOutcome> {
  const { context, account, coder, memberOf } = request;
  const rights = context.catalog.workspaceRights;
  const nothing: WorkspacesOutcome = {
    stopped: [],
    left: [],
    stopping: [],
    running: [],
    unknown: false,
    failure: undefined,
  };
  // Of somebody who stays what can't be seen is told by the doctor alone.
  const mayHide = memberOf === undefined;
  // Without the right Coder answers with an empty list: the call would tell nothing.
  if (!seesSomeWorkspaces(rights)) return { ...nothing, unknown: mayHide };
  let found: WorkspacesOfPerson;
  try {
    found = await coder.listWorkspaces(account);
  } catch (error) {
    const failure = outcomeOf(error);
    return failure.kind === 'terminal' ? { ...nothing, unknown: mayHide } : { ...nothing, failure };
  }
  const theirs = found.workspaces.filter(workspace => memberOf?.includes(workspace.organizationId) !== true);
  const outcome = await stopEach(
    request,
    theirs.filter(workspace => mayRun(workspace)),
  );
  const stopping = theirs.filter(isStopping).map(nameOf);
  const { before, now } = request;
  const stuck = stopping
    .filter(target => isLate(before, target, now) || wasToldOf(before, target, RAN_ON, STOPS_LONG))
    .map(name => ({ name, reason: STOPS_LONG, askedAt: askedBefore(before, name) ?? now }));
  return {
    ...outcome,
    running: [...outcome.running, ...stuck],
    stopping,
    unknown: mayHide && (found.hidden > 0 || !seesEveryWorkspace(rights)),
  };
}

/** Final statuses of a build are others. */
function isStopping({ build }: CoderWorkspace): boolean {
  return (
    build.transition !== 'start' && ['pending', 'starting', 'stopping', 'canceling', 'deleting'].includes(build.status)
  );
}

const nameOf = ({ organizationName, name }: CoderWorkspace): string => `${organizationName}/${name}`;

type Policy = MappingState['policies']['leavingWorkspaces'];

async function stopEach(
  request: WorkspacesRequest,
  workspaces: readonly CoderWorkspace[],
): Promise<Omit<WorkspacesOutcome, 'unknown' | 'stopping'>> {
  const { context, app, coder, subject, lines, before, memberOf, now } = request;
  const policy: Policy = context.apps.get(app)?.state.policies.leavingWorkspaces ?? 'stop';
  const stopped: string[] = [];
  const left: string[] = [];
  const running: RunningWorkspace[] = [];
  let failure: Failure | undefined;
  for (const workspace of workspaces) {
    const target = nameOf(workspace);
    const note = (result: 'done' | 'failed' | 'held' | 'skipped', detail?: string): void =>
      lines.note(subject, 'workspace.stop', result, { target, before: stateOf(workspace), detail });
    const runsOn = (result: 'held' | 'skipped', reason: string): void => {
      running.push({ name: target, reason });
      if (before?.running.some(known => known.name === target && known.reason === reason) !== true)
        note(result, reason);
    };
    if (policy === 'leave') {
      if (
        memberOf !== undefined ||
        isLeftAlone(workspace) ||
        isLate(before, target, now) ||
        wasToldOf(before, target, LEFT)
      )
        runsOn('skipped', LEFT);
      else left.push(target);
      continue;
    }
    try {
      await coder.stopWorkspace(workspace);
      stopped.push(target);
      note('done');
      if (isLate(before, target, now) || wasToldOf(before, target, RAN_ON, STOPS_LONG))
        running.push({ name: target, reason: RAN_ON, askedAt: askedBefore(before, target) ?? now });
    } catch (error) {
      if (isNotOurs(error)) {
        runsOn('held', sayRefusal(error));
        continue;
      }
      failure = outcomeOf(error);
      const message = error instanceof Error ? error.message : String(error);
      note('failed', message);
      running.push({ name: target, reason: sayFailed(message), askedAt: askedBefore(before, target) ?? now });
      // What fails for one may be done for others; who is away or busy is for all of them.
      if (failure.kind === 'retry') break;
    }
  }
  return { stopped, left, running, failure };
}

/** A stop takes some minutes at most, whoever was asked for it. */
export const STOPS_WITHIN_MS = 3 * 60_000;

const RAN_ON =
  'was to be stopped minutes before, and runs on or runs again; asked to stop again: look at its last builds in Coder';

/** When the bridge or Coder was to stop it first; undefined: it was not to stop. */
function askedBefore(before: LeaverWorkspaces | undefined, target: string): number | undefined {
  if (before?.state === 'stopping') return before.since;
  return before?.running.find(({ name }) => name === target)?.askedAt;
}

/** Whoever was to stop it has had the time. */
function isLate(before: LeaverWorkspaces | undefined, target: string, now: number): boolean {
  const askedAt = askedBefore(before, target);
  return askedAt !== undefined && now - askedAt >= STOPS_WITHIN_MS;
}

function wasToldOf(before: LeaverWorkspaces | undefined, target: string, ...reasons: readonly string[]): boolean {
  return before?.running.some(({ name, reason }) => name === target && reasons.includes(reason)) === true;
}

const STOPS_LONG =
  'was to be stopped minutes before, and the build that stops it is at work still: look at its last builds in Coder';

const sayFailed = (message: string): string =>
  `Coder failed when it was asked to stop it, and is asked again: ${message}`;

const ON_ITS_WAY = 'to be stopped within minutes; looked at again then';

const LEFT = "left to Coder by policies.leavingWorkspaces, and Coder's executor does not stop it: stop it in Coder";

/** Whether Coder's own executor passes over it. */
function isLeftAlone({ dormant, build }: CoderWorkspace): boolean {
  return dormant || build.status === 'failed' || build.status === 'canceled';
}

function stateOf({ dormant, build }: CoderWorkspace): string {
  return dormant ? `${build.status}, dormant` : build.status;
}

/** What the same call will be answered again; a build at work ends by itself, and the next sweep looks again. */
function isNotOurs(error: unknown): error is CoderError {
  if (!(error instanceof CoderError)) return false;
  return isMissing(error) || isRefusal(error, 'build-active') || outcomeOf(error).kind === 'terminal';
}

function sayRefusal(error: CoderError): string {
  if (error.reason === 'build-active') return 'another build of it is at work; looked at again with the next sweep';
  if (error.kind === 'forbidden' && error.status === 403)
    return `the bridge's account may read it and not stop it (403): run coder-scim doctor, or stop it in Coder`;
  return error.message;
}

const isAmong = (running: readonly RunningWorkspace[], target: string): boolean =>
  running.some(({ name }) => name === target);

/** What is to be remembered of it; undefined: nothing runs any more, as far as can be known. */
export function rememberedOf(
  { stopped, left, stopping, running, unknown, failure }: WorkspacesOutcome,
  who: Omit<LeaverWorkspaces, 'state' | 'running'>,
  { before, now }: Pick<WorkspacesRequest, 'before' | 'now'>,
): LeaverWorkspaces | undefined {
  // Coder's answer says that these will be stopped: another look, some minutes later, sees whether they were.
  const onTheirWay = [...stopped, ...left, ...stopping].filter(target => !isAmong(running, target));
  const asked = onTheirWay.map(name => ({ name, reason: ON_ITS_WAY, askedAt: askedBefore(before, name) ?? now }));
  if (failure !== undefined) {
    // What was known stays so where Coder says nothing of it now.
    const said = [...running, ...asked];
    if (said.length === 0 && before?.state === 'stopping') return before;
    // What was looked at in whole and is not among it runs no more.
    const isWhole = said.length > 0 && failure.kind !== 'retry';
    const known =
      before?.state === 'running' && !isWhole ? before.running.filter(({ name }) => !isAmong(said, name)) : [];
    const all = [...said, ...known];
    return { ...who, state: all.length > 0 ? 'running' : 'due', running: all };
  }
  if (running.length > 0) return { ...who, state: 'running', running: [...running, ...asked] };
  if (onTheirWay.length > 0)
    return { ...who, state: 'stopping', running: [], since: before?.state === 'stopping' ? before.since : now };
  return unknown ? { ...who, state: 'unknown', running: [] } : undefined;
}
