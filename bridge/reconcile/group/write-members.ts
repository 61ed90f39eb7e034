/**
 * Writes changes of members to Coder, one call for many. What Coder refuses as a whole is read again and at last split, so that
 * one change that can't be made does not keep the others from being made.
 */
import { type CoderGroup, CoderError, isMissing, isRefusal, isUnheard } from '../../coder';
import { beginWrite, endWrite, markFlushed, type ManagedGroup, noteUnheard } from '../../store/accounts/coder-groups';
import { forgetMember, memberDifferences, type MemberState, setPresent } from '../../store/accounts/coder-members';
import { peopleOfAccounts } from '../../store/accounts/people';
import { writeAudit } from '../../store/audit/audit';
import { type Db } from '../../store/database/database';
import { enqueue, type WorkItem, type WorkKey, PRIORITY } from '../../store/work/enqueue';
import { type Work } from '../../store/work/work';
import { AuditLines } from '../context/audit-lines';
import { type Rim } from '../context/rim';
import { checkStillOurs } from '../context/still-ours';
import { type Context, groupName } from '../decide/context';
import { lineOf, reasonOf } from './member-lines';
import { readGroupMembers } from './read-members';

const FIRST_WINDOW_MS = 100;
export const LONGEST_WINDOW_MS = 2_000;
const QUIET_MS = 5_000;
/** Coder answers a write with all members, so that it costs more the larger the group is: from this size on, changes that follow each other gather. */
const LARGE = 200;

/** How long the changes of a large group gather after this write: longer while writes follow each other, not at all after a quiet while. */
export function nextWindow(previousMs: number, sinceLastWriteMs: number, members: number): number {
  if (members < LARGE || sinceLastWriteMs > QUIET_MS) return 0;
  return Math.min(Math.max(previousMs * 2, FIRST_WINDOW_MS), LONGEST_WINDOW_MS);
}

type Answered = Pick<CoderGroup, 'memberCount'>;

/** What comes of writes beside what they change. */
export interface Meanwhile {
  /** Keys of whoever is looked at again. */
  readonly woken: WorkKey[];
  /** When a write was sent last whose answer was lost, in milliseconds. */
  unheardAt: number | undefined;
}

/** What is to be noted of a write, with the end of the work where nothing follows. */
export interface Written {
  readonly writes: (db: Db) => Promise<void>;
  readonly flushed: Pick<ManagedGroup, 'flushedAt' | 'windowMs'>;
}

/**
 * One call for these changes; what Coder refuses as a whole is read again and, at last, split.
 * @param meanwhile gets what comes of it beside that
 */
