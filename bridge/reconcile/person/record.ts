/** Writes down what became of one person: links, grants, wishes for groups, holds, audit lines and the closing of journal entries, in one transaction. */
import { identityKey, isSameIdentity } from '../../contract/identity';
import { noteAddress } from '../../store/accounts/addresses';
import { deletePerson, forgetFormerObject, type PersonChange, writePerson } from '../../store/accounts/people';
import { writeAudit } from '../../store/audit/audit';
import { type Db } from '../../store/database/database';
import { closeEntry, closeSame, handOverEntry, mayLastUntil, openEntry } from '../../store/journal/journal';
import { enqueue, PRIORITY, type WorkKey } from '../../store/work/enqueue';
import { type Work } from '../../store/work/work';
import { AuditLines } from '../context/audit-lines';
import { type Rim } from '../context/rim';
import {
  type BegunAccount,
  type Claimant,
  isLinkGone,
  leavesByDirectory,
  leavesItsApp,
  type ObservedAccount,
  type PersonObservation,
} from '../decide/observation';
import { CameBack } from '../decide/hold-reason';
import { EMAIL_CONFLICT, type PersonDecision, unclearAccount } from '../decide/person';
import { type Removal } from '../decide/plan';
import { leavingNote } from '../observe/begun-accounts';
import { AWAITS_DECLARATION, endWork, type EndedWork, type Later, LOOKED_FOR_AGAIN } from '../queue/end-work';
import { type Decided, type Waits } from './reserve';
import { subjectOf } from './subject';
import { wakeHolders, wakeSameObject, wakeSharers, wakeThem } from './wake-others';
import { remember } from './believe';
import { stepsNote, UNNOTED } from './interrupted-steps';
import { closeMade, keepMade } from './make-account';
import { type AccountOutcome, type PersonOutcome } from './outcome';
import { endedOnly, forgetAccount, unlinkOthers, writeAccounts } from './record-accounts';
import { heldOf, writeHold, writeReHire } from './record-hold';

/** Refusals that say what Coder's own sign-in sync governs. */
const BY_SYNC: ReadonlySet<string> = new Set(['site-role-sync', 'organization-role-sync', 'organization-sync']);

/** Why somebody is looked at again although they are dealt with. */
const MAY_UNDO =
  'a call to Coder whose answer nobody heard may still undo what was decided since: looked at once more when it can not be at work any more';

const WAITS_FOR = {
  'other-app':
    'another app, whose person is the same account, has been told something that is not dealt with yet: its guard speaks first',
  'rest-of-request':
    'a large group was changed, and not everybody whom that is about is queued yet: the guard counts them all first',
} as const;

const UNREAD = 'some of what Coder has could not be read: what hangs on it is neither given nor taken meanwhile';
/** So soon it is looked at again. */
const UNREAD_PAUSE_MS = 5_000;

const LOCKED_FIRST = 'locked out already; what they have in organizations is taken next';

/** A declaration that is applied brings forward who waits for it; where it is not for long, they look seldom, and no request waits. */
function laterThanDeclared(now: number, since: number): Later {
  const waitedMs = now - since;
  const pauseMs = Math.min(Math.max(Math.round(waitedMs / 4), 1_000), 60_000);
  return { dueAt: now + pauseMs, reason: AWAITS_DECLARATION, awaited: waitedMs < 2_000, elsewhere: true };
}

/** Whether somebody is to be looked at again who is done with for now. */
function laterOf(
  observation: PersonObservation,
  { follows }: PersonOutcome,
  accounts: readonly AccountOutcome[],
  waits: Waits | undefined,
  work: Work,
  now: number,
): Later | undefined {
  if (follows) return { dueAt: now, reason: LOCKED_FIRST };
  if (waits?.for === 'declaration') return laterThanDeclared(now, work.enqueuedAt);
  if (waits !== undefined) return { dueAt: waits.until, reason: WAITS_FOR[waits.for], awaited: true, elsewhere: true };
  if (observation.context.catalog.isPartial && !leavesByDirectory(observation))
    return { dueAt: now + UNREAD_PAUSE_MS, reason: UNREAD, elsewhere: true };
  const unsettled = unsettledEntries(observation, now);
  // A call that may still be at work in Coder is looked after once it can not be any more.
  const late = accounts.flatMap(account => account.late.map(({ since }) => mayLastUntil(since, now)));
  if (late.length > 0) return { dueAt: Math.max(unsettled ?? 0, ...late), reason: MAY_UNDO };
  return unsettled === undefined ? undefined : { dueAt: unsettled, reason: LOOKED_FOR_AGAIN };
}

