/** Carries out a decision about groups, each change recorded with what follows from it in one transaction. */
import { CoderError, isRefusal, outcomeOf } from '../../coder';
import {
  addManagedGroup,
  forgetGroup,
  lockManagedGroup,
  type ManagedGroup,
  managedGroupsOf,
  readManagedGroup,
  updateManagedGroup,
} from '../../store/accounts/coder-groups';
import { noteRead } from '../../store/accounts/coder-members';
import { bumpRules } from '../../store/apps/apps';
import { forgetMappedGroups, putMappedGroup } from '../../store/apps/mapped-groups';
import { writeAudit } from '../../store/audit/audit';
import { type Db } from '../../store/database/database';
import { closeEntry, closeSame, type JournalEntry, openEntry } from '../../store/journal/journal';
import { enqueueEverybodyIn, looseSetsOf } from '../../store/directory';
import { existingGroups, readGroup } from '../../store/directory/reading';
import { enqueue, PRIORITY } from '../../store/work/enqueue';
import { type Work } from '../../store/work/work';
import { type AuditAction, type Change, AuditLines } from '../context/audit-lines';
import { LeaseTaken } from '../context/mutex';
import { oneAtATime } from '../context/one-at-a-time';
import { type Rim } from '../context/rim';
import { checkStillOurs } from '../context/still-ours';
import { callOf, type GroupChange, type GroupsPlan, groupKey, partsToChange } from '../decide/group/groups-draft';
import { sayGroupParts } from '../decide/group/group-text';
import { organizationName } from '../decide/context';
import { makeJournaled } from './begun';
import { wakeForName } from './wake-for-name';

/** For whom, and because of what, groups are changed. */
export interface GroupsActing {
  readonly rim: Rim;
  readonly app: string;
  readonly work: Work;
  /** Everybody of the app is compared afterwards, under the same work: nobody has to be queued group by group. */
  readonly surveyed: boolean;
  /** As for {@link orProblem}. Only for groups that are not there yet: whose change fails keeps its people as they are. */
  readonly later?: CoderError[] | undefined;
}

/** @returns problems in words; what a refusal stops is one of them, and the rest is done */
export async function actOnGroups(acting: GroupsActing, plan: GroupsPlan): Promise<string[]> {
  const problems = [...plan.problems];
  for (const group of plan.gone) await forgetGone(acting, group);
  for (const change of plan.changes) {
    const later = callOf(change) === 'create' ? acting.later : undefined;
    await orProblem(problems, change.what, () => act(acting, change), later);
  }
  return problems;
}

/**
 * A refusal that stays one until something changes becomes a problem in words; everything else is passed on.
 * @param later gets what Coder failed at, though it is there: a problem too, and to be tried again when the rest is done
 * @returns undefined where it became a problem
 */
export async function orProblem<T>(
  problems: string[],
  what: string,
  task: () => Promise<T>,
  later?: CoderError[],
): Promise<T | undefined> {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof CoderError)) throw error;
    const waits = error.retryable && !isRefusal(error);
    if (waits && (later === undefined || outcomeOf(error).kind !== 'failed')) throw error;
    problems.push(`${what}: ${error.message}`);
    if (waits) later?.push(error);
    return undefined;
  }
}

async function forgetGone({ rim, app, work }: GroupsActing, group: ManagedGroup): Promise<void> {
  const lines = new AuditLines(work.cause, () => rim.clock.now());
  const context = await rim.context.get();
  lines.note({ app }, 'group.delete', 'reported', {
    target: `${organizationName(context, group.organization)}/${group.name}`,
    detail: 'somebody deleted the group in Coder',
  });
  await rim.database.transact(async db => {
    await checkStillOurs(rim, db, work);
    await forgetGroup(db, group.id);
    await forgetMappedGroups(db, { coderGroupId: group.id });
    await bumpRules(db);
    await writeAudit(db, lines.rows);
  });
}

type Made = 'created' | 'found' | 'answer-lost';

