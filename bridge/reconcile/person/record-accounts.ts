/** Writes down what became of a person's accounts: grants, wishes for groups, and what is left of workspaces. */
import { forgetMemberships, leaveOrganization, wantMember } from '../../store/accounts/coder-members';
import { forgetGrants, type Grant, removeGrants } from '../../store/accounts/grants';
import { forgetLeaverWorkspaces, putLeaverWorkspaces } from '../../store/accounts/leaver-workspaces';
import { peopleOfAccount, unsettle, writePerson } from '../../store/accounts/people';
import { type Db } from '../../store/database/database';
import { openEntry } from '../../store/journal/journal';
import { type WorkKey } from '../../store/work/enqueue';
import { type Work } from '../../store/work/work';
import { type Subject } from '../context/audit-lines';
import { type PersonObservation } from '../decide/observation';
import { type AccountOutcome, type PersonOutcome, type Wish } from './outcome';
import { stepsNote } from './interrupted-steps';
import { subjectOf } from './subject';

/** One outcome for each account, whatever came of it in how many parts. */
export function endedOnly({ accounts }: PersonOutcome): AccountOutcome[] {
  const byId = new Map<string, AccountOutcome>();
  for (const account of accounts) {
    const known = byId.get(account.accountId);
    byId.set(account.accountId, known === undefined ? account : both(known, account));
  }
  return [...byId.values()];
}

function both(first: AccountOutcome, second: AccountOutcome): AccountOutcome {
  const given = [...first.given, ...second.given];
  return {
    accountId: first.accountId,
    journalled: first.journalled || second.journalled,
    late: second.late,
    outside: [...new Set([...first.outside, ...second.outside])],
    given,
    // What an earlier try took and this one gave again is not taken any more.
    taken: [...first.taken.filter(taken => !second.given.some(one => isSameGrant(one, taken))), ...second.taken],
    wishes: [...first.wishes, ...second.wishes],
    ended: first.ended || second.ended,
    deleted: first.deleted || second.deleted,
    letIn: first.letIn || second.letIn,
    endedFormerOwner: first.endedFormerOwner || second.endedFormerOwner,
    workspaces: second.workspaces ?? first.workspaces,
    becameOwner: first.becameOwner || second.becameOwner,
    removed: first.removed || second.removed,
  };
}

function isSameGrant(left: Grant, right: Grant): boolean {
  return left.kind === right.kind && left.organization === right.organization && left.target === right.target;
}

/** @returns keys of groups that have somebody less by it */
export async function writeAccounts(
  db: Db,
  work: Work,
  observation: PersonObservation,
  accounts: readonly AccountOutcome[],
): Promise<WorkKey[]> {
  const emptier: WorkKey[] = [];
  for (const account of accounts) {
    const { accountId } = account;
    if (account.deleted) {
      emptier.push(...(await forgetAccount(db, accountId)));
      continue;
    }
    if (account.workspaces === 'none') await forgetLeaverWorkspaces(db, accountId);
    else if (account.workspaces !== undefined) await putLeaverWorkspaces(db, account.workspaces);
    await removeGrants(db, accountId, account.taken);
    const left = account.taken.filter(({ kind }) => kind === 'organization').map(({ organization }) => organization);
    for (const organization of [...account.outside, ...left])
      for (const group of await leaveOrganization(db, accountId, organization)) emptier.push(`coder-group:${group}`);
    for (const wish of account.wishes)
      await wantMember(
        db,
        wish.group,
        accountId,
        wish.kind === 'group-add',
        because(work, subjectOf(observation, accountId), wish),
      );
  }
  return emptier;
}

/** The person is another account from now on, before what is gone was forgotten: the journal tells the next observation of it. */
export async function rememberGone(
  db: Db,
  { app, userId, gone }: Pick<PersonObservation, 'app' | 'userId' | 'gone'>,
  now: number,
): Promise<void> {
  for (const { id, byBridge } of gone)
    await openEntry(db, {
      kind: 'steps',
      key: id,
      app,
      subject: userId,
      note: stepsNote({ account: { status: 'dormant' } }, byBridge ? [{ kind: 'delete' }] : []),
      since: now,
    });
}

/** An account is gone from Coder. @returns keys of its groups: one that nothing declares any more may be empty by now */
export async function forgetAccount(db: Db, accountId: string): Promise<WorkKey[]> {
  await forgetGrants(db, accountId);
  await forgetLeaverWorkspaces(db, accountId);
  await unsettle(db, accountId);
  return (await forgetMemberships(db, accountId)).map(id => `coder-group:${id}` as const);
}

/** Whoever else was an account that the bridge deleted is it no more: nobody is told that somebody did so in Coder. */
export async function unlinkOthers(
  db: Db,
  { userId }: Pick<PersonObservation, 'userId'>,
  accountId: string,
  now: number,
): Promise<void> {
  for (const other of await peopleOfAccount(db, accountId))
    if (other.userId !== userId) await writePerson(db, other, { coder: null }, now);
}

/** Why a member is wanted or not, for the audit line of the group's write. */
function because(work: Work, subject: Subject, wish: Wish): string {
  return JSON.stringify({ subject, cause: work.cause, because: wish.kind === 'group-add' ? wish.because : [] });
}
