/** Who came back as a new object of the directory: the account that an operator is asked about, and their word, which is for that one alone. */
import { type Db } from '../database/database';
import { deleteSetting, readSetting, readSettingsUnder, writeSetting } from '../database/settings';

/** An operator's word on somebody who came back as a new directory object. */
export type ReHireAnswer = 'keep' | 'replace';

export interface ReHire {
  /** Coder's id of the account that was judged. */
  readonly account: string;
  /** The object of the identity provider that the person was then; null: it said none. Undefined: noted by an earlier version, of any. */
  readonly externalId?: string | null | undefined;
  /** Undefined: nobody has answered yet. */
  readonly answer?: ReHireAnswer;
}

// `re-hire:` has what was answered before it was noted for which account: nobody's word on any.
const PREFIX = 're-hire-of:';
const keyOf = (userId: string): string => `${PREFIX}${userId}`;

export async function readReHire(db: Db, userId: string): Promise<ReHire | undefined> {
  const text = await readSetting(db, keyOf(userId));
  return text === undefined ? undefined : (JSON.parse(text) as ReHire);
}

/** Of everybody who was asked about and is not dealt with, by SCIM id. */
export async function readReHires(db: Db): Promise<Map<string, ReHire>> {
  const noted = await readSettingsUnder(db, PREFIX);
  return new Map([...noted].map(([userId, text]) => [userId, JSON.parse(text) as ReHire]));
}

/**
 * Notes which account is asked about, and as which object of the identity provider the person came to it.
 * @param before what was noted when the person was looked at: who has answered since is heard
 */
export async function askReHire(
  db: Db,
  userId: string,
  asked: { readonly account: string; readonly externalId: string | null },
  before: ReHire | undefined,
): Promise<void> {
  const { account, externalId } = asked;
  if (before?.account === account && before.externalId === externalId && before.answer === undefined) return;
  const now = await readReHire(db, userId);
  const isAsBefore =
    now?.account === before?.account && now?.externalId === before?.externalId && now?.answer === before?.answer;
  if (isAsBefore) await writeSetting(db, keyOf(userId), JSON.stringify({ account, externalId } satisfies ReHire));
}

/**
 * Notes the answer for the account that is asked about.
 * @param account the one that was asked about when the operator looked, where that is said
 * @returns `unknown` where nobody noted which one is asked about, `another` where it is another one by now, `answered` where somebody has said the
 *   opposite, which is being carried out
 */
export async function noteReHireAnswer(
  db: Db,
  userId: string,
  { answer, account }: { readonly answer: ReHireAnswer; readonly account?: string | undefined },
): Promise<'noted' | 'another' | 'answered' | 'unknown'> {
  const asked = await readReHire(db, userId);
  if (asked === undefined) return 'unknown';
  if (account !== undefined && asked.account !== account) return 'another';
  if (asked.answer !== undefined && asked.answer !== answer) return 'answered';
  await writeSetting(db, keyOf(userId), JSON.stringify({ ...asked, answer } satisfies ReHire));
  return 'noted';
}

export async function forgetReHire(db: Db, userId: string): Promise<void> {
  await deleteSetting(db, keyOf(userId));
}
