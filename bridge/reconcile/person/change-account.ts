/** Carries out the plan for one account, as far as the guard lets it: journal and grants first, then step by step. */
import { CoderError, isMissing } from '../../coder';
import { addGrants, type Grant } from '../../store/accounts/grants';
import {
  type LeaverWorkspaces,
  putLeaverWorkspaces,
  readLeaverWorkspaces,
} from '../../store/accounts/leaver-workspaces';
import { openEntry } from '../../store/journal/journal';
import { isRequest } from '../../store/work/causes';
import { type Work } from '../../store/work/work';
import { AuditLines } from '../context/audit-lines';
import { type Rim } from '../context/rim';
import { checkStillOurs } from '../context/still-ours';
import { Held } from '../decide/hold-reason';
import { type Context } from '../decide/context';
import { type ObservedAccount, type PersonObservation } from '../decide/observation';
import { type AccountDecision } from '../decide/account';
import { isImplied } from '../decide/entitlement';
import { stillIn } from '../decide/person';
import { plan, type Plan } from '../decide/plan';
import { type Step } from '../decide/steps';
import { subjectOf } from './subject';
import { type Applied, applySteps, describe, type Failure, grantsOf, takes } from './apply-steps';
import { doneBefore, stepsNote, stillComing, UNNOTED } from './interrupted-steps';
import { isOwnerRemoval, takesOwner, takesOwnerRole, withOwnersKept } from './keep-owners';
import { type AccountOutcome, isWish, joined, NOTHING_DONE, type PersonOutcome } from './outcome';
import { type Guarded } from './reserve';
import { checkSaid, isSaidStill } from './said-still';
import { rememberedOf, stopWorkspaces } from './stop-workspaces';

/** Never throws what Coder said. */
export async function changeAccount(
  rim: Rim,
  work: Work,
  observation: PersonObservation,
  decision: AccountDecision,
  guarded: Guarded,
): Promise<PersonOutcome> {
  const { input, observed } = decision;
  const { context } = observation;
  const guards = { allows: guarded.allows, allowsGain: guarded.allowsGain };
  const allowed = plan({ ...input, ...guards });
  const earlier = notedLate(rim, work, observation, decision);
  const later = await withOwnersKept(
    rim,
    context,
    takesOwner(context, allowed, observed.account) ? observed.account.id : undefined,
    async (kept, now) => {
      if (kept) return await execute(rim, work, observation, decision, allowed, { ...input, ...guards });
      const without = {
        ...input,
        ...guards,
        allows: (removal: Parameters<Guarded['allows']>[0]) => guarded.allows(removal) && !isOwnerRemoval(removal),
      };
      const rest = await execute(rim, work, observation, decision, plan(without), without);
      return joined(rest, { ...NOTHING_DONE, held: [lastOwner(now, observed)] });
    },
  );
  return joined(earlier, later);
}

/** Why an account stays an owner's. */
export function lastOwner(context: Pick<Context, 'minOwners'>, { account }: Pick<ObservedAccount, 'account'>): Held {
  return new Held(
    'last-owner',
    `account ${JSON.stringify(account.username)} is one of the last owners who can sign in, and ${context.minOwners} must stay: make somebody else an owner in Coder, then it goes by itself`,
  );
}

