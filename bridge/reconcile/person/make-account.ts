/** Makes an account, in the place of another one where that must go first. Journalled by its address before Coder is asked. */
import {
  cleanRealName,
  CoderError,
  type CoderUser,
  deriveUsernames,
  isRefusal,
  lookAgain,
  outcomeOf,
} from '../../coder';
import { identityKey } from '../../contract/identity';
import { writeAudit } from '../../store/audit/audit';
import { addGrants } from '../../store/accounts/grants';
import { writePerson } from '../../store/accounts/people';
import { type Db } from '../../store/database/database';
import { closeEntry, closeSame, type JournalEntry, openEntry } from '../../store/journal/journal';
import { type WorkKey } from '../../store/work/enqueue';
import { type Work } from '../../store/work/work';
import { AuditLines } from '../context/audit-lines';
import { LeaseTaken } from '../context/mutex';
import { type Rim } from '../context/rim';
import { checkStillOurs } from '../context/still-ours';
import { isProtected, organizationName } from '../decide/context';
import { type Entitlement, isImplied, keyOf } from '../decide/entitlement';
import { Held, heldBy } from '../decide/hold-reason';
import { removalKey } from '../decide/plan';
import { accountOf, type PersonObservation } from '../decide/observation';
import { heldByWorkspaces } from '../decide/person';
import { type NewAccount } from '../decide/account';
import { enqueueTouched } from '../queue/end-work';
import { untouchableMeanwhile } from './apply-steps';
import { forgetAccount, rememberGone, unlinkOthers } from './record-accounts';
import { takeFromLeavers, wakeOthers, wakeSharers } from './wake-others';
import { checkSaid, isSaidStill } from './said-still';
import { subjectOf } from './subject';
import { leavingNote, makingNote } from '../observe/begun-accounts';
import { stepsNote } from './interrupted-steps';
import { type MadeAccount, NOTHING_DONE, type PersonOutcome } from './outcome';

export interface Made {
  /** Undefined when there is none yet: observed anew, held, or tried again. */
  readonly account: CoderUser | undefined;
  readonly outcome: PersonOutcome;
}

const none = (outcome: Partial<PersonOutcome>): Made => ({
  account: undefined,
  outcome: { ...NOTHING_DONE, ...outcome },
});

/** Never throws what Coder said. */
export async function makeAccount(
  rim: Rim,
  work: Work,
  observation: PersonObservation,
  create: NewAccount,
): Promise<Made> {
  const { user } = observation;
  if (user === undefined) return none({});
  const usernames = [
    ...new Set([
      ...(create.username === undefined ? [] : [create.username]),
      ...deriveUsernames({ userName: user.username, email: user.email, key: user.id }),
    ]),
    // An account of that name could never be locked.
  ].filter(username => !isProtected(observation.context, username));
  if (!(await isSaidStill(rim, observation))) return none({ again: true });
  const check = (): Promise<void> => checkSaid(rim, observation, 'POST /users');
  let woken: readonly WorkKey[] = [];
  if (create.insteadOf?.why === 'room' || create.insteadOf?.why === 'same-object') {
    const removed = await removeFormer(rim, work, observation, create);
    return 'outcome' in removed ? removed : none({ again: true, ...removed });
  }
  const entry: JournalEntry = {
    kind: 'account',
    key: identityKey(create.email),
    app: observation.app,
    subject: observation.userId,
    note: makingNote(create.email, usernames, rim.clock.now()),
    since: rim.clock.now(),
  };
  // What an earlier try may have made is still to be known by its name and its age.
  const isFirst = await rim.database.transact(async db => {
    await checkStillOurs(rim, db, work);
    return await openEntry(db, entry, before => makingNote(create.email, usernames, rim.clock.now(), before));
  });
  if (create.insteadOf !== undefined) {
    const removed = await removeFormer(rim, work, observation, create, isFirst ? entry : undefined);
    if ('outcome' in removed) return removed;
    ({ woken } = removed);
  }
  for (const username of usernames) {
    try {
      await check();
      const { outcome, user: account } = await rim.coder.createUser(
        {
          email: create.email,
          username,
          name: cleanRealName(user.fullName),
          organizationIds: create.organizations,
        },
        { delayed: check },
      );
      // Somebody else made it meanwhile, or an earlier try of ours: the next observation tells.
      if (outcome === 'existed') return none({ again: true, woken });
      return made(rim, work, observation, account, create, woken);
    } catch (error) {
      if (isRefusal(error, 'username-taken')) continue;
      // From now on it may be at work, whoever the person is by then, or whether there still is one.
      if (error instanceof CoderError && error.maybeDone === true)
        await openEntry(rim.database.db, { ...entry, since: rim.clock.now() }, before => before.note);
      return await notMade(rim, isFirst ? entry : undefined, error, woken);
    }
  }
  if (isFirst) await closeSame(rim.database.db, entry);
  return none({
    woken,
    held: [
      new Held(
        'username-taken',
        `every username derived for ${JSON.stringify(user.userName)} is taken in Coder (${usernames.join(', ')}): free one of them`,
      ),
    ],
  });
}

