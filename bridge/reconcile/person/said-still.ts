/** Whether the directory says still what somebody was decided by. */
import { lookAgain } from '../../coder';
import { readTold } from '../../store/accounts/told';
import { type Rim } from '../context/rim';
import { type PersonObservation, type Said } from '../decide/observation';
import { wasWithin } from '../../contract/was-within';

const LONG_AGO_MS = 1_000;

/**
 * Asked again before anything is asked of Coder, where Coder has taken its time to answer: whoever has left since gets nothing, and whoever is
 * back loses nothing, by what was true then.
 */
export async function isSaidStill(rim: Rim, { app, userId, said }: PersonObservation): Promise<boolean> {
  if (said === undefined || wasWithin(rim.clock.now(), said.at, LONG_AGO_MS)) return true;
  const now = await readTold(rim.database.db, app, userId);
  // Whoever has left goes, whatever else changes of them meanwhile; by another address other accounts may be theirs.
  return (isOut(now) && isOut(said) && addressOf(now) === addressOf(said)) || digestOf(now) === digestOf(said);
}

/**
 * Before a call, or one that was kept: the same.
 * @throws CoderError that has whoever asked look again at once
 */
export async function checkSaid(rim: Rim, observation: PersonObservation, call: string): Promise<void> {
  if (!(await isSaidStill(rim, observation))) throw lookAgain(call, 'the directory says something else meanwhile');
}

const isOut = ({ user }: Pick<Said, 'user'>): boolean => user?.active !== true;

const addressOf = ({ user }: Pick<Said, 'user'>): string | undefined => user?.email;

const digestOf = ({ user, groups }: Pick<Said, 'user' | 'groups'>): string => JSON.stringify([user, groups]);