/**
 * Ends the work on one person.
 * @param begunAt when it was taken up, before anything was read
 */
export async function recordPerson(
  rim: Rim,
  work: Work,
  observation: PersonObservation,
  { decision, guarded }: Decided,
  outcome: PersonOutcome,
  begunAt: number,
): Promise<EndedWork> {
  const now = rim.clock.now();
  const { userId, app, user, person } = observation;
  const failure = outcome.again
    ? {
        kind: 'failed' as const,
        error: new Error('the accounts of the person change faster than they can be dealt with'),
      }
    : outcome.failure;
  const held = heldOf(guarded, outcome.held);
  const accounts = endedOnly(outcome);
  const isStillIn = isIn(observation, { decision, guarded }, accounts);
  // What keeps a leaver from being locked out ends without a word to the bridge: it is held, and tried on.
  const triedOn = failure === undefined && isStillIn ? outcome.unlockable : undefined;
  const later = laterOf(observation, outcome, accounts, guarded.waits, work, now);
  const ending = observation.context.apps.get(app)?.deleting === true;
  const touched = accounts.flatMap(account => account.wishes.map(wish => `coder-group:${wish.group}` as const));
  const writes = async (db: Db): Promise<WorkKey[]> => {
    const lines = new AuditLines(work.cause, () => now);
    noteLines(lines, observation, outcome, held, triedOn !== undefined);
    const isUndone = failure !== undefined || (isStillIn && guarded.before?.releasedAt !== undefined);
    const sharers = await writeHold(db, work, observation, guarded, isUndone, lines, now);
    await writeAudit(db, lines.rows);
    const emptier = await writeAccounts(db, work, observation, accounts);
    for (const { id, byBridge } of observation.gone) {
      if (byBridge) await unlinkOthers(db, observation, id, now);
      emptier.push(...(await forgetAccount(db, id)));
    }
    await closeEntries(db, work, observation, outcome, accounts, now);
    const woken = [
      ...(await wakeThem(db, work, observation, accounts, now)),
      ...(failure === undefined && triedOn === undefined
        ? [
            ...(await wakeHolders(db, work, observation, now)),
            ...(await wakeSameObject(db, work, observation, outcome, accounts, now)),
          ]
        : []),
    ];
    const lessened = accounts.filter(({ removed, deleted }) => removed || deleted).map(({ accountId }) => accountId);
    await wakeSharers(db, work, userId, lessened, now);
    for (const { accountId, deleted } of accounts) if (deleted) await unlinkOthers(db, observation, accountId, now);
    // Whoever is dealt with after this is not asked for what Coder refuses to everybody: the app's warnings tell of it.
    if (outcome.held.some(({ reason }) => BY_SYNC.has(reason) && reason !== person?.heldReason))
      await enqueue(db, [{ key: `app:${app}`, app, priority: PRIORITY.declaration }], work.cause, now);
    // What kept this person in a deleted app was in Coder, and nobody tells the app of its end but this.
    if (person?.heldReason !== undefined && held === undefined && ending)
      await enqueue(db, [{ key: `app:${app}`, app, priority: PRIORITY.declaration }], work.cause, now);
    if (
      user?.email !== undefined &&
      !observation.addresses.some(({ address }) => isSameIdentity(address, user.email ?? ''))
    )
      await noteAddress(db, { userId, app }, user.email, now);
    const back = isBack(observation, decision, accounts);
    await writeReHire(db, observation, outcome, back);
    if (back) await forgetFormerObject(db, userId, user?.externalId);
    if (outcome.made !== undefined) await closeMade(db, outcome.made, now);
    await writePersonRow(db, observation, outcome, held, failure === undefined && later === undefined, now);
    return [...emptier, ...woken, ...sharers];
  };
  const owed = [
    ...outcome.woken,
    ...observation.accounts.flatMap(({ unwritten }) => unwritten.map(id => `coder-group:${id}` as const)),
  ];
  const found =
    failure === undefined && held === undefined && isFound(observation, outcome, accounts) && !hasHold(guarded);
  const ended = await endWork(rim, work, failure ?? triedOn ?? { kind: 'done' }, touched, writes, {
    later,
    owed,
    found,
    isOut: !outcome.again && isOut(observation, accounts),
    isIn: isStillIn,
    lost: async db => {
      if (outcome.made !== undefined) await keepMade(db, observation, outcome.made, now);
    },
  });
  remember(rim, observation, outcome, accounts, { begunAt, convergedAt: now });
  return ended;
}

