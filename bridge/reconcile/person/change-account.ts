/** Carries out the plan for one account, as far as the guard lets it: journal and grants first, then step by step. */
import { addGrants, type Grant } from '../../store/accounts/grants';
import { openEntry } from '../../store/journal/journal';
import { type Work } from '../../store/work/work';
import { Trail } from '../context/audit-lines';
import { type Rim } from '../context/rim';
import { Held } from '../decide/hold-reason';
import { type PersonObservation } from '../decide/observation';
import { type AccountDecision } from '../decide/person';
import { plan, type Plan, type Step } from '../decide/plan';
import { subjectOf } from './act';
import { applySteps, describe, grantsOf } from './apply-steps';
import { doneBefore, stepsNote, UNNOTED } from './interrupted-steps';
import { isOwnerRemoval, withOwnersKept } from './keep-owners';
import { type AccountOutcome, joined, NOTHING_DONE, type PersonOutcome, type Wish } from './outcome';
import { type Guarded } from './reserve';

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
  const later = await withOwnersKept(rim, context, allowed, observed.actual, async kept => {
    if (kept) return await execute(rim, work, observation, decision, allowed, { ...input, ...guards });
    const without = {
      ...input,
      ...guards,
      allows: (removal: Parameters<Guarded['allows']>[0]) => guarded.allows(removal) && !isOwnerRemoval(removal),
    };
    const rest = await execute(rim, work, observation, decision, plan(without), without);
    return joined(rest, { ...NOTHING_DONE, held: [lastOwner(observation, decision)] });
  });
  return joined(earlier, later);
}

function lastOwner({ context }: PersonObservation, { observed }: AccountDecision): Held {
  return new Held(
    'last-owner',
    `account ${JSON.stringify(observed.account.username)} is one of the last owners who can sign in, and ${context.minOwners} must stay: make somebody else an owner in Coder, then it goes by itself`,
  );
}

const isWish = (step: Step): step is Wish => step.kind === 'group-add' || step.kind === 'group-remove';

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
  const calls = allowed.steps.filter(step => !isWish(step));
  if (given.length > 0 || calls.length > 0)
    await rim.database.transact(async db => {
      if (given.length > 0) await addGrants(db, account.id, given, rim.clock.now());
      if (calls.length > 0)
        await openEntry(db, {
          kind: 'steps',
          key: account.id,
          app: observation.app,
          subject: observation.userId,
          note: stepsNote(observed, calls),
          since: rim.clock.now(),
        });
    });
  const trail = new Trail(work.cause, () => rim.clock.now());
  const applied = await applySteps(rim, context, account, allowed.steps, subject, trail);
  const instead = applied.hasWorkspaces ? plan({ ...input, leaving: 'suspend' }) : undefined;
  const then =
    instead === undefined ? undefined : await applySteps(rim, context, account, instead.steps, subject, trail);
  const done = [...applied.done, ...(then?.done ?? [])];
  const ended = (instead ?? allowed).endsFormerOwner && done.some(step => step.kind === 'site-roles');
  if (ended)
    trail.note(subject, 'site-roles.set', 'reported', {
      target: 'owner',
      detail:
        "was an owner by somebody's hand; Coder suspends no owner, so the role had to go and does not come back by itself",
    });
  return {
    ...NOTHING_DONE,
    accounts: [outcomeOfAccount(account.id, observed.outside, done, given, ended)],
    held: [...applied.held, ...(then?.held ?? [])],
    lines: trail.rows,
    failure: then === undefined ? applied.failure : then.failure,
  };
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
    outside,
    given,
    taken: done.flatMap(step => grantsOf(step).taken),
    wishes: done.filter(isWish),
    ended: done.some(step => step.kind === 'suspend' || step.kind === 'delete'),
    deleted: done.some(step => step.kind === 'delete'),
    endedFormerOwner,
    becameOwner: done.some(
      step => step.kind === 'site-roles' && step.after.includes('owner') && !step.before.includes('owner'),
    ),
    removed: done.some(isRemoval),
  };
}

function isRemoval(step: Step): boolean {
  if (step.kind === 'site-roles' || step.kind === 'organization-roles')
    return step.before.some(role => !step.after.includes(role));
  return ['suspend', 'delete', 'organization-remove', 'group-remove'].includes(step.kind);
}

/** Lines for what an earlier try did before its process died: those of its steps that Coder shows as done. */
function notedLate(rim: Rim, work: Work, observation: PersonObservation, { observed }: AccountDecision): PersonOutcome {
  const steps = doneBefore(observed);
  if (steps.length === 0) return NOTHING_DONE;
  const trail = new Trail(work.cause, () => rim.clock.now());
  const before = { status: observed.interrupted?.status ?? observed.account.status };
  for (const step of steps) {
    const [action, change] = describe(observation.context, before, step);
    if (action !== undefined)
      trail.note(subjectOf(observation, observed.account.id), action, 'done', { ...change, detail: UNNOTED });
  }
  return {
    ...NOTHING_DONE,
    lines: trail.rows,
    accounts: [outcomeOfAccount(observed.account.id, [], steps, [], false)],
  };
}
