/**
 * The one writer of a Coder group: the lease of its key keeps every other replica out. It makes the difference between
 * wanted and present members true with one call for all of them, and lets changes gather longer the more often they come.
 */
import { type CoderGroup, CoderError, isRefusal, outcomeOf } from '../../coder';
import {
  beginWrite,
  endWrite,
  forgetGroup,
  markFlushed,
  readManagedGroup,
  type ManagedGroup,
} from '../../store/accounts/coder-groups';
import {
  countMembers,
  forgetMember,
  type MemberState,
  memberDifferences,
  replaceMembers,
  setPresent,
} from '../../store/accounts/coder-members';
import { writeAudit } from '../../store/audit/audit';
import { bumpRules } from '../../store/apps/apps';
import { type Db } from '../../store/database/database';
import { type Cause, enqueue, PRIORITY, type WorkItem } from '../../store/work/enqueue';
import { peopleOfAccounts } from '../../store/accounts/people';
import { type Work } from '../../store/work/work';
import { groupName } from '../person/apply-steps';
import { isDeclared, removeGroup, tidy } from './remove-undeclared';
import { type Context } from '../context/context';
import { type Rim } from '../context/rim';
import { type Because } from '../decide/entitlement';
import { settle, type Settled } from '../queue/settle';
import { type Subject, Trail } from '../context/audit-lines';
import { LeaseTaken } from '../context/one-at-a-time';

const CHANGES_PER_CALL = 1_000;
const FIRST_WINDOW_MS = 100;
const LONGEST_WINDOW_MS = 2_000;
const QUIET_MS = 5_000;

/** How long the changes after this write gather: longer while writes follow each other, not at all after a quiet while. */
export function nextWindow(previousMs: number, sinceLastWriteMs: number): number {
  if (sinceLastWriteMs > QUIET_MS) return 0;
  return Math.min(Math.max(previousMs * 2, FIRST_WINDOW_MS), LONGEST_WINDOW_MS);
}

/** Deals with `coder-group:<Coder id>`. */
export async function convergeGroup(rim: Rim, work: Work): Promise<Settled> {
  const groupId = work.key.slice('coder-group:'.length);
  const group = await readManagedGroup(rim.database.db, groupId);
  if (group === undefined) return await settle(rim, work, { kind: 'done' });
  const context = await rim.context.get();
  try {
    const expected = group.unsure ? await memberDifferences(rim.database.db, groupId) : [];
    if ((group.readAt === undefined || group.unsure) && !(await readGroupMembers(rim, groupId)))
      return await groupGone(rim, work, context, group);
    const differences = await memberDifferences(rim.database.db, groupId);
    await noteFound(rim, context, group, without(expected, differences));
    if (await removeWhole(rim, work, context, group, differences)) return await settle(rim, work, { kind: 'done' });
    for (let start = 0; start < differences.length; start += CHANGES_PER_CALL) {
      const left = await writeBatch(rim, work, context, group, differences.slice(start, start + CHANGES_PER_CALL));
      if (left === 'gone') return await groupGone(rim, work, context, group);
    }
    await tidyEmpty(rim, context, group);
  } catch (error) {
    return await settle(rim, work, outcomeOf(error));
  }
  const flushed = await readManagedGroup(rim.database.db, groupId);
  const againAt = (flushed?.flushedAt ?? 0) + (flushed?.windowMs ?? 0);
  return await settle(rim, work, { kind: 'done' }, [], undefined, { againAt });
}

/** A group that nothing declares any more and that everybody is to leave goes with one call instead of two. */
async function removeWhole(
  rim: Rim,
  work: Work,
  context: Context,
  group: ManagedGroup,
  differences: readonly MemberState[],
): Promise<boolean> {
  if (group.origin !== 'created' || differences.length === 0) return false;
  const { present, wanted } = await countMembers(rim.database.db, group.id);
  if (wanted > 0 || present !== differences.length || (await isDeclared(rim, context, group))) return false;
  return await removeGroup(rim, group, {
    members: present,
    lines: differences.flatMap(change => lineOf(rim, context, group, change, work, 'done')),
    cause: work.cause,
  });
}

/** The last member left a group that the bridge made for a group of the directory: perhaps it is to go as well. */
async function tidyEmpty(rim: Rim, context: Context, group: ManagedGroup): Promise<void> {
  if (group.origin !== 'created') return;
  const { present, wanted } = await countMembers(rim.database.db, group.id);
  if (present + wanted > 0 || (await isDeclared(rim, context, group))) return;
  const trail = new Trail({ actor: 'bridge' }, () => rim.clock.now());
  await tidy(rim, trail);
  await writeAudit(rim.database.db, trail.rows);
}