const endedOf = (changed: readonly AccountOutcome[]): ReadonlySet<string> =>
  new Set(changed.flatMap(one => (one.ended ? one.accountId : [])));

/** Whether nobody signs in any more to an account of theirs, as far as is known. */
function isOut({ accounts, unread }: PersonObservation, changed: readonly AccountOutcome[]): boolean {
  const ended = endedOf(changed);
  return (
    unread === undefined && accounts.every(({ account }) => account.status === 'suspended' || ended.has(account.id))
  );
}

/** Whether somebody who was another object when they were let in last is in by the account that they had then: it is theirs from now on. */
function isBack(
  { own, person }: PersonObservation,
  decision: PersonDecision,
  changed: readonly AccountOutcome[],
): boolean {
  if (own.account !== 'present' || person?.formerExternalId === undefined) return false;
  const main = decision.accounts.find(({ observed }) => observed.via === 'linked');
  if (main?.input.desired.account !== 'present') return false;
  const { id, status } = main.observed.account;
  return status !== 'suspended' || changed.some(({ accountId, letIn }) => accountId === id && letIn);
}

/**
 * Whether the directory says of somebody that they leave, or their app is being removed, and an account of theirs that is to be locked is not;
 * what the guard stopped is told as that.
 */
function isIn(
  observation: PersonObservation,
  { decision, guarded }: Decided,
  changed: readonly AccountOutcome[],
): boolean {
  const isAccount = ({ kind }: Removal): boolean => kind === 'account';
  if (!leavesItsApp(observation)) return false;
  if (guarded.held.some(isAccount)) return false;
  const ended = endedOf(changed);
  return decision.accounts.some(
    ({ observed, plan }) => plan.removals.some(isAccount) && !ended.has(observed.account.id),
  );
}

/** Whether everything that is to be noted would be found again: nothing was asked of Coder, and wishes for groups follow from the directory. */
function isFound(
  { gone, person }: PersonObservation,
  { lines, linked, username }: PersonOutcome,
  accounts: readonly AccountOutcome[],
): boolean {
  return (
    gone.length === 0 &&
    person?.heldReason === undefined &&
    linked === undefined &&
    username === undefined &&
    lines.length === 0 &&
    accounts.every(({ journalled, given, taken, workspaces }) => {
      return !journalled && given.length + taken.length === 0 && workspaces === undefined;
    })
  );
}

const hasHold = ({ reasons, before }: Decided['guarded']): boolean => reasons.length > 0 || before !== undefined;

/**
 * When to look again for an account that was about to be made and is not there, and at one that somebody else was about to change a moment ago:
 * their bridge may be at work with it still. Undefined when nothing is open.
 */
function unsettledEntries(observation: PersonObservation, now: number): number | undefined {
  const { begun, accounts, leftAlone, own, userId } = observation;
  const changing = accounts.flatMap(({ interrupted }) =>
    own.account !== 'present' || interrupted === undefined || interrupted.subject === userId
      ? []
      : mayLastUntil(interrupted.since, now),
  );
  // Under the address that they state, the account is there once they have been dealt with.
  const open = begun.flatMap(({ email, since }) =>
    claims(observation, email) || accounts.some(({ account }) => isSameIdentity(account.email, email))
      ? []
      : mayLastUntil(since, now),
  );
  const until = Math.max(...changing, ...open, ...leftAlone.map(({ since }) => mayLastUntil(since, now)));
  return until > now ? until : undefined;
}