async function act(acting: GroupsActing, change: GroupChange): Promise<void> {
  const { rim, work } = acting;
  const { present } = change;
  switch (callOf(change)) {
    case 'create':
      await alone(acting, change, async () => {
        const { id, made } = await create(acting, change);
        await record(acting, change, id, made);
      });
      return;
    case 'change':
      await alone(acting, change, async () => {
        const { action, before, after } = sayGroupParts(change);
        const patch = () => rim.coder.patchGroup(present?.id ?? '', partsToChange(change));
        if (change.settles.length > 0 && present !== undefined && present.name !== change.row.name) {
          // The journal alone knows that the bridge made it: under the new name as well, should nobody hear what came of the call.
          const entry = beginning(acting, change);
          await makeJournaled(rim, work, { ...entry, note: { ...entry.note, renames: present.id } }, patch);
        } else {
          await checkStillOurs(rim, rim.database.db, work);
          await patch();
        }
        const target = `${change.organization.name}/${present?.name ?? ''}`;
        await record(acting, change, present?.id ?? '', 'found', [action, { target, before, after }]);
      });
      return;
    case 'note':
      await alone(acting, change, async () => {
        await checkStillOurs(rim, rim.database.db, work);
        await record(acting, change, present?.id ?? '', 'found');
      });
  }
}

/**
 * A declaration and a request may both be about to make the group of one that was pushed, or to take one over for it: one of them does, and
 * the other decides anew.
 */
async function alone({ rim }: GroupsActing, { row, present }: GroupChange, task: () => Promise<void>): Promise<void> {
  if (row.scimGroupId === undefined) return await task();
  const { db } = rim.database;
  const before = present === undefined ? undefined : await readManagedGroup(db, present.id);
  if (before?.scimGroupId === row.scimGroupId) return await task();
  await oneAtATime(rim, `pushed-group:${row.scimGroupId}`, async () => {
    if ((await otherGroups(db, row, present?.id)).length > 0) throw decidedMeanwhile(row);
    await task();
  });
}

/** Other Coder groups of the same group of the directory, in the same organization. */
async function otherGroups(
  db: Db,
  { scimGroupId, organization }: GroupChange['row'],
  id: string | undefined,
): Promise<ManagedGroup[]> {
  const own = scimGroupId === undefined ? [] : await managedGroupsOf(db, scimGroupId);
  return own.filter(known => known.organization === organization && known.id !== id);
}

const decidedMeanwhile = ({ name }: GroupChange['row']): LeaseTaken =>
  new LeaseTaken(`whose Coder group ${JSON.stringify(name)} is was decided in the same moment: looked at again`);

/** What the journal has of a creation. */
const beginning = ({ rim, app }: GroupsActing, { organization, row, mappings }: GroupChange): JournalEntry => ({
  kind: 'group',
  key: groupKey(organization.id, row.name),
  app,
  subject: row.scimGroupId,
  note: { mapping: mappings[0] },
  since: rim.clock.now(),
});

async function create(acting: GroupsActing, change: GroupChange): Promise<{ id: string; made: Made }> {
  const { rim, work } = acting;
  const { organization, row, settings } = change;
  const { db } = rim.database;
  const entry = beginning(acting, change);
  const { made, begunBefore } = await makeJournaled(rim, work, entry, () =>
    rim.coder.createGroup(organization.id, { name: row.name, ...settings }),
  );
  if (made.outcome === 'created') return { id: made.group.id, made: 'created' };
  if (made.answerLost === true || begunBefore) return { id: made.group.id, made: 'answer-lost' };
  // Whose it is was decided when there was none: to be decided anew.
  await closeSame(db, entry);
  throw new LeaseTaken(
    `group ${JSON.stringify(row.name)} was made by somebody else in the same moment: looked at again`,
  );
}

