/**
 * Converges one person, in one straight line: observe, decide, reserve what the guard counts, act, record. Each hands
 * whole data to the next. When acting finds Coder other than observed, the line begins anew; nothing goes back into it.
 */
import { CoderError, outcomeOf } from '../../coder';
import { identityKey } from '../../contract/identity';
import { dropHold } from '../../store/accounts/holds';
import { readTold, type Told } from '../../store/accounts/told';
import { type Work } from '../../store/work/work';
import { withLease } from '../context/mutex';
import { type Context } from '../decide/context';
import { type Rim } from '../context/rim';
import { Held, heldBy } from '../decide/hold-reason';
import { leavesByDirectory, type PersonObservation } from '../decide/observation';
import { decidePerson, type PersonDecision } from '../decide/person';
import { endWork, type EndedWork } from '../queue/end-work';
import { act } from './act';
import { believed, leavesAccount } from './believe';
import { observePerson } from './observe';
import { joined, NOTHING_DONE, type PersonOutcome } from './outcome';
import { recordPerson } from './record';
import { recordFailure } from './record-failure';
import { type Decided, putBackLeavings, reserveChanges, type Sharer } from './reserve';

/** Times that a person is observed anew before the work is left to a later try. */
const MOST_PASSES = 5;

/** Deals with `person:<SCIM id>`. */
export async function convergePerson(rim: Rim, work: Work): Promise<EndedWork> {
  const userId = work.key.slice('person:'.length);
  const context = await rim.context.get();
  const told = await readTold(rim.database.db, work.app, userId);
  // Of an app that is gone nobody is in: what was begun for one of its people is seen to its end all the same.
  if (!context.rules.has(work.app) && (told.user !== undefined || told.entries.length === 0))
    return await endWork(rim, work, { kind: 'done' });
  return await rim.mutex.runExclusiveAll(namesOf(work.app, told), waited =>
    // Whoever was waited for may have changed what was read.
    convergeInTurn(rim, work, context, userId, waited ? undefined : told),
  );
}

/** Under which names others could deal with the same account: those of this process wait for each other. */
function namesOf(app: string, { user, person, former }: Told): string[] {
  const objects = [user?.externalId ?? person?.externalId, person?.formerExternalId];
  return [
    ...objects.flatMap(object => (object === undefined ? [] : `object:${app}:${object}`)),
    ...(person?.coderUserId === undefined ? [] : [`account:${person.coderUserId}`]),
    ...new Set(
      [...(user?.email === undefined ? [] : [user.email]), ...former.map(({ address }) => address)].map(
        address => `address:${identityKey(address)}`,
      ),
    ),
  ];
}

async function convergeInTurn(
  rim: Rim,
  work: Work,
  context: Context,
  userId: string,
  readBefore: Told | undefined,
): Promise<EndedWork> {
  let before: PersonOutcome = NOTHING_DONE;
  const begunAt = rim.clock.now();
  for (let pass = 1; ; pass += 1) {
    const told = (pass === 1 ? readBefore : undefined) ?? (await readTold(rim.database.db, work.app, userId));
    let observation: PersonObservation | undefined;
    try {
      observation = await observeOrBelieve(rim, work, context, userId, told);
    } catch (error) {
      if (!(error instanceof CoderError)) throw error;
      return await recordFailure(rim, work, context, userId, outcomeOf(error), before);
    }
    if (observation === undefined) return await endNobodys(rim, work, userId);
    const [decision, outcome, unread] = await passAlone(rim, work, observation, told);
    before = joined(before, outcome);
    if (outcome.again && pass < MOST_PASSES) continue;
    const whole = { ...joined(before, unreadOf(unread)), again: outcome.again };
    return await recordPerson(rim, work, { ...observation, unread }, decision, whole, begunAt);
  }
}

/** What could not be looked for is looked for again, or held, after what was seen has been dealt with. */
function unreadOf(unread: PersonObservation['unread']): PersonOutcome {
  if (unread === undefined) return NOTHING_DONE;
  const failure = outcomeOf(unread);
  return failure.kind === 'terminal' ? { ...NOTHING_DONE, held: [heldBy(unread)] } : { ...NOTHING_DONE, failure };
}

/** Nobody, and nothing is known of them: a plan that was made before they were forgotten holds nothing of theirs any more. */
async function endNobodys(rim: Rim, work: Work, userId: string): Promise<EndedWork> {
  return await endWork(rim, work, { kind: 'done' }, [], async db => {
    await dropHold(db, work.app, `person:${userId}`);
  });
}