/** Entries whose outcome is known: found and dealt with, or not there and not coming any more. */
async function closeEntries(
  db: Db,
  work: Work,
  observation: PersonObservation,
  outcome: PersonOutcome,
  accounts: readonly AccountOutcome[],
  now: number,
): Promise<void> {
  for (const account of accounts) if (account.journalled) await closeSteps(db, observation, account);
  for (const { id } of observation.gone) await closeEntry(db, 'steps', id);
  for (const { id, since } of observation.leftAlone)
    if (mayLastUntil(since, now) <= now) await closeSame(db, { kind: 'steps', key: id, since });
  // What follows a lock is looked for by the same entries; and of an app that is gone nothing else leads to who is held.
  const isHeld = outcome.held.length > 0 && !observation.context.apps.has(observation.app);
  const isUnclear = outcome.failure !== undefined || observation.unread !== undefined;
  if (isUnclear || outcome.again || outcome.follows || isHeld) return;
  const unclear = unclearAccount(observation);
  for (const { email, since } of observation.begun) {
    const bearing = observation.accounts.filter(({ account }) => isSameIdentity(account.email, email));
    const found = bearing.find(({ begun, via }) => begun || via === 'linked');
    // Coder has one account for an address: as long as there is this one, nothing more comes of the call.
    const isTaken = found === undefined && bearing.length > 0;
    if (found?.claimedBy !== undefined && !claims(observation, email)) {
      await handOver(db, work, { email, since }, found.claimedBy, now);
      continue;
    }
    // Whose it is will be told by a later look, which has to know that the bridge made it.
    if (found !== undefined && found === unclear) {
      const { app, userId } = observation;
      await openEntry(db, {
        kind: 'account',
        key: identityKey(email),
        app,
        subject: userId,
        note: leavingNote(found.account),
        since,
      });
      continue;
    }
    const dealtWith = found !== undefined && isDealtWith(found, outcome);
    if (dealtWith || isTaken || (found === undefined && mayLastUntil(since, now) <= now))
      await closeSame(db, { kind: 'account', key: identityKey(email), since });
  }
}

/** What Coder may still do to an account stays known until it can not any more. */
async function closeSteps(
  db: Db,
  { app, userId, accounts }: PersonObservation,
  { accountId, late, deleted }: AccountOutcome,
): Promise<void> {
  const observed = accounts.find(({ account }) => account.id === accountId);
  if (late.length === 0 || deleted || observed === undefined) return await closeEntry(db, 'steps', accountId);
  const since = Math.max(...late.map(one => one.since));
  const note = stepsNote(observed, [], late);
  await openEntry(db, { kind: 'steps', key: accountId, app, subject: userId, note, since });
}

/** Whether the person states this address now and is to come in. */
function claims({ own, user }: PersonObservation, address: string): boolean {
  return own.account === 'present' && user?.email !== undefined && isSameIdentity(user.email, address);
}

/**
 * The account falls to somebody else who states its address, and the entry with it: should they change theirs before they are dealt with, it is
 * still known that a bridge made it.
 */
async function handOver(
  db: Db,
  { cause }: Work,
  { email, since }: Pick<BegunAccount, 'email' | 'since'>,
  { userId, app }: Claimant,
  now: number,
): Promise<void> {
  await handOverEntry(db, { kind: 'account', key: identityKey(email), since }, { app, subject: userId });
  await enqueue(db, [{ key: `person:${userId}`, app, priority: PRIORITY.request }], cause, now);
}

/** An account that is nobody's any more is dealt with when it is locked or gone: what is held of it, or judged with more, comes again. */
function isDealtWith({ via, account, holders }: ObservedAccount, { accounts }: PersonOutcome): boolean {
  // Whoever is linked to it answers for it.
  if (via === 'linked' || holders.length > 0) return true;
  const changed = accounts.find(({ accountId }) => accountId === account.id);
  return changed !== undefined && (changed.ended || account.status === 'suspended');
}