/** Notes a group under management, and in the same transaction that everybody who is to be in it has to be looked at. */
async function record(
  acting: GroupsActing,
  change: GroupChange,
  id: string,
  made: Made,
  line?: [AuditAction, Change],
): Promise<void> {
  const { rim, app, surveyed } = acting;
  const { cause } = acting.work;
  const { row, organization, settles, mappings } = change;
  const now = rim.clock.now();
  const lines = new AuditLines(cause, () => now);
  const target = `${organization.name}/${row.name}`;
  const lost = made === 'answer-lost' || settles.length > 0;
  if (made !== 'found' || settles.length > 0)
    lines.note({ app }, 'group.create', 'done', {
      target: settles[0] === undefined ? target : `${organization.name}/${settles[0].name}`,
      after: change.settings.displayName,
      ...(lost ? { detail: 'the answer to the creation was lost' } : {}),
    });
  if (line !== undefined) lines.note({ app }, line[0], 'done', line[1]);
  const noted: Pick<ManagedGroup, 'id'> & GroupChange['row'] = { id, ...row };
  const freed = change.present === undefined || change.present.name === row.name ? undefined : change.present.name;
  const context = freed === undefined ? undefined : await rim.context.get();
  const isDone = await rim.database.transact(async db => {
    const before = await claim(rim, db, noted, made);
    if (before === 'decided otherwise') {
      const other = await readManagedGroup(db, id);
      if (made !== 'found' && other === undefined) await openEntry(db, beginning(acting, change));
      if (line === undefined) return false;
      // What was changed in Coder was changed: whose it is has it changed back.
      await writeAudit(
        db,
        lines.rows.filter(({ action }) => action === line[0]),
      );
      const owner = other?.scimGroupId === undefined ? undefined : await readGroup(db, other.scimGroupId);
      if (owner !== undefined)
        await enqueue(db, [{ key: `scim-group:${owner.id}`, app: owner.app, priority: PRIORITY.request }], cause, now);
      return false;
    }
    for (const mapping of mappings) await putMappedGroup(db, app, mapping, id);
    // Nobody is in what was made just now.
    if (made === 'created' && before === undefined) await noteRead(db, id, now);
    await closeEntry(db, 'group', groupKey(row.organization, row.name));
    for (const begun of settles) await closeEntry(db, 'group', groupKey(begun.organization, begun.name));
    await writeAudit(db, lines.rows);
    if (freed !== undefined && context !== undefined)
      await wakeForName(db, context, { organization: organization.id, name: freed }, cause, now);
    if (surveyed) return true;
    if (row.scimGroupId !== undefined && row.scimGroupId !== before?.scimGroupId)
      await enqueueEverybodyIn({ db, app, cause, now }, row.scimGroupId, PRIORITY.request);
    await bumpRules(db);
    return true;
  });
  if (!isDone) throw decidedMeanwhile(row);
  looseSetsOf(rim.database).wake();
}

/**
 * Notes a group under management, unless another bridge or another work has decided meanwhile whose it is: it stands for a group of the
 * directory that is still there, or what it is to stand for has got another one.
 * @returns what was noted before
 */
async function claim(
  { database }: Rim,
  db: Db,
  group: Pick<ManagedGroup, 'id'> & GroupChange['row'],
  made: Made,
): Promise<ManagedGroup | undefined | 'decided otherwise'> {
  const { id, scimGroupId } = group;
  let before = await lockManagedGroup(db, id);
  const isItsOwn = before !== undefined && before.scimGroupId === scimGroupId;
  // On SQLite the one bridge there is does this one at a time.
  if (!isItsOwn && database.backend !== 'sqlite' && (await otherGroups(db, group, id)).length > 0)
    return 'decided otherwise';
  if (before === undefined) {
    if (await addManagedGroup(db, group)) return undefined;
    before = await lockManagedGroup(db, id);
    if (before === undefined) return 'decided otherwise';
  }
  if (made !== 'found' && before.scimGroupId !== undefined) return 'decided otherwise';
  const others = [before.scimGroupId ?? []].flat().filter(owner => owner !== scimGroupId);
  if (others.length > 0 && (await existingGroups(db, others)).size > 0) return 'decided otherwise';
  await updateManagedGroup(db, group);
  return before;
}
