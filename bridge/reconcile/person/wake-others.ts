/** Whoever may have waited for what became of somebody is looked at again: an address is free, an account is, or what was held of it is over. */
import { othersOfAddress } from '../../store/accounts/addresses';
import { peopleHeldFor } from '../../store/accounts/held-people';
import { aloneInAsObject } from '../../store/accounts/same-object';
import { leaveAccount, peopleOfAccounts } from '../../store/accounts/people';
import { type Db } from '../../store/database/database';
import { enqueue, PRIORITY, type WorkKey } from '../../store/work/enqueue';
import { type Work } from '../../store/work/work';
import { leavesByDirectory, type PersonObservation } from '../decide/observation';
import { type AccountOutcome, type PersonOutcome } from './outcome';

/**
 * Queues everybody else who states one of these addresses, or did. Not those alone who are noted as held: who is being dealt with
 * in this moment, by another replica, may have seen the account that is no more.
 */
export async function wakeOthers(
  db: Db,
  work: Work,
  userId: string,
  addresses: readonly string[],
  now: number,
): Promise<WorkKey[]> {
  const others = new Map<WorkKey, string>();
  for (const address of addresses)
    if (address !== '')
      for (const other of await othersOfAddress(db, address, userId)) others.set(`person:${other.userId}`, other.app);
  await enqueue(
    db,
    [...others].map(([key, app]) => ({ key, app, priority: PRIORITY.request })),
    work.cause,
    now,
  );
  return [...others.keys()];
}

/** Everybody else who is one of these accounts, in whichever app: something of it was taken, or what was held of it is held no more. */
export async function wakeSharers(
  db: Db,
  work: Work,
  userId: string,
  accountIds: readonly string[],
  now: number,
): Promise<WorkKey[]> {
  const others = (await peopleOfAccounts(db, accountIds)).filter(other => other.userId !== userId);
  const items = others.map(other => ({
    key: `person:${other.userId}` as const,
    app: other.app,
    priority: PRIORITY.request,
  }));
  await enqueue(db, items, work.cause, now);
  return items.map(({ key }) => key);
}

/** Takes an account from people who have left it to somebody else: whether they can sign in to another one, or are forgotten, their own work tells. */
export async function takeFromLeavers(db: Db, work: Work, userIds: readonly string[], now: number): Promise<WorkKey[]> {
  const items = (await leaveAccount(db, userIds)).map(({ user_id: userId, app }) => ({
    key: `person:${userId}` as const,
    app,
    priority: PRIORITY.request,
  }));
  await enqueue(db, items, work.cause, now);
  return items.map(({ key }) => key);
}

/**
 * Whoever waits for this person's leaving, or for another owner, is dealt with in the same request; so is the person, who came back before their
 * leaving was dealt with.
 */
export async function wakeThem(
  db: Db,
  work: Work,
  observation: PersonObservation,
  outcomes: readonly AccountOutcome[],
  now: number,
): Promise<WorkKey[]> {
  const owners = outcomes.some(({ becameOwner }) => becameOwner) ? await peopleHeldFor(db, 'last-owner') : [];
  await enqueue(
    db,
    owners.map(({ userId, app }) => ({ key: `person:${userId}` as const, app, priority: PRIORITY.request })),
    work.cause,
    now,
  );
  const ended = observation.accounts.filter(({ account }) =>
    outcomes.some(one => one.accountId === account.id && one.ended),
  );
  const freed = [
    ...ended.map(({ account }) => account.email),
    // Which address the account had that is gone is not known any more: one of these.
    ...(observation.gone.length === 0 ? [] : observation.addresses.map(({ address }) => address)),
  ];
  const others = await wakeOthers(db, work, observation.userId, freed, now);
  const { own, person, userId, app } = observation;
  const isNext =
    own.account === 'present' &&
    person?.formerExternalId !== undefined &&
    ended.some(({ account }) => account.id === person.coderUserId);
  const itself = isNext ? [`person:${userId}` as const] : [];
  await enqueue(
    db,
    itself.map(key => ({ key, app, priority: PRIORITY.request })),
    work.cause,
    now,
  );
  return [...owners.map(owner => `person:${owner.userId}` as const), ...others, ...itself];
}

/**
 * Whoever is the same object of the identity provider by another name, when somebody leaves, or comes in: whether the account of who left is theirs
 * hangs on that, in whichever order the identity provider says it. Of several who are in it says nothing.
 */
export async function wakeSameObject(
  db: Db,
  { cause }: Work,
  observation: PersonObservation,
  { linked }: Pick<PersonOutcome, 'linked'>,
  outcomes: readonly AccountOutcome[],
  now: number,
): Promise<WorkKey[]> {
  const { app, userId, user, person, accounts } = observation;
  const externalId = person?.formerExternalId ?? user?.externalId ?? person?.externalId;
  if (externalId === undefined) return [];
  const leaves = leavesByDirectory(observation);
  const hasUsed =
    person?.coderUserId !== undefined && accounts.every(({ via, account }) => via !== 'linked' || account.used);
  const comesIn = linked !== undefined || outcomes.some(({ letIn }) => letIn);
  if (leaves ? !hasUsed : !comesIn) return [];
  const other = await aloneInAsObject(db, app, externalId, userId);
  if (other === undefined || (!leaves && other.heldReason !== 're-hire')) return [];
  const key = `person:${other.userId}` as const;
  await enqueue(db, [{ key, app, priority: PRIORITY.request }], cause, now);
  return [key];
}

/**
 * Whoever leaves leaves an account with their address to whoever is linked to it: who has left as well, and is in by it, is looked at again. Not
 * who is held, of whom somebody is told: two who had each other's address would wake each other for ever.
 */
export async function wakeHolders(
  db: Db,
  { cause }: Work,
  { own, accounts }: PersonObservation,
  now: number,
): Promise<WorkKey[]> {
  if (own.account === 'present') return [];
  const open = accounts.filter(({ via, account }) => via !== 'linked' && account.status !== 'suspended');
  const holders = open
    .flatMap(one => one.holders)
    .filter(({ desired, person }) => desired.account === 'absent' && person.heldReason === undefined);
  const items = holders.map(({ person }) => ({
    key: `person:${person.userId}` as const,
    app: person.app,
    priority: PRIORITY.request,
  }));
  await enqueue(db, items, cause, now);
  return items.map(({ key }) => key);
}