async function execute(
  rim: Rim,
  work: Work,
  observation: PersonObservation,
  decision: AccountDecision,
  allowed: Plan,
  input: AccountDecision['input'],
): Promise<PersonOutcome> {
  const { observed } = decision;
  const { account } = observed;
  const { context } = observation;
  const subject = subjectOf(observation, account.id);
  // Before the calls: should this process die in between, what it gave is known to be its own.
  // The default organization is where Coder puts everybody: being there is no gift of the bridge.
  const given = allowed.steps
    .flatMap(step => grantsOf(step).given)
    .filter(grant => grant.kind !== 'organization' || grant.organization !== context.catalog.defaultOrganization);
  const { first, rest } = lockedFirst(allowed.steps);
  const calls = allowed.steps.filter(step => !isWish(step));
  const leaver = await leaverOf(rim, work, observation, decision, calls);
  const unnoted = organizationsUnnoted(context, observed);
  const late = stillComing(observed, calls, rim.clock.now());
  if (calls.length > 0 && !(await isSaidStill(rim, observation))) return { ...NOTHING_DONE, again: true };
  if (given.length > 0 || calls.length > 0 || unnoted.length > 0)
    await rim.database.transact(async db => {
      await checkStillOurs(rim, db, work);
      // Whoever locks the account, or takes a membership, looks at its workspaces, if need be in another process.
      if (leaver.locks || leaver.losesOrganization)
        await putLeaverWorkspaces(db, { ...leaver.who, state: 'due', running: [] });
      if (given.length + unnoted.length > 0) await addGrants(db, account.id, [...given, ...unnoted], rim.clock.now());
      if (calls.length > 0)
        await openEntry(db, {
          kind: 'steps',
          key: account.id,
          app: observation.app,
          subject: observation.userId,
          note: stepsNote(observed, calls, late),
          since: rim.clock.now(),
        });
    });
  const lines = new AuditLines(work.cause, () => rim.clock.now());
  const readAt = rolesReadAt(rim, observation, account.id, allowed.steps);
  const apply = (steps: readonly Step[]): Promise<Applied> =>
    applySteps(rim, context, account, steps, subject, lines, readAt, call => checkSaid(rim, observation, call));
  const applied = await apply(await withByHand(rim, observed, first));
  const goesOn = applied.failure === undefined && !applied.isUntouchable;
  const follows = rest.length > 0 && goesOn && isOut(applied.done);
  // Where Coder refused to lock, everything that can be taken is taken now.
  if (rest.length > 0 && goesOn && !follows) addTo(applied, await apply(rest));
  // Whoever can't be deleted is locked out, whatever Coder has against it.
  const instead = isUndeleted(allowed, applied) ? plan({ ...input, leaving: 'suspend' }) : undefined;
  const then = instead === undefined ? undefined : await apply(instead.steps);
  const done = [...applied.done, ...(then?.done ?? [])];
  const { failure: failed } = then ?? applied;
  const look = await lookAtWorkspaces(rim, work, observation, account, { leaver, done, failed, subject, lines });
  const ended = (instead ?? allowed).endsFormerOwner && done.some(step => step.kind === 'site-roles');
  if (ended) lines.note(subject, 'site-roles.set', 'reported', FORMER_OWNER);
  const refused = [...applied.held, ...(then?.held ?? [])];
  // Coder refused what it takes to lock somebody out: that they are in is what has to be told.
  const isIn = input.desired.account === 'absent' && observed.actual.status !== 'suspended' && !isOut(done);
  return {
    ...NOTHING_DONE,
    accounts: [
      {
        ...outcomeOfAccount(account.id, observed.outside, done, given, ended),
        journalled: calls.length > 0 || observed.interrupted !== undefined,
        late: [...late, ...applied.late, ...(then?.late ?? [])],
        workspaces: look.workspaces,
      },
    ],
    held: [
      ...(isIn ? refused.map(held => stillIn(observation, observed, held)) : refused),
      ...(applied.hasWorkspaces ? [undeletable(account.username)] : []),
    ],
    lines: lines.rows,
    failure: applied.failure ?? failed ?? look.failure,
    unlockable: (then ?? applied).unlockable,
    follows,
    // Coder may come to what nobody heard the answer of.
    mayHaveTaken: late.length > 0 || applied.mayHaveTaken || then?.mayHaveTaken === true,
  };
}

/** When all roles were read that the steps replace; undefined where they were not: then they are, before anything is replaced. */
function rolesReadAt(
  { clock }: Rim,
  { seen }: PersonObservation,
  accountId: string,
  steps: readonly Step[],
): number | undefined {
  // Others were made just now, or are nobody's to stay in.
  if (seen?.user.id !== accountId) return clock.now();
  const isUnread = seen.organizationRoles === undefined && steps.some(({ kind }) => kind === 'organization-roles');
  return isUnread ? undefined : seen.at;
}

/** Whether Coder refused to delete the account, or failed at that alone; where it is away, or has the account no more, nothing else is asked of it. */
function isUndeleted({ steps }: Plan, { done, failure, isUntouchable }: Applied): boolean {
  if (!steps.some(({ kind }) => kind === 'delete') || isOut(done) || isUntouchable) return false;
  return failure === undefined || (failure.kind === 'failed' && !isMissing(failure.error));
}

