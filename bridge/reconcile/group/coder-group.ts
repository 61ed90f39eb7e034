/**
 * The one writer of a Coder group: the lease of its key keeps every other replica out. It makes the difference between
 * wanted and present members true with one call for all of them, and lets changes gather longer the more often they come.
 */
import { outcomeOf } from '../../coder';
import { type DirectoryGroup } from '../../contract/directory';
import {
  forgetGroup,
  forgetUnheard,
  type ManagedGroup,
  noteUnheard,
  readManagedGroupWithDirectory,
} from '../../store/accounts/coder-groups';
import {
  countMembers,
  dropAllSettled,
  memberDifferences,
  type MemberState,
  withdrawWishes,
} from '../../store/accounts/coder-members';
import { addressesOfPeople } from '../../store/accounts/addresses';
import { peopleOfAccounts } from '../../store/accounts/people';
import { bumpRules } from '../../store/apps/apps';
import { writeAudit } from '../../store/audit/audit';
import { type Db } from '../../store/database/database';
import { mayLastUntil } from '../../store/journal/journal';
import { enqueue, PRIORITY } from '../../store/work/enqueue';
import { type Work } from '../../store/work/work';
import { type Context, groupName, isProtected } from '../decide/context';
import { type Rim } from '../context/rim';
import { decideMembers, type MembersObserved } from '../decide/group/members';
import { endWork, type EndedWork, type Later } from '../queue/end-work';
import { lineOf } from './member-lines';
import { readGroupMembers } from './read-members';
import { isDeclaredAs, removeGroup, removeUndeclared } from './remove-undeclared';
import { type Meanwhile, noteFound, without, writeBatch, type Written } from './write-members';

/** Why a group is looked at again although its members are as they are to be. */
const MAY_COME =
  'a change of its members whose answer nobody heard may come after what was decided since: read once more when it can not come any more';

/** Deals with `coder-group:<Coder id>`. */
export async function convergeGroup(rim: Rim, work: Work): Promise<EndedWork> {
  const groupId = work.key.slice('coder-group:'.length);
  const read = await readManagedGroupWithDirectory(rim.database.db, groupId);
  if (read === undefined) return await endWork(rim, work, { kind: 'done' });
  const context = await rim.context.get();
  let { group } = read;
  let noted: Written | undefined;
  let { unheardAt } = group;
  // Whoever sent a change may have ended since, and hears no answer: it may come after what is read now.
  if (group.unsure) await noteUnheard(rim.database.db, group.id, (unheardAt = rim.clock.now()));
  // What nobody heard the answer of has come by now, or does not come.
  const isOver = unheardAt !== undefined && mayLastUntil(unheardAt, rim.clock.now()) <= rim.clock.now();
  if (isOver) group = { ...group, readAt: undefined };
  const meanwhile: Meanwhile = { woken: [], unheardAt: isOver ? undefined : unheardAt };
  try {
    let observed = await observeMembers(rim, context, group, read.directory);
    if (observed === undefined) return await groupGone(rim, work, context, group);
    // How many are in it is as before where somebody came in by hand for somebody who went: who they are counts.
    if (isRead(group) && decideMembers(observed).deletion === 'instead') {
      const unread = { ...group, readAt: undefined };
      observed = await observeMembers(rim, await rim.context.get(), unread, read.directory);
      if (observed === undefined) return await groupGone(rim, work, context, group);
    }
    if (decideMembers(observed).deletion === 'instead') {
      const lines = observed.differences.flatMap(change => lineOf(rim, context, group, change, work, 'done'));
      if ((await removeGroup(rim, group, { justRead: true, lines, work })) === 'gone')
        return await endWork(rim, work, { kind: 'done' });
    }
    const plan = decideMembers(observed);
    for (const batch of plan.batches) {
      if (noted !== undefined) await rim.database.transact(noted.writes);
      const written = await writeBatch(rim, work, context, group, batch, meanwhile);
      if (written === 'gone') return await groupGone(rim, work, context, group);
      noted = written;
      group = { ...group, ...written?.flushed };
    }
    const ends = plan.deletion !== undefined;
    if (ends || isLeftByHand(observed)) {
      if (noted !== undefined) await rim.database.transact(noted.writes);
      noted = undefined;
      const removed = ends ? await removeGroup(rim, group, { justRead: false, lines: [], work }) : 'others-inside';
      // Status tells of it, with everything else that is left over.
      if (removed === 'others-inside') await removeUndeclared(rim, work);
    }
  } catch (error) {
    return await endWork(rim, work, outcomeOf(error));
  }
  const writes = async (db: Db): Promise<void> => {
    await noted?.writes(db);
    if (isOver && unheardAt !== undefined && (await forgetUnheard(db, group.id, unheardAt)))
      await dropAllSettled(db, group.id);
  };
  const later = laterOf(meanwhile, rim.clock.now());
  const againAt = group.flushedAt + group.windowMs;
  const options = { againAt, later, owed: meanwhile.woken, isDone: true };
  return await endWork(rim, work, { kind: 'done' }, [], noted === undefined && !isOver ? undefined : writes, options);
}

