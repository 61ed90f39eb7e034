/** Whether the chain of the audit trail is whole: every line hashed again, from the first that is kept to the last. */
import { setImmediate as pause } from 'node:timers/promises';
import { type Db } from '../database/database';
import { type Chain, hashOf, type Link, readChain, readSealed } from './chain';

export interface ChainBreak {
  /** Number of the line at which the chain breaks. */
  readonly seq: number;
  /** Id of that line, when there is one. */
  readonly id: number | null;
  /** What is wrong there, in a sentence. */
  readonly problem: string;
}

export interface ChainReport extends Chain {
  readonly whole: boolean;
  /** Lines that were hashed again. */
  readonly checked: number;
  /** Lines so new that they are not part of the chain yet. */
  readonly unsealed: number;
  readonly broken: ChainBreak | null;
}

const PAGE = 1_000;

/** @param anchor an end of the chain that was noted elsewhere: the line must still be the same */
export async function verifyChain(db: Db, anchor?: Link): Promise<ChainReport> {
  for (;;) {
    const chain = await readChain(db);
    const walked = await walk(db, chain, anchor);
    // Lines that were cut off by age meanwhile are missing for a good reason.
    if (walked.broken !== null && (await readChain(db)).cut.seq !== chain.cut.seq) continue;
    const unsealed = await db
      .selectFrom('audit')
      .select(eb => eb.fn.countAll<number>().as('lines'))
      .where('seq', 'is', null)
      .executeTakeFirstOrThrow();
    return { ...chain, ...walked, whole: walked.broken === null, unsealed: Number(unsealed.lines) };
  }
}

async function walk(
  db: Db,
  { cut, head }: Chain,
  anchor: Link | undefined,
): Promise<Pick<ChainReport, 'checked' | 'broken'>> {
  let last = cut;
  const broken = (seq: number, id: number | null, problem: string) => ({
    checked: last.seq - cut.seq,
    broken: { seq, id, problem },
  });
  if (anchor !== undefined && anchor.seq > head.seq)
    return broken(anchor.seq, null, `the chain ends at line ${head.seq}: the noted line and what followed it are gone`);
  if (anchor !== undefined && anchor.seq < cut.seq)
    return broken(
      anchor.seq,
      null,
      `the noted line is older than what is kept: lines up to ${cut.seq} were removed by age`,
    );
  if (anchor?.seq === cut.seq && anchor.hash !== cut.hash)
    return broken(cut.seq, null, 'the noted hash is another one than that of the last line that was removed by age');
  for (;;) {
    const rows = await readSealed(db, last.seq, PAGE);
    for (const row of rows) {
      if (row.seq > head.seq) return { checked: last.seq - cut.seq, broken: null };
      if (row.seq !== last.seq + 1)
        return broken(last.seq + 1, null, `line ${last.seq + 1} is missing: the next one is ${row.seq}`);
      if (hashOf(last.hash, row.seq, row) !== row.hash)
        return broken(row.seq, row.id, 'the line, or what was before it, is not what was sealed');
      if (anchor?.seq === row.seq && anchor.hash !== row.hash)
        return broken(row.seq, row.id, 'the chain was made anew: the noted hash of this line is another one');
      last = { seq: row.seq, hash: row.hash };
    }
    if (rows.length < PAGE) break;
    // Other work has its turn: a long trail takes seconds.
    await pause();
  }
  if (last.seq < head.seq)
    return broken(last.seq + 1, null, `the last lines are missing: wanted ${head.seq}, got ${last.seq}`);
  if (last.hash !== head.hash)
    return broken(last.seq, null, 'the end of the chain is not the one that was noted with it');
  return { checked: last.seq - cut.seq, broken: null };
}
