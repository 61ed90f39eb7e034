/**
 * Carries out a decision about one person: notes the link to an account that was there, makes an account, changes
 * accounts. Whatever makes or takes something stands in the journal before Coder is asked.
 */
import { CoderError, type CoderUser, isRefusal, outcomeOf } from '../../coder';
import { writeAudit } from '../../store/audit/audit';
import { addGrants } from '../../store/accounts/grants';
import { writePerson } from '../../store/accounts/people';
import { forgetReHire } from '../../store/accounts/re-hires';
import { leavingNote } from '../observe/begun-accounts';
import { openEntry } from '../../store/journal/journal';
import { identityKey } from '../../contract/identity';
import { type Work } from '../../store/work/work';
import { AuditLines } from '../context/audit-lines';
import { LeaseTaken } from '../context/mutex';
import { type Rim } from '../context/rim';
import { checkStillOurs } from '../context/still-ours';
import { Held } from '../decide/hold-reason';
import { accountOf, leavesByDirectory, type ObservedAccount, type PersonObservation } from '../decide/observation';
import { type PersonDecision } from '../decide/person';
import { type AccountDecision, decideAccount, type NewAccount } from '../decide/account';
import { decideProfile } from '../decide/profile';
import { plan } from '../decide/plan';
import { changeAccount, lastOwner } from './change-account';
import { ownerMadeAnew, withOwnersKept } from './keep-owners';
import { makeAccount, noteMade } from './make-account';
import { isWish, joined, type Linked, NOTHING_DONE, type PersonOutcome } from './outcome';
import { type Guarded } from './reserve';
import { checkSaid } from './said-still';
import { rememberGone } from './record-accounts';
import { subjectOf } from './subject';
import { takeFromLeavers, wakeSharers } from './wake-others';

/** Never throws what Coder said. */
export async function act(
  rim: Rim,
  work: Work,
  observation: PersonObservation,
  decision: PersonDecision,
  guarded: Guarded,
): Promise<PersonOutcome> {
  const linking = decision.accounts.find(({ link }) => link !== undefined);
  if (linking !== undefined) return await takeUp(rim, work, observation, linking);
  let outcome: PersonOutcome = { ...NOTHING_DONE, held: decision.held };
  // What nobody needs any more goes first: a new account may want its username.
  for (const account of decision.accounts)
    // Whoever leaves is locked out of all of them, whatever Coder fails at in one.
    if (outcome.failure?.kind !== 'retry')
      outcome = joined(outcome, await orFailure(() => changeAccount(rim, work, observation, account, guarded)));
  if (decision.create !== undefined && outcome.failure === undefined) {
    // Whoever may not be let in again stays who they are.
    if (!guarded.allowsGain({ kind: 'activation' })) return outcome;
    const { create } = decision;
    const before = outcome;
    // An account may go for it.
    const making = { ...before, mayHaveTaken: true };
    return joined(making, await orFailure(() => makeInPlace(rim, work, observation, create, guarded, before)));
  }
  const main = decision.accounts.find(({ observed }) => observed.via === 'linked');
  // What is locked though the person is to come in is another one's.
  if (main?.observed.profile === undefined || main.input.desired.account === 'absent') return outcome;
  const { account, profile } = main.observed;
  const before = outcome;
  return joined(
    before,
    await orFailure(() => finish(rim, work, observation, { ...account, ...profile }, observation.person?.how, before)),
  );
}

/** What ended a step before it began, such as a lease of another bridge, undoes nothing of what was done before it, and keeps nothing else from being done. */
async function orFailure(step: () => Promise<PersonOutcome>): Promise<PersonOutcome> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof CoderError) && !(error instanceof LeaseTaken)) throw error;
    const failure = outcomeOf(error);
    // What it did before is not known any more.
    return {
      ...NOTHING_DONE,
      mayHaveTaken: true,
      failure: failure.kind === 'terminal' ? { kind: 'failed', error } : failure,
    };
  }
}