/** Roles that nothing declares are not read for what is decided: for the audit trail alone, of a membership that goes. */
async function withByHand(
  rim: Rim,
  { account, actual }: AccountDecision['observed'],
  steps: readonly Step[],
): Promise<readonly Step[]> {
  if (actual.organizationRoles.size > 0 || !steps.some(step => step.kind === 'organization-remove')) return steps;
  let roles: ReadonlyMap<string, readonly string[]>;
  try {
    ({ organizations: roles } = await rim.coder.getRoles(account.id));
  } catch (error) {
    if (!(error instanceof CoderError)) throw error;
    return steps;
  }
  return steps.map(step => {
    if (step.kind !== 'organization-remove') return step;
    const { organization, byHand = [] } = step;
    const given = (roles.get(organization) ?? [])
      .filter(target => !isImplied(target))
      .map(target => ({ kind: 'organization-role' as const, organization, target }));
    return { ...step, byHand: [...byHand, ...given] };
  });
}

/** What is taken after the lock before the answer; of more, the person is locked out first, answered for, and the rest follows. */
const MOST_AFTER_LOCK = 4;

function lockedFirst(steps: readonly Step[]): { readonly first: readonly Step[]; readonly rest: readonly Step[] } {
  const end = steps.findIndex(({ kind }) => kind === 'suspend') + 1;
  if (end === 0 || steps.length - end <= MOST_AFTER_LOCK) return { first: steps, rest: [] };
  return { first: steps.slice(0, end), rest: steps.slice(end) };
}

function addTo(applied: Applied, more: Applied): void {
  applied.done.push(...more.done);
  applied.held.push(...more.held);
  applied.failure ??= more.failure;
  applied.unlockable ??= more.unlockable;
  applied.late.push(...more.late);
  applied.mayHaveTaken ||= more.mayHaveTaken;
}

/** An account that an earlier try made, and nobody is linked to, is in the organizations that were asked for then: a gift of the bridge. */
function organizationsUnnoted(
  { catalog }: PersonObservation['context'],
  { begun, via, account }: AccountDecision['observed'],
): Grant[] {
  if (!begun || via === 'linked') return [];
  return account.organizationIds
    .filter(organization => organization !== catalog.defaultOrganization)
    .map(organization => ({ kind: 'organization', organization, target: '' }));
}

const FORMER_OWNER = {
  target: 'owner',
  detail:
    "was an owner by somebody's hand; Coder suspends no owner, so the role had to go and does not come back by itself",
};

const isOut = (done: readonly Step[]): boolean => done.some(({ kind }) => kind === 'suspend' || kind === 'delete');

function undeletable(username: string): Held {
  return new Held(
    'has-workspaces',
    `account ${JSON.stringify(username)} is to be deleted and has workspaces, so Coder does not delete it, and it is suspended instead: delete its workspaces in Coder, and the next sweep deletes it`,
  );
}

/** Somebody who leaves, as far as their workspaces go. */
interface Leaver {
  readonly who: Omit<LeaverWorkspaces, 'state' | 'running'>;
  /** The account is about to be locked. */
  readonly locks: boolean;
  /** The person stays, and is about to be taken out of an organization. */
  readonly losesOrganization: boolean;
  /** What an earlier try left to be looked at. */
  readonly before: LeaverWorkspaces | undefined;
  /** Locked already, by the bridge or by somebody's hand before the directory said that they leave, which it does now. */
  readonly lockedBefore: boolean;
}

async function leaverOf(
  rim: Rim,
  work: Work,
  { app, userId, user, person }: PersonObservation,
  { observed, input }: AccountDecision,
  calls: readonly Step[],
): Promise<Leaver> {
  const { id } = observed.account;
  const leaves = input.desired.account === 'absent';
  const losesOrganization =
    !leaves && observed.actual.status !== 'suspended' && calls.some(step => step.kind === 'organization-remove');
  const before = leaves || losesOrganization ? await readLeaverWorkspaces(rim.database.db, id) : undefined;
  return {
    who: {
      coderUserId: id,
      app,
      userId,
      userName: user?.userName ?? person?.userName ?? '',
      since: before?.since ?? rim.clock.now(),
    },
    locks: observed.actual.status !== 'suspended' && calls.some(step => ['suspend', 'delete'].includes(step.kind)),
    losesOrganization,
    before,
    lockedBefore: leaves && observed.actual.status === 'suspended' && work.causes.some(isRequest),
  };
}

interface LookRequest {
  readonly leaver: Leaver;
  readonly done: readonly Step[];
  readonly failed: Applied['failure'];
  readonly subject: ReturnType<typeof subjectOf>;
  readonly lines: AuditLines;
}

/** As if all of it had been asked to stop at this time. */
function askedFrom(before: LeaverWorkspaces, now: number): LeaverWorkspaces {
  const running = before.running.map(one => (one.askedAt === undefined ? one : { ...one, askedAt: now }));
  return { ...before, running, since: now };
}

