/** Who came back as a new object of the directory: the account that an operator is asked about, and their word, which is for that one alone. */
import { type Db } from '../database/database';
import { deleteSetting, readSetting, writeSetting } from '../database/settings';

/** An operator's word on somebody who came back as a new directory object. */
export type ReHireAnswer = 'keep' | 'replace';

export interface ReHire {
  /** Coder's id of the account that was judged. */
  readonly account: string;
  /** Undefined: nobody has answered yet. */
  readonly answer?: ReHireAnswer;
}

// `re-hire:` has what was answered before it was noted for which account: nobody's word on any.
const keyOf = (userId: string): string => `re-hire-of:${userId}`;

export async function readReHire(db: Db, userId: string): Promise<ReHire | undefined> {
  const text = await readSetting(db, keyOf(userId));
  return text === undefined ? undefined : (JSON.parse(text) as ReHire);
}

/**
 * Notes which account is asked about.
 * @param before what was noted when the person was looked at: who has answered since is heard
 */
export async function askReHire(db: Db, userId: string, account: string, before: ReHire | undefined): Promise<void> {
  if (before?.account === account && before.answer === undefined) return;
  const now = await readReHire(db, userId);
  if (now?.account !== before?.account || now?.answer !== before?.answer) return;
  await writeSetting(db, keyOf(userId), JSON.stringify({ account } satisfies ReHire));
}

/** Notes the answer for the account that was asked about. @returns whether that is known */
export async function noteReHireAnswer(db: Db, userId: string, answer: ReHireAnswer): Promise<boolean> {
  const asked = await readReHire(db, userId);
  if (asked === undefined) return false;
  await writeSetting(db, keyOf(userId), JSON.stringify({ account: asked.account, answer } satisfies ReHire));
  return true;
}

export async function forgetReHire(db: Db, userId: string): Promise<void> {
  await deleteSetting(db, keyOf(userId));
}