/** What was made is noted with all that becomes of it, or first where more is asked of Coder. */
async function noteBeforeCalls(
  rim: Rim,
  work: Work,
  observation: PersonObservation,
  made: PersonOutcome,
  { input }: AccountDecision,
  { allows, allowsGain }: Guarded,
): Promise<PersonOutcome> {
  if (plan({ ...input, allows, allowsGain }).steps.every(isWish)) return made;
  await noteMade(rim, work, observation, made);
  return { ...made, made: undefined, lines: [] };
}

/**
 * An account that comes in the place of another one takes what the new one will not have: as long as that may not go, or the last
 * owner would go with it, the old one stays and only changes as far as it may.
 */
async function makeInPlace(
  rim: Rim,
  work: Work,
  observation: PersonObservation,
  create: NewAccount,
  guarded: Guarded,
  before: PersonOutcome,
): Promise<PersonOutcome> {
  const { context } = observation;
  const mayGo = create.plan.removals.every(removal => guarded.allows(removal));
  const owner = ownerMadeAnew(context, create, guarded.allowsGain);
  // Until the new one is an owner too, nobody else takes one: for a moment this one is none.
  const made = !mayGo
    ? undefined
    : await withOwnersKept(rim, context, owner?.id, async kept =>
        kept || owner?.staysOne === true ? await makeWhole(rim, work, observation, create, guarded, before) : undefined,
      );
  if (made !== undefined || create.insteadOf === undefined) return made ?? NOTHING_DONE;
  const { observed, why } = create.insteadOf;
  // It is another one's, who has not been let go of it.
  if (why === 're-hire') return { ...NOTHING_DONE, held: mayGo ? [lastOwner(await rim.context.get(), observed)] : [] };
  return await changeAccount(rim, work, observation, decideAccount(observation, observed, undefined), guarded);
}

/** Makes the account, with everything that it is to have. */
async function makeWhole(
  rim: Rim,
  work: Work,
  observation: PersonObservation,
  create: NewAccount,
  guarded: Guarded,
  before: PersonOutcome,
): Promise<PersonOutcome> {
  const { account, outcome: making } = await makeAccount(rim, work, observation, create);
  if (account === undefined || making.again || making.failure !== undefined) return making;
  const fresh = decideAccount(observation, freshAccount(account), undefined);
  let outcome = await noteBeforeCalls(rim, work, observation, making, fresh, guarded);
  // That it was made is noted whatever becomes of the rest.
  outcome = joined(outcome, await orFailure(() => changeAccount(rim, work, observation, fresh, guarded)));
  const sofar = joined(before, outcome);
  return joined(outcome, await orFailure(() => finish(rim, work, observation, account, 'created', sofar)));
}

/** An account just made: it has nothing yet, and nobody else is it. */
function freshAccount(user: CoderUser): ObservedAccount {
  return {
    account: accountOf(user),
    via: 'linked',
    begun: true,
    holders: [],
    claimedBy: undefined,
    appearedFor: undefined,
    actual: {
      status: user.status,
      loginType: user.loginType,
      siteRoles: user.roles,
      organizations: user.organizationIds,
      organizationRoles: new Map(),
      groups: new Map(),
    },
    granted: () => false,
    outside: [],
    unwritten: [],
    interrupted: undefined,
    profile: { name: user.name, avatarUrl: user.avatarUrl },
  };
}

/**
 * Notes the link to an account that was there before; then everything is observed anew: somebody who leaves it, or shares
 * it, may be dealt with at the same time, and either sees the other from now on. The account that the person was until now
 * stays in the journal, so that it is not forgotten.
 */