const READINGS = 5;

/** Reads all members of a group into the store, as its writer; false when Coder has no such group. */
async function readGroupMembers(rim: Rim, groupId: string): Promise<boolean> {
  for (let reading = 1; reading <= READINGS; reading += 1) {
    const outcome = await readOnce(rim, groupId, rim.coder);
    if (outcome !== 'outdated') return outcome === 'read';
  }
  throw new LeaseTaken(`the members of group ${groupId} change while they are read: read again a little later`);
}

/**
 * Reads all members of a group into the store beside its writer: what the writer does meanwhile, or has not finished, counts
 * more than the reading. False when Coder has no such group.
 */
export async function lookAtGroupMembers(rim: Rim, groupId: string): Promise<boolean> {
  const group = await readManagedGroup(rim.database.db, groupId);
  if (group?.unsure === true) return true;
  return (await readOnce(rim, groupId, rim.coder.background)) !== 'absent';
}

async function readOnce(rim: Rim, groupId: string, coder: Rim['coder']): Promise<'read' | 'outdated' | 'absent'> {
  const { db } = rim.database;
  const before = await readManagedGroup(db, groupId);
  if ((await coder.getGroup(groupId)) === undefined) return 'absent';
  const members = new Set<string>();
  for await (const member of coder.listGroupMembers(groupId)) members.add(member.id);
  const taken = await db
    .transaction()
    .execute(async trx => await replaceMembers(trx, groupId, members, rim.clock.now(), before));
  return taken ? 'read' : 'outdated';
}

/** The group was deleted in Coder: the declaration of every app that may have named it is dealt with again. */
async function groupGone(rim: Rim, work: Work, context: Context, group: ManagedGroup): Promise<Settled> {
  rim.context.invalidate();
  return await settle(rim, work, { kind: 'done' }, [], async db => {
    await forgetGroup(db, group.id);
    await bumpRules(db);
    await writeAudit(db, [
      {
        at: rim.clock.now(),
        app: work.app,
        actor: 'bridge',
        action: 'group.delete',
        target: groupName(context, group.id),
        result: 'reported',
        detail: 'somebody deleted the group in Coder',
      },
    ]);
    await enqueue(
      db,
      [...context.apps.keys()].map(app => ({ key: `app:${app}` as const, app, priority: PRIORITY.declaration })),
      { actor: 'bridge' },
      rim.clock.now(),
    );
  });
}

/** One call for these changes; what Coder refuses as a whole is read again and, at last, split. */
async function writeBatch(
  rim: Rim,
  work: Work,
  context: Context,
  group: ManagedGroup,
  batch: readonly MemberState[],
): Promise<'done' | 'gone'> {
  let changes = batch;
  for (let attempt = 1; changes.length > 0; attempt += 1) {
    try {
      const answer = await patch(rim, group, changes);
      if (answer === undefined) return 'gone';
      await noteWritten(rim, work, context, group, changes, answer);
      return 'done';
    } catch (error) {
      if (error instanceof CoderError && error.kind === 'not_found_or_forbidden') {
        if ((await rim.coder.getGroup(group.id)) === undefined) return 'gone';
        throw error;
      }
      const curable = isRefusal(error, 'already-member', 'not-in-organization', 'concurrent-change', 'invalid-id');
      if (!curable && !(error instanceof CoderError && error.maybeDone)) throw error;
      if (attempt <= 2 && !isRefusal(error, 'invalid-id')) {
        if (!(await readGroupMembers(rim, group.id))) return 'gone';
        const subjects = new Set(changes.map(change => change.coderUserId));
        const still = await memberDifferences(rim.database.db, group.id);
        await noteFound(rim, context, group, without(changes, still));
        changes = still.filter(change => subjects.has(change.coderUserId));
        continue;
      }
      if (!curable) throw error;
      return await writeHalves(rim, work, context, group, changes, error);
    }
  }
  return 'done';
}

/** Finds the change that Coder refuses by halving; the person behind it is looked at again, the others go through. */
async function writeHalves(
  rim: Rim,
  work: Work,
  context: Context,
  group: ManagedGroup,
  changes: readonly MemberState[],
  error: CoderError,
): Promise<'done' | 'gone'> {
  const [only] = changes;
  if (only !== undefined && changes.length === 1) {
    await giveBack(rim, work, context, group, only, error);
    return 'done';
  }
  const middle = Math.ceil(changes.length / 2);
  for (const half of [changes.slice(0, middle), changes.slice(middle)]) {
    try {
      const answer = await patch(rim, group, half);
      if (answer === undefined) return 'gone';
      await noteWritten(rim, work, context, group, half, answer);
    } catch (halfError) {
      if (!isRefusal(halfError)) throw halfError;
      if ((await writeHalves(rim, work, context, group, half, halfError)) === 'gone') return 'gone';
    }
  }
  return 'done';
}

