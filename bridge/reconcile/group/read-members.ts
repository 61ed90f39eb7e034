/** Reads the members of a Coder group into the store: as its writer, or beside it. */
import { isMissing } from '../../coder';
import { type ManagedGroup, readManagedGroup } from '../../store/accounts/coder-groups';
import { type Replaced, replaceMembers } from '../../store/accounts/coder-members';
import { LeaseTaken } from '../context/mutex';
import { type Rim } from '../context/rim';
import { declaringApps, isRepaired } from './declaring-apps';

const READINGS = 5;

/** Reads all members of a group into the store, as its writer; false when Coder has no such group. */
export async function readGroupMembers(rim: Rim, groupId: string): Promise<boolean> {
  for (let reading = 1; reading <= READINGS; reading += 1) {
    const outcome = await readOnce(rim, groupId, rim.coder);
    if (outcome !== 'outdated') return outcome !== 'absent';
  }
  throw new LeaseTaken(`the members of group ${groupId} change while they are read: read again a little later`);
}

/**
 * Reads all members of a group into the store beside its writer: what the writer does meanwhile, or has not finished, counts
 * more than the reading. Undefined when Coder has no such group.
 * @param until nothing more is asked of Coder once this is aborted. @throws AbortError then
 */
export async function lookAtGroupMembers(
  rim: Rim,
  groupId: string,
  until?: AbortSignal,
): Promise<Replaced | undefined> {
  const group = await readManagedGroup(rim.database.db, groupId);
  if (group?.unsure === true) return NOTHING_TAKEN;
  const outcome = await readOnce(rim, groupId, rim.coder.background, until);
  if (outcome === 'absent') return undefined;
  return outcome === 'outdated' ? NOTHING_TAKEN : outcome;
}

const NOTHING_TAKEN: Replaced = { takenByHand: [] };

async function readOnce(
  rim: Rim,
  groupId: string,
  coder: Rim['coder'],
  until?: AbortSignal,
): Promise<Replaced | 'outdated' | 'absent'> {
  const { db } = rim.database;
  const before = await readManagedGroup(db, groupId);
  if ((await coder.getGroup(groupId)) === undefined) return 'absent';
  const members = new Set<string>();
  try {
    until?.throwIfAborted();
    for await (const member of coder.listGroupMembers(groupId)) {
      until?.throwIfAborted();
      members.add(member.id);
    }
  } catch (error) {
    // It may have gone between the two calls.
    if (isMissing(error) && (await coder.getGroup(groupId)) === undefined) return 'absent';
    throw error;
  }
  const repairs = before === undefined || (await countsAsAbsent(rim, before));
  return (await replaceMembers(db, groupId, members, rim.clock.now(), { before, repairs })) ?? 'outdated';
}

/**
 * Whether whoever is missing is to be put back by the next change of the group: not where the apps that declare it only report, and it is
 * known that they were in, so that it was somebody's hand that took them out and no write of the bridge of which nobody heard.
 */
async function countsAsAbsent(rim: Rim, group: ManagedGroup): Promise<boolean> {
  if (group.readAt === undefined || group.unsure || group.unheardAt !== undefined) return true;
  const declaring = await declaringApps(rim.database.db, await rim.context.get(), group);
  return declaring.length === 0 || isRepaired(declaring);
}