const WHY: Readonly<Record<NonNullable<NewAccount['insteadOf']>['why'], (email: string) => string>> = {
  address: email => `nobody ever signed in to it, and the address is ${email} now: made anew under the same username`,
  're-hire': () =>
    'left by an earlier object of the directory, whose subject alone could sign in: made anew under the same username',
  'same-object': () =>
    'used by the same object of the directory under another name, whose subject is another one by the word of an operator: the one that they have stays',
  room: email =>
    `nobody ever signed in to it, and the address is ${email} now, which another account has for a moment: made anew when that is free`,
};

/** Coder takes along what somebody gave the account by hand, and no declaration gives it to the new one: said here alone. */
function goneByHand({ context }: PersonObservation, { insteadOf, plan, organizations }: NewAccount): string {
  if (insteadOf === undefined) return '';
  const { siteRoles, organizations: memberOf } = insteadOf.observed.actual;
  const spokenFor = new Set([...plan.gains.map(keyOf), ...plan.removals.map(removalKey)]);
  const isByHand = (entitlement: Entitlement): boolean => !spokenFor.has(keyOf(entitlement));
  const kept = new Set([...organizations, context.catalog.defaultOrganization]);
  const lost = [
    ...siteRoles.filter(target => !isImplied(target) && isByHand({ kind: 'site-role', organization: '', target })),
    ...memberOf
      .filter(organization => !kept.has(organization) && isByHand({ kind: 'organization', organization, target: '' }))
      .map(organization => `membership of ${organizationName(context, organization)}`),
  ];
  return lost.length === 0 ? '' : `; given by hand, and gone with it: ${lost.join(', ')}`;
}

/**
 * Deletes the account that the new one comes in the place of.
 * @param begun says that the new one is about to be made: closed again where the former one stays
 * @returns who waited for its address; a result when that did not go well
 */
async function removeFormer(
  rim: Rim,
  work: Work,
  observation: PersonObservation,
  create: NewAccount,
  begun?: JournalEntry,
): Promise<Made | { readonly woken: readonly WorkKey[] }> {
  const { insteadOf } = create;
  if (insteadOf === undefined) return { woken: [] };
  const { observed, replaces, why } = insteadOf;
  const { account } = observed;
  try {
    const held = await untouchableMeanwhile(rim, observation.context, account, []);
    if (held !== undefined) {
      if (begun !== undefined) await closeSame(rim.database.db, begun);
      return none({ held: [held] });
    }
  } catch (error) {
    return await notMade(rim, begun, error);
  }
  await rim.database.transact(async db => {
    await checkStillOurs(rim, db, work);
    await openEntry(db, {
      kind: 'steps',
      key: account.id,
      app: observation.app,
      subject: observation.userId,
      note: stepsNote(observed, [{ kind: 'delete' }]),
      since: rim.clock.now(),
    });
  });
  const lines = new AuditLines(work.cause, () => rim.clock.now());
  try {
    await rim.coder.deleteUser(account.id, {
      async delayed() {
        const [found, held] = [
          await rim.coder.getUser(account.id),
          await untouchableMeanwhile(rim, observation.context, account, []),
        ];
        const isAsBefore = found.state === 'present' && accountOf(found.user).used === account.used;
        if (held !== undefined || !isAsBefore)
          throw lookAgain('DELETE /users/{user}', 'the account has changed meanwhile');
        await checkSaid(rim, observation, 'DELETE /users/{user}');
      },
    });
  } catch (error) {
    if (isRefused(error)) await closeEntry(rim.database.db, 'steps', account.id);
    if (isRefusal(error, 'has-workspaces')) {
      if (begun !== undefined) await closeSame(rim.database.db, begun);
      return none({ held: [heldByWorkspaces(insteadOf, observation.user?.userName ?? '')] });
    }
    return await notMade(rim, begun, error);
  }
  lines.note(subjectOf(observation, account.id), 'account.delete', 'done', {
    before: account.status,
    target: account.username,
    detail: `${WHY[why](create.email)}${goneByHand(observation, create)}`,
  });
  return await rim.database.transact(async db => {
    await checkStillOurs(rim, db, work);
    await writeAudit(db, lines.rows);
    const leavers = await takeFromLeavers(db, work, replaces, rim.clock.now());
    const sharers = await wakeSharers(db, work, observation.userId, [account.id], rim.clock.now());
    if (observed.via === 'linked')
      await writePerson(
        db,
        { userId: observation.userId, app: observation.app, userName: observation.user?.userName ?? '' },
        { coder: null },
        rim.clock.now(),
      );
    await closeEntry(db, 'steps', account.id);
    for (const key of await forgetAccount(db, account.id)) await enqueueTouched(db, work, key, rim.clock.now());
    await unlinkOthers(db, observation, account.id, rim.clock.now());
    const others = await wakeOthers(db, work, observation.userId, [account.email], rim.clock.now());
    return { woken: [...leavers, ...sharers, ...others] };
  });
}