/** A change whose answer was lost may come after what was decided since: its members are read once more when it can not come any more. */
function laterOf({ unheardAt }: Meanwhile, now: number): Later | undefined {
  return unheardAt === undefined ? undefined : { dueAt: mayLastUntil(unheardAt, now), reason: MAY_COME };
}

/** Nothing declares it any more, and nobody is to be in it: whoever is left was put there by hand. */
function isLeftByHand({ group, differences, undeclared }: MembersObserved): boolean {
  if (undeclared === undefined || undeclared.wanted > 0 || group.origin !== 'created') return false;
  return undeclared.present > differences.filter(({ wanted }) => wanted === false).length;
}

/** Whether what is known of the members was once so in Coder, and nothing was begun since of which nobody heard. */
const isRead = ({ readAt, unsure }: ManagedGroup): boolean => readAt !== undefined && !unsure;

/** What is known of the members, read anew where it may be wrong; undefined when Coder has no such group. */
async function observeMembers(
  rim: Rim,
  context: Context,
  group: ManagedGroup,
  directory: DirectoryGroup | undefined,
): Promise<MembersObserved | undefined> {
  const { db } = rim.database;
  const expected = group.unsure ? await memberDifferences(db, group.id) : [];
  if (!isRead(group) && !(await readGroupMembers(rim, group.id))) return undefined;
  const found = await memberDifferences(db, group.id);
  await noteFound(rim, context, group, without(expected, found));
  const differences = await withoutProtected(rim, context, group, found);
  const declared = isDeclaredAs(context, group, directory);
  return { group, differences, undeclared: declared ? undefined : await countMembers(db, group.id) };
}

/** An account that an app has protected since its change was decided is not touched: the wish is withdrawn, and the audit trail tells of it. */
async function withoutProtected(
  rim: Rim,
  context: Context,
  group: ManagedGroup,
  differences: readonly MemberState[],
): Promise<readonly MemberState[]> {
  if (context.protectedNames.size === 0 || differences.length === 0) return differences;
  const { db } = rim.database;
  const people = await peopleOfAccounts(
    db,
    differences.map(({ coderUserId }) => coderUserId),
  );
  // Coder may have an earlier address of theirs still.
  const addresses = await addressesOfPeople(
    db,
    people.map(({ userId }) => userId),
  );
  const ids = people.flatMap(({ userId, coderUserId, coderUsername = '', email = '' }) => {
    const known = [coderUsername, email, ...(addresses.get(userId) ?? []).map(({ address }) => address)];
    return known.some(name => isProtected(context, name)) ? (coderUserId ?? []) : [];
  });
  if (ids.length === 0) return differences;
  const kept = differences.filter(({ coderUserId }) => ids.includes(coderUserId));
  await rim.database.transact(async trx => {
    await withdrawWishes(trx, group.id, ids);
    await writeAudit(
      trx,
      kept.flatMap(change => lineOf(rim, context, group, change, undefined, 'held')),
    );
  });
  return without(differences, kept);
}

/** The group was deleted in Coder: the declaration of every app that may have named it is dealt with again. */
async function groupGone(rim: Rim, work: Work, context: Context, group: ManagedGroup): Promise<EndedWork> {
  rim.context.invalidate();
  return await endWork(
    rim,
    work,
    { kind: 'done' },
    [],
    async db => {
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
    },
    { isDone: true },
  );
}