/**
 * After the lock, the running workspaces of a leaver; one who is locked out already is looked at only when something was left. Of
 * somebody who stays those in an organization that was taken.
 */
async function lookAtWorkspaces(
  rim: Rim,
  work: Work,
  observation: PersonObservation,
  account: AccountDecision['observed']['account'],
  { leaver, done, failed, subject, lines }: LookRequest,
): Promise<Pick<AccountOutcome, 'workspaces'> & { readonly failure?: Failure | undefined }> {
  if (done.some(step => step.kind === 'activate' || step.kind === 'delete')) return { workspaces: 'none' };
  const locked = done.some(step => step.kind === 'suspend');
  const isLost = locked || account.status === 'suspended' || done.some(step => step.kind === 'organization-remove');
  // What else failed keeps nothing running of who is out; a Coder that is away tells nothing of it.
  if (failed !== undefined && (failed.kind === 'retry' || !isLost)) return { workspaces: undefined };
  const { context, app } = observation;
  const { before } = leaver;
  const now = rim.clock.now();
  // What is lost now is to stop from now on, whatever else is on its way.
  const isFresh = leaver.locks || leaver.losesOrganization;
  const known = { before: before && isFresh ? askedFrom(before, now) : before, now };
  if (leaver.losesOrganization) {
    const taken = new Set(done.flatMap(step => (step.kind === 'organization-remove' ? [step.organization] : [])));
    if (taken.size === 0) return { workspaces: before ?? 'none' };
    const memberOf = account.organizationIds.filter(organization => !taken.has(organization));
    await checkStillOurs(rim, rim.database.db, work);
    const stays = await stopWorkspaces({ coder: rim.coder, context, account, memberOf, app, subject, lines, ...known });
    return { workspaces: rememberedOf(stays, leaver.who, known) ?? 'none', failure: stays.failure };
  }
  if (!locked && (account.status !== 'suspended' || (leaver.before === undefined && !leaver.lockedBefore)))
    return { workspaces: leaver.locks ? 'none' : undefined };
  // Nothing starts again what is stopped of somebody whom another bridge has let in since.
  await checkStillOurs(rim, rim.database.db, work);
  const outcome = await stopWorkspaces({ coder: rim.coder, context, account, app, subject, lines, ...known });
  return { workspaces: rememberedOf(outcome, leaver.who, known) ?? 'none', failure: outcome.failure };
}

function outcomeOfAccount(
  accountId: string,
  outside: readonly string[],
  done: readonly Step[],
  given: readonly Grant[],
  endedFormerOwner: boolean,
): AccountOutcome {
  return {
    accountId,
    journalled: true,
    late: [],
    outside,
    given,
    taken: done.flatMap(step => grantsOf(step).taken),
    wishes: done.filter(isWish),
    ended: isOut(done),
    deleted: done.some(step => step.kind === 'delete'),
    letIn: done.some(step => step.kind === 'activate'),
    endedFormerOwner,
    workspaces: undefined,
    becameOwner: done.some(
      step => step.kind === 'site-roles' && step.after.includes('owner') && !step.before.includes('owner'),
    ),
    removed: done.some(takes),
  };
}

/** Lines for what an earlier try did before its process died: those of its steps that Coder shows as done. */
function notedLate(
  rim: Rim,
  work: Work,
  observation: PersonObservation,
  { observed, input }: AccountDecision,
): PersonOutcome {
  const steps = doneBefore(observed);
  if (steps.length === 0) return NOTHING_DONE;
  const lines = new AuditLines(work.cause, () => rim.clock.now());
  const before = { status: observed.interrupted?.status ?? observed.account.status };
  for (const step of steps) {
    const [action, change] = describe(observation.context, before, step);
    if (action !== undefined)
      lines.note(subjectOf(observation, observed.account.id), action, 'done', { ...change, detail: UNNOTED });
  }
  const { declared = input.managed } = input;
  const ended =
    input.desired.account === 'absent' &&
    !declared({ kind: 'site-role', organization: '', target: 'owner' }) &&
    steps.some(takesOwnerRole);
  if (ended) lines.note(subjectOf(observation, observed.account.id), 'site-roles.set', 'reported', FORMER_OWNER);
  return {
    ...NOTHING_DONE,
    lines: lines.rows,
    accounts: [outcomeOfAccount(observed.account.id, [], steps, [], ended)],
    mayHaveTaken: steps.some(takes),
  };
}
