/** Reads the members of a Coder group into the store: as its writer, or beside it. */
import { isMissing } from '../../coder';
import { readManagedGroup } from '../../store/accounts/coder-groups';
import { replaceMembers } from '../../store/accounts/coder-members';
import { LeaseTaken } from '../context/mutex';
import { type Rim } from '../context/rim';

const READINGS = 5;

/** Reads all members of a group into the store, as its writer; false when Coder has no such group. */
export async function readGroupMembers(rim: Rim, groupId: string): Promise<boolean> {
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
  try {
    for await (const member of coder.listGroupMembers(groupId)) members.add(member.id);
  } catch (error) {
    // It may have gone between the two calls.
    if (isMissing(error) && (await coder.getGroup(groupId)) === undefined) return 'absent';
    throw error;
  }
  return (await replaceMembers(db, groupId, members, rim.clock.now(), before)) ? 'read' : 'outdated';
}