async function takeUp(
  rim: Rim,
  work: Work,
  observation: PersonObservation,
  { observed, link }: AccountDecision,
): Promise<PersonOutcome> {
  const { app, userId, user } = observation;
  const { account } = observed;
  const now = rim.clock.now();
  const how = link?.how ?? 'adopted';
  const subject = subjectOf(observation, account.id);
  const lines = new AuditLines(work.cause, () => now);
  // What an earlier try made, and nobody has noted yet. Of one that somebody is, or was, it is noted what the bridge made and gave, and the rest is
  // by somebody's hand.
  const isUnnoted = how === 'created' && observed.holders.length === 0;
  if (isUnnoted)
    lines.note(subject, 'account.create', 'done', {
      target: account.username,
      after: `${account.status} ${account.email}`,
    });
  else
    lines.note(subject, 'account.adopt', 'done', {
      target: account.username,
      before: account.status,
      detail: `e-mail ${account.email}`,
    });
  const former = observation.accounts.find(({ via }) => via === 'linked');
  // It may be in organizations that were asked for then.
  const given = isUnnoted
    ? account.organizationIds.filter(organization => organization !== observation.context.catalog.defaultOrganization)
    : [];
  const woken = await rim.database.transact(async db => {
    await checkStillOurs(rim, db, work);
    await writeAudit(db, lines.rows);
    const leavers = await takeFromLeavers(db, work, link?.replaces ?? [], now);
    if (observation.reHire !== undefined) await forgetReHire(db, userId);
    // What was held of those is held no more.
    if (link !== undefined && link.replaces.length > 0) {
      const accountIds = observation.accounts.map(({ account }) => account.id);
      await wakeSharers(db, work, observation.userId, accountIds, now);
    }
    await rememberGone(db, observation, now);
    await writePerson(
      db,
      { userId, app, userName: user?.userName ?? observation.person?.userName ?? account.email },
      { coder: { id: account.id, username: account.username, how } },
      now,
    );
    await addGrants(
      db,
      account.id,
      given.map(organization => ({ kind: 'organization' as const, organization, target: '' })),
      now,
    );
    if (former !== undefined && former.account.id !== account.id)
      await openEntry(db, {
        kind: 'account',
        key: identityKey(former.account.email),
        app,
        subject: userId,
        note: leavingNote(former.account),
        since: now,
      });
    return leavers;
  });
  const linked: Linked = { id: account.id, username: account.username, how };
  return { ...NOTHING_DONE, again: true, linked, woken };
}

/** Name and username, once the person is in. */
async function finish(
  rim: Rim,
  work: Work,
  observation: PersonObservation,
  account: { readonly id: string; readonly username: string; readonly name: string; readonly avatarUrl: string },
  how: 'created' | 'adopted' | undefined,
  before: PersonOutcome,
): Promise<PersonOutcome> {
  if (observation.own.account !== 'present' || leavesByDirectory(observation) || before.failure !== undefined)
    return NOTHING_DONE;
  const next = decideProfile(observation, account, how);
  if (next === undefined) return NOTHING_DONE;
  const lines = new AuditLines(work.cause, () => rim.clock.now());
  const subject = subjectOf(observation, account.id);
  const change = {
    before: `${account.username} ${JSON.stringify(account.name)}`,
    after: `${next.username} ${JSON.stringify(next.name)}`,
  };
  await checkStillOurs(rim, rim.database.db, work);
  try {
    const delayed = (): Promise<void> => checkSaid(rim, observation, 'PUT /users/{user}/profile');
    await rim.coder.setProfile(account, next, { delayed });
    lines.note(subject, 'profile.set', 'done', change);
    return {
      ...NOTHING_DONE,
      lines: lines.rows,
      username: next.username === account.username ? undefined : next.username,
    };
  } catch (error) {
    const failure = outcomeOf(error);
    lines.note(subject, 'profile.set', failure.kind === 'terminal' ? 'held' : 'failed', {
      ...change,
      detail: error instanceof Error ? error.message : String(error),
    });
    if (isRefusal(error))
      return { ...NOTHING_DONE, lines: lines.rows, held: [new Held(error.reason ?? 'refused', error.message)] };
    return {
      ...NOTHING_DONE,
      lines: lines.rows,
      failure: failure.kind === 'terminal' ? { kind: 'failed', error } : failure,
    };
  }
}