function made(
  rim: Rim,
  work: Work,
  observation: PersonObservation,
  account: CoderUser,
  create: NewAccount,
  woken: readonly WorkKey[],
): Made {
  const lines = new AuditLines(work.cause, () => rim.clock.now());
  lines.note(subjectOf(observation, account.id), 'account.create', 'done', {
    target: account.username,
    after: `${account.status} ${account.email}`,
  });
  // The default organization is where Coder puts everybody: being there is no gift of the bridge.
  const given = create.organizations.filter(one => one !== observation.context.catalog.defaultOrganization);
  return {
    account,
    outcome: {
      ...NOTHING_DONE,
      woken,
      lines: lines.rows,
      linked: { id: account.id, username: account.username, how: 'created' },
      made: {
        user: account,
        email: create.email,
        given: given.map(organization => ({ kind: 'organization' as const, organization, target: '' })),
      },
    },
  };
}

/** Notes a link to an account that was just made, so that whoever looks at it meanwhile sees whose it is. */
export async function noteMade(
  rim: Rim,
  work: Work,
  observation: PersonObservation,
  { lines, linked, made }: PersonOutcome,
): Promise<void> {
  if (linked === undefined || made === undefined) return;
  const now = rim.clock.now();
  await rim.database
    .commit(async db => {
      await checkStillOurs(rim, db, work);
      await writeAudit(db, lines);
      await rememberGone(db, observation, now);
      await writePerson(
        db,
        { userId: observation.userId, app: observation.app, userName: observation.user?.userName ?? '' },
        { coder: linked },
        now,
      );
      await closeMade(db, made, now);
    })
    .catch(async (error: unknown) => {
      if (error instanceof LeaseTaken)
        await rim.database.transact(db => keepMade(db, observation, made, rim.clock.now()));
      throw error;
    });
}

/**
 * Another bridge has the person by now, or is done with them: it looked when the account was not there yet, and may have closed the entry,
 * or forgotten who had left.
 */
export async function keepMade(
  db: Db,
  { app, userId }: PersonObservation,
  { user, email }: MadeAccount,
  now: number,
): Promise<void> {
  await openEntry(db, {
    kind: 'account',
    key: identityKey(email),
    app,
    subject: userId,
    note: leavingNote(user),
    since: now,
  });
}

/** What was made is known by its link: what it was made with is a gift of the bridge, and the journal need not know of it any more. */
export async function closeMade(db: Db, { user, email, given }: MadeAccount, now: number): Promise<void> {
  await addGrants(db, user.id, given, now);
  await closeEntry(db, 'account', identityKey(email));
}

/** Whether Coder has said that it did nothing. */
function isRefused(error: unknown): boolean {
  return error instanceof CoderError && error.maybeDone !== true;
}

/**
 * @param entry goes when Coder is known to have made nothing; undefined when an earlier call may still be making it
 */
async function notMade(
  rim: Rim,
  entry: JournalEntry | undefined,
  error: unknown,
  woken: readonly WorkKey[] = [],
): Promise<Made> {
  const failure = outcomeOf(error);
  if (entry !== undefined && isRefused(error)) await closeSame(rim.database.db, entry);
  if (failure.kind === 'terminal') return none({ woken, held: [heldBy(failure.error)] });
  return none({ woken, failure });
}
