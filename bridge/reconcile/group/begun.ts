/** Creations of groups and custom roles as the journal has them: begun, and not noted yet. */
import { CoderError } from '../../coder';
import { type Db } from '../../store/database/database';
import { closeSame, entriesOfKind, type JournalEntry, openEntry } from '../../store/journal/journal';
import { type Rim } from '../context/rim';
import { checkStillOurs, type DoneFor } from '../context/still-ours';
import { type BegunGroup } from '../decide/group/groups-draft';

/** The entry as a group that was begun; nothing for other entries. */
export function begunGroup(entry: JournalEntry): BegunGroup[] {
  if (entry.kind !== 'group') return [];
  const [organization = '', name = ''] = entry.key.split('/');
  const { mapping, renames } = entry.note;
  return [
    {
      organization,
      name,
      app: entry.app,
      scimGroupId: entry.subject,
      mapping: typeof mapping === 'string' ? mapping : undefined,
      renames: typeof renames === 'string' ? renames : undefined,
    },
  ];
}

export async function readBegunGroups(db: Db): Promise<BegunGroup[]> {
  return (await entriesOfKind(db, 'group')).flatMap(begunGroup);
}

/**
 * Makes something of which the journal knows before Coder does. The entry is closed at once only when Coder is known to have
 * made nothing, and else with what came of it; where nobody heard what did, the call may be at work from now on.
 * @param work what asks for it
 * @returns what was made, and whether an entry was open before: then what is found under the name is the bridge's own
 */
export async function makeJournaled<T>(
  rim: Pick<Rim, 'database' | 'clock' | 'owner'>,
  work: DoneFor,
  entry: JournalEntry,
  make: () => Promise<T>,
): Promise<{ readonly made: T; readonly begunBefore: boolean }> {
  const { database, clock } = rim;
  // On the disk before Coder is asked.
  const isFirst = await database.transact(async db => {
    await checkStillOurs(rim, db, work);
    return await openEntry(db, entry);
  });
  try {
    return { made: await make(), begunBefore: !isFirst };
  } catch (error) {
    if (error instanceof CoderError && error.maybeDone)
      await openEntry(database.db, { ...entry, since: clock.now() }, before => before.note);
    else if (isFirst && error instanceof CoderError) await closeSame(database.db, entry);
    throw error;
  }
}