/** From the account as it was a moment ago, if by that there is nothing to do about it. @throws CoderError */
async function observeOrBelieve(
  rim: Rim,
  work: Work,
  context: Context,
  userId: string,
  told: Told,
): Promise<PersonObservation | undefined> {
  const seen = believed(rim, work, told);
  const observation = seen && (await observePerson(rim, context, work.app, userId, told, seen));
  if (observation !== undefined && leavesAccount(observation, decidePerson(observation))) return observation;
  return await observePerson(rim, context, work.app, userId, told);
}

/** What was decided and done, and what could not be looked for then. */
type Passed = readonly [Decided, PersonOutcome, PersonObservation['unread']];

/** An account that several people are is changed by one of them at a time, on all replicas, from what it is then. */
async function passAlone(rim: Rim, work: Work, observation: PersonObservation, told: Told): Promise<Passed> {
  const shared = observation.accounts.find(({ holders }) => holders.length > 0);
  if (shared === undefined) {
    const once = () => pass(rim, work, observation, told);
    const back = comesBack(rim, observation);
    return await (back === undefined
      ? once()
      : withLease(rim.database.db, `account:${back}`, rim.owner, rim.clock, once));
  }
  return await withLease(rim.database.db, `account:${shared.account.id}`, rim.owner, rim.clock, async () => {
    const now = await readTold(rim.database.db, work.app, observation.userId);
    const again = await observePerson(rim, observation.context, observation.app, observation.userId, now);
    return await pass(rim, work, again ?? observation, now);
  });
}

/**
 * The account of somebody who is let in again: a sweep of another bridge, which looks at what runs of who is locked out, stops nothing of it
 * meanwhile. Those of one process wait for each other by its name.
 */
function comesBack({ database }: Rim, { own, accounts }: PersonObservation): string | undefined {
  if (database.backend === 'sqlite' || own.account !== 'present') return undefined;
  return accounts.find(({ via, account }) => via === 'linked' && account.status === 'suspended')?.account.id;
}

async function pass(rim: Rim, work: Work, observation: PersonObservation, { held }: Told): Promise<Passed> {
  const decision = decidePerson(observation);
  const guarded = await reserveChanges(rim, observation.context, {
    work,
    subject: `person:${observation.userId}`,
    before: held,
    // A declaration that is being dealt with is judged as a whole; who leaves goes at once.
    deferred: isPending(observation) && !leavesByDirectory(observation),
    leaves: leavesByDirectory(observation),
    isCounted: decision.create === undefined && isLongOut(observation),
    asks: observation.own.account === 'present',
    plans: [
      ...decision.accounts.map(({ plan }) => plan),
      ...(decision.create === undefined ? [] : [decision.create.plan]),
    ],
    sharers: sharersOf(decision, work.app),
  });
  const { waitsFor } = guarded;
  const waiting =
    waitsFor === undefined ? decision : { ...decision, held: [heldElsewhere(waitsFor), ...decision.held] };
  const outcome = await act(rim, work, observation, waiting, guarded);
  // Before anybody else has the account: what they reserve of it is theirs.
  if (!outcome.mayHaveTaken) await putBackLeavings(rim, guarded);
  return [{ decision, guarded }, outcome, observation.unread];
}

/** Whoever has left, was locked out, and is looked at again since their account can't be deleted for its workspaces. */
function isLongOut({ user, person, accounts }: PersonObservation): boolean {
  if (user !== undefined || person?.heldReason !== 'has-workspaces') return false;
  const { leftAt, convergedAt } = person;
  const wasDealtWith = leftAt !== undefined && convergedAt !== undefined && convergedAt >= leftAt;
  return wasDealtWith && accounts.every(({ actual }) => actual.status === 'suspended');
}

/** People of other apps who are an account that is decided about. */
function sharersOf({ accounts, create }: PersonDecision, app: string): Sharer[] {
  const observed = accounts.map(account => account.observed);
  if (create?.insteadOf !== undefined) observed.push(create.insteadOf.observed);
  return observed
    .flatMap(({ holders }) => holders)
    .filter(({ person }) => person.app !== app)
    .map(holder => ({
      app: holder.person.app,
      subject: `person:${holder.person.userId}`,
      leaves: leavesByDirectory(holder),
    }));
}

function heldElsewhere(app: string): Held {
  return new Held(
    'guard',
    `what the account would lose or gain is held in app ${JSON.stringify(app)}, whose person is the same account: look at coder-scim status and release it there if it is meant`,
  );
}

function isPending({ context, app }: PersonObservation): boolean {
  const stored = context.apps.get(app);
  return stored !== undefined && stored.appliedGeneration !== stored.generation;
}
