/**
 * Groups that are being filled. Many identity providers make a group empty and put people into it one request at a time: until it has come to
 * rest, nobody is known not to be in it.
 */
import { type Db } from '../../store/database/database';
import { type FilledGroup, filledGroups } from '../../store/directory/reading';

/** So long after the last change of it, or of a group in it, a group is taken to be filled. */
export const QUIET_MS = 2 * 60_000;
/** So long after its first member came it is, however it changes. */
export const LONGEST_FILLING_MS = 15 * 60_000;

/** Which of these groups are being filled; not those that came with their members. */
export async function beingFilled(db: Db, ids: readonly string[], now: number): Promise<Set<string>> {
  const filled = await filledGroups(db, ids);
  return new Set([...filled].flatMap(([id, group]) => (isBeingFilled(group, now) ? [id] : [])));
}

export function isBeingFilled({ firstMemberAt, changedAt }: FilledGroup, now: number): boolean {
  return isWithin(now, firstMemberAt, LONGEST_FILLING_MS) && isWithin(now, changedAt, QUIET_MS);
}

/** Also of what the clock of another bridge, which is a little ahead, has written. */
function isWithin(now: number, at: number, ms: number): boolean {
  return Math.abs(now - at) < ms;
}
