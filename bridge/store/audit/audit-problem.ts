/** Whether the audit trail is kept as it should be, asked as cheaply as a status may be; whether every line is what it was, verify-chain.ts tells. */
import { type Db } from '../database/database';
import { readChain } from './chain';
import { findLoss, sayLoss } from './loss';
import { findForeign } from './verify-chain';

/** Lines are sealed about a second after they were written. */
const LATE_MS = 60_000;

/** @returns what is wrong, in a sentence, with what to do; undefined when nothing is seen to be */
export async function auditProblem(db: Db, now: number): Promise<string | undefined> {
  const foreign = await findForeign(db, await readChain(db));
  if (foreign !== null)
    return `the audit trail was written to past the bridge, and may not be sealed or exported any more: ${foreign.problem}; look at coder-scim audit verify`;
  const loss = await findLoss(db);
  if (loss !== undefined)
    return `lines of the audit trail are gone: ${sayLoss(loss)}; see who can write to the database, and keep what was exported`;
  const { lines, oldest } = await db
    .selectFrom('audit')
    .select(eb => [eb.fn.countAll<number>().as('lines'), eb.fn.min('at').as('oldest')])
    .where('seq', 'is', null)
    .executeTakeFirstOrThrow();
  // Without any there is no oldest.
  const at = Number(oldest ?? now);
  if (now - at < LATE_MS) return undefined;
  return `${lines} line(s) of the audit trail wait to be sealed since ${new Date(at).toISOString()}, and are not exported: the log of the bridge says why`;
}