function noteLines(
  lines: AuditLines,
  observation: PersonObservation,
  outcome: PersonOutcome,
  held: { readonly reason: string; readonly detail: string } | undefined,
  isTriedOn: boolean,
): void {
  const { person } = observation;
  const isTold = person?.heldReason === held?.reason && person?.heldDetail === held?.detail;
  const subject = subjectOf(observation, outcome.linked?.id ?? person?.coderUserId);
  for (const { id, byBridge } of observation.gone) {
    lines.note(
      subjectOf(observation, id),
      byBridge ? 'account.delete' : 'account.gone',
      byBridge ? 'done' : 'reported',
      {
        target: id === person?.coderUserId ? person.coderUsername : undefined,
        detail: byBridge ? UNNOTED : 'somebody deleted the account in Coder',
      },
    );
  }
  // What is refused again half a minute later was told.
  lines.rows.push(...outcome.lines.filter(({ result }) => !(isTriedOn && isTold && result === 'held')));
  if (held !== undefined && !isTold)
    lines.note(subject, 'person.held', 'held', { target: held.reason, detail: held.detail });
}

async function writePersonRow(
  db: Db,
  observation: PersonObservation,
  outcome: PersonOutcome,
  held: { readonly reason: string; readonly detail: string } | undefined,
  finished: boolean,
  now: number,
): Promise<void> {
  const { userId, app, user, person } = observation;
  const isGone = isLinkGone(observation);
  const linkedId = outcome.linked?.id ?? (isGone ? undefined : person?.coderUserId);
  const deleted = outcome.accounts.some(account => account.deleted && account.accountId === linkedId);
  // Whoever is gone from the directory, has no account and waits for nothing is forgotten.
  // As at the end of an app: nobody looks at its people any more, and an account that is locked is nobody's.
  const isOver = !observation.context.apps.has(app);
  if (user === undefined && finished && held === undefined && (linkedId === undefined || deleted || isOver)) {
    await deletePerson(db, userId);
    return;
  }
  const isLinked = linkedId !== undefined && !deleted;
  const isAsked = outcome.held.some(one => one instanceof CameBack && one.account === linkedId);
  const isLockedFirst = outcome.accounts.some(({ accountId, ended }) => accountId === linkedId && ended);
  // Nothing that is looked at tells of it again.
  const isKept = outcome.failure !== undefined && linkedId === undefined && person?.heldReason === EMAIL_CONFLICT;
  const change: PersonChange = {
    ...(held === undefined && isKept ? {} : { held: held ?? null }),
    convergedAt: now,
    ...(outcome.linked !== undefined && !deleted ? { coder: outcome.linked } : {}),
    ...(deleted || (isGone && outcome.linked === undefined) ? { coder: null } : {}),
    ...usernameOf(observation, outcome),
    ...(finished && user !== undefined && isLinked ? { known: user } : {}),
    // Who is locked out has not been dealt with under a new name.
    ...(finished &&
    user !== undefined &&
    isLinked &&
    observation.own.account === 'present' &&
    !isAsked &&
    !isLockedFirst
      ? { profile: user }
      : {}),
    ...(user === undefined && person?.leftAt === undefined ? { leftAt: now } : {}),
    ...formerOwnerOf(observation, outcome),
    ...outSinceOf(observation, finished && held === undefined, now),
  };
  await writePerson(db, { userId, app, userName: user?.userName ?? person?.userName ?? '' }, change, now);
}

function usernameOf({ accounts, person }: PersonObservation, outcome: PersonOutcome): PersonChange {
  const present = outcome.username ?? accounts.find(({ via }) => via === 'linked')?.account.username;
  return present === undefined || present === person?.coderUsername || outcome.linked !== undefined
    ? outcome.username === undefined
      ? {}
      : { coderUsername: outcome.username }
    : { coderUsername: present };
}

/** @param isDone nothing of what was decided is left to do, and nothing is held */
function outSinceOf({ own, person }: PersonObservation, isDone: boolean, now: number): PersonChange {
  if (own.account === 'present') return { outSince: null };
  return isDone ? { outSince: person?.outSince ?? now } : {};
}

function formerOwnerOf({ accounts, person }: PersonObservation, outcome: PersonOutcome): PersonChange {
  if (outcome.accounts.some(account => account.endedFormerOwner)) return { formerOwner: true };
  const again =
    accounts.some(({ via, account }) => via === 'linked' && account.roles.includes('owner')) ||
    outcome.accounts.some(({ becameOwner }) => becameOwner);
  return person?.formerOwner === true && again ? { formerOwner: false } : {};
}