/** This member can't be changed as things are: the person decides anew from what Coder has now. */
async function giveBack(
  rim: Rim,
  work: Work,
  context: Context,
  group: ManagedGroup,
  change: MemberState,
  error: CoderError,
): Promise<void> {
  const people = await peopleOfAccounts(rim.database.db, [change.coderUserId]);
  const { subject, cause } = reasonOf(change, work);
  const trail = new Trail(cause, () => rim.clock.now());
  trail.note(subject, change.wanted === true ? 'group.add' : 'group.remove', 'failed', {
    target: groupName(context, group.id),
    detail: error.message,
  });
  await rim.database.transact(async db => {
    await forgetMember(db, group.id, change.coderUserId);
    await writeAudit(db, trail.rows);
    const items: WorkItem[] = people.map(person => ({
      key: `person:${person.userId}`,
      app: person.app,
      priority: PRIORITY.request,
    }));
    await enqueue(db, items, cause, rim.clock.now());
  });
}

async function patch(rim: Rim, group: ManagedGroup, changes: readonly MemberState[]): Promise<CoderGroup | undefined> {
  // On disk before Coder is asked: a power cut must not leave a write that nobody knows of.
  await rim.database.transact(db => beginWrite(db, group.id));
  try {
    return await rim.coder.patchGroup(group.id, {
      addUsers: changes.filter(change => change.wanted === true).map(change => change.coderUserId),
      removeUsers: changes.filter(change => change.wanted === false).map(change => change.coderUserId),
    });
  } catch (error) {
    // A refusal did nothing: what was known is still so.
    if (error instanceof CoderError && error.maybeDone !== true) await endWrite(rim.database.db, group.id);
    throw error;
  }
}

async function noteWritten(
  rim: Rim,
  work: Work,
  context: Context,
  group: ManagedGroup,
  changes: readonly MemberState[],
  answer: CoderGroup,
): Promise<void> {
  const now = rim.clock.now();
  const rows = changes.flatMap(change => lineOf(rim, context, group, change, work, 'done'));
  await rim.database.transact(async db => {
    await notePresence(db, group.id, changes);
    await writeAudit(db, rows);
    const before = await readManagedGroup(db, group.id);
    const window = nextWindow(before?.windowMs ?? 0, now - (before?.flushedAt ?? 0));
    await markFlushed(db, group.id, now, window);
  });
  rim.log.debug({ group: group.id, changes: changes.length, members: answer.memberCount }, 'group written');
}

async function notePresence(db: Db, groupId: string, changes: readonly MemberState[]): Promise<void> {
  const added = changes.filter(change => change.wanted === true).map(change => change.coderUserId);
  const removed = changes.filter(change => change.wanted === false).map(change => change.coderUserId);
  await setPresent(db, groupId, added, true);
  await setPresent(db, groupId, removed, false);
}

function without(some: readonly MemberState[], others: readonly MemberState[]): MemberState[] {
  const left = new Set(others.map(other => other.coderUserId));
  return some.filter(one => !left.has(one.coderUserId));
}

/** Another look showed these changes to be true already: our own lost answer, or somebody's hand. */
async function noteFound(
  rim: Rim,
  context: Context,
  group: ManagedGroup,
  changes: readonly MemberState[],
): Promise<void> {
  const rows = changes.flatMap(change => lineOf(rim, context, group, change, undefined, 'done'));
  if (rows.length > 0) await writeAudit(rim.database.db, rows);
}

interface Reason {
  readonly subject: Subject;
  readonly cause: Cause;
  readonly because: readonly Because[];
}

function reasonOf(change: MemberState, work: Work | undefined): Reason {
  const fallback: Reason = {
    subject: { app: work?.app ?? null, coderUserId: change.coderUserId },
    cause: work?.cause ?? { actor: 'bridge' },
    because: [],
  };
  return change.because === null ? fallback : { ...fallback, ...(JSON.parse(change.because) as Partial<Reason>) };
}

function lineOf(
  rim: Rim,
  context: Context,
  group: ManagedGroup,
  change: MemberState,
  work: Work | undefined,
  result: 'done',
): Trail['rows'] {
  const { subject, cause, because } = reasonOf(change, work);
  const trail = new Trail(cause, () => rim.clock.now());
  trail.note(subject, change.wanted === true ? 'group.add' : 'group.remove', result, {
    target: groupName(context, group.id),
    because,
  });
  return trail.rows;
}
