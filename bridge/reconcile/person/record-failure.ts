/** Writes down that somebody could not even be looked at in Coder: held for what Coder refused, and tried on where they are to be locked out. */
import { type Person, type PersonChange, readPerson, writePerson } from '../../store/accounts/people';
import { writeAudit } from '../../store/audit/audit';
import { type Db } from '../../store/database/database';
import { readUser } from '../../store/directory/reading';
import { PRIORITY } from '../../store/work/enqueue';
import { type Work } from '../../store/work/work';
import { type Rim } from '../context/rim';
import { type Context } from '../decide/context';
import { leavesItsApp } from '../decide/observation';
import { endWork, type EndedWork } from '../queue/end-work';
import { type PersonOutcome } from './outcome';

/** What somebody is held for that no later look at Coder shows. */
const KEPT: ReadonlySet<string> = new Set(['email-conflict', 'has-workspaces']);

/**
 * Coder could not even be observed; what was done before is written all the same. Whoever leaves, and may be in, is tried on whatever Coder refused:
 * the right that is missing may be there again at any time, and nobody tells of it.
 */
export async function recordFailure(
  rim: Rim,
  work: Work,
  context: Context,
  userId: string,
  failure: NonNullable<PersonOutcome['failure']>,
  before: PersonOutcome,
): Promise<EndedWork> {
  const { db } = rim.database;
  const [person, user] = [await readPerson(db, userId), await readUser(db, userId)];
  const terminal = failure.kind === 'terminal';
  const leaves = leavesItsApp({ context, app: work.app, user });
  const isTriedOn = leaves && mayBeIn(work, person);
  const writes = async (transaction: Db): Promise<void> => {
    await writeAudit(transaction, before.lines);
    if (!terminal) return;
    const now = rim.clock.now();
    // Of whoever leaves, nothing else tells of these.
    const isKept = leaves && KEPT.has(person?.heldReason ?? '');
    const held = isKept ? undefined : { reason: failure.error.kind, detail: failure.error.message };
    // Whoever is not in the directory is found by the next sweep as one who left.
    const isGone = person?.leftAt === undefined && user === undefined;
    const change: PersonChange = { ...(held && { held }), ...(isGone ? { leftAt: now } : {}) };
    await writePerson(transaction, { userId, app: work.app, userName: person?.userName ?? '' }, change, now);
  };
  const outcome = terminal && !isTriedOn ? ({ kind: 'done' } as const) : failure;
  return await endWork(rim, work, outcome, [], writes, { isIn: isTriedOn });
}

/** Whether somebody who leaves may sign in still: nothing says that they were dealt with, or that they were is what is to be done again. */
function mayBeIn({ priority }: Work, person: Person | undefined): boolean {
  return priority === PRIORITY.leaving || (person?.outSince === undefined && person?.heldReason !== 'has-workspaces');
}