export async function writeBatch(
  rim: Rim,
  work: Work,
  context: Context,
  group: ManagedGroup,
  batch: readonly MemberState[],
  meanwhile: Meanwhile,
): Promise<Written | undefined | 'gone'> {
  let changes = batch;
  for (let attempt = 1; changes.length > 0; attempt += 1) {
    try {
      const answer = await patch(rim, work, group, changes, meanwhile);
      if (answer === undefined) return 'gone';
      return noteWritten(rim, work, context, group, changes, answer);
    } catch (error) {
      if (isMissing(error)) {
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
      if (!curable || isElses(error)) throw error;
      return await writeHalves(rim, work, context, group, changes, error, meanwhile);
    }
  }
  return undefined;
}

/** Whether somebody else writes to the group: it is no member's fault, what is wanted stays so, and all of it is tried again later. */
const isElses = (error: unknown): boolean => isRefusal(error, 'concurrent-change');

/** Finds the change that Coder refuses by halving; the person behind it is looked at again, the others go through. */
async function writeHalves(
  rim: Rim,
  work: Work,
  context: Context,
  group: ManagedGroup,
  changes: readonly MemberState[],
  error: CoderError,
  meanwhile: Meanwhile,
): Promise<undefined | 'gone'> {
  const [only] = changes;
  if (only !== undefined && changes.length === 1) {
    meanwhile.woken.push(...(await giveBack(rim, work, context, group, only, error)));
    return undefined;
  }
  const middle = Math.ceil(changes.length / 2);
  for (const half of [changes.slice(0, middle), changes.slice(middle)]) {
    try {
      const answer = await patch(rim, work, group, half, meanwhile);
      if (answer === undefined) return 'gone';
      await rim.database.transact(noteWritten(rim, work, context, group, half, answer).writes);
    } catch (halfError) {
      if (!isRefusal(halfError) || isElses(halfError)) throw halfError;
      if ((await writeHalves(rim, work, context, group, half, halfError, meanwhile)) === 'gone') return 'gone';
    }
  }
  return undefined;
}

/** This member can't be changed as things are: the person decides anew from what Coder has now. */
async function giveBack(
  rim: Rim,
  work: Work,
  context: Context,
  group: ManagedGroup,
  change: MemberState,
  error: CoderError,
): Promise<WorkKey[]> {
  // Whatever was believed of the account: it is read.
  rim.accounts.forget(change.coderUserId);
  const people = await peopleOfAccounts(rim.database.db, [change.coderUserId]);
  const { subject, cause } = reasonOf(change, work);
  const lines = new AuditLines(cause, () => rim.clock.now());
  lines.note(subject, change.wanted === true ? 'group.add' : 'group.remove', 'failed', {
    target: groupName(context, group.id),
    detail: error.message,
  });
  await rim.database.transact(async db => {
    await forgetMember(db, group.id, change.coderUserId);
    await writeAudit(db, lines.rows);
    const items: WorkItem[] = people.map(person => ({
      key: `person:${person.userId}`,
      app: person.app,
      priority: PRIORITY.request,
    }));
    // Without this member a group that nothing declares any more may be empty.
    items.push({ key: `coder-group:${group.id}`, app: work.app, priority: work.priority });
    await enqueue(db, items, cause, rim.clock.now());
  });
  return people.map(person => `person:${person.userId}` as const);
}

async function patch(
  rim: Rim,
  work: Work,
  group: ManagedGroup,
  changes: readonly MemberState[],
  meanwhile: Meanwhile,
): Promise<Answered | undefined> {
  // On disk before Coder is asked: a power cut must not leave a write that nobody knows of.
  await rim.database.transact(async db => {
    await checkStillOurs(rim, db, work);
    await beginWrite(db, group.id);
  });
  try {
    return await rim.coder.patchGroup(group.id, {
      addUsers: changes.filter(change => change.wanted === true).map(change => change.coderUserId),
      removeUsers: changes.filter(change => change.wanted === false).map(change => change.coderUserId),
    });
  } catch (error) {
    // A refusal did nothing: what was known is still so.
    if (error instanceof CoderError && error.maybeDone !== true) await endWrite(rim.database.db, group.id);
    if (isUnheard(error)) await noteUnheard(rim.database.db, group.id, (meanwhile.unheardAt = rim.clock.now()));
    throw error;
  }
}

function noteWritten(
  rim: Rim,
  work: Work,
  context: Context,
  group: ManagedGroup,
  changes: readonly MemberState[],
  answer: Answered,
): Written {
  const flushedAt = rim.clock.now();
  const rows = changes.flatMap(change => lineOf(rim, context, group, change, work, 'done'));
  // Its one writer is this one: it is as it was read.
  const windowMs = nextWindow(group.windowMs, flushedAt - group.flushedAt, answer.memberCount);
  rim.log.debug({ group: group.id, changes: changes.length, members: answer.memberCount }, 'group written');
  return {
    flushed: { flushedAt, windowMs },
    writes: async db => {
      await notePresence(db, group.id, changes);
      await writeAudit(db, rows);
      await markFlushed(db, group.id, flushedAt, windowMs);
    },
  };
}

async function notePresence(db: Db, groupId: string, changes: readonly MemberState[]): Promise<void> {
  const added = changes.filter(change => change.wanted === true).map(change => change.coderUserId);
  const removed = changes.filter(change => change.wanted === false).map(change => change.coderUserId);
  await setPresent(db, groupId, added, true);
  await setPresent(db, groupId, removed, false);
}

/** Another look showed these changes to be true already: our own lost answer, or somebody's hand. */
export async function noteFound(
  rim: Rim,
  context: Context,
  group: ManagedGroup,
  changes: readonly MemberState[],
): Promise<void> {
  const rows = changes.flatMap(change => lineOf(rim, context, group, change, undefined, 'done'));
  if (rows.length > 0) await writeAudit(rim.database.db, rows);
}

export function without(some: readonly MemberState[], others: readonly MemberState[]): MemberState[] {
  const left = new Set(others.map(other => other.coderUserId));
  return some.filter(one => !left.has(one.coderUserId));
}
