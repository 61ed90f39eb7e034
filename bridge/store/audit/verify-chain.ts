/** Whether the chain of the audit trail is whole: every line hashed again, from the first that is kept to the last. */
import { setImmediate as pause } from 'node:timers/promises';
import { type Db } from '../database/database';
import { type Chain, hashOf, type Link, readChain, readSealed } from './chain';
import { findLoss, sayLoss } from './loss';

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

const PAGE = 250;

/** @param anchor an end of the chain that was noted elsewhere: the line must still be the same */
export async function verifyChain(db: Db, anchor?: Link): Promise<ChainReport> {
  for (;;) {
    const chain = await readChain(db);
    const walked = await walk(db, chain, anchor);
    walked.broken ??= (await findForeign(db, chain)) ?? (await findLost(db));
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

/** A line that was sent somewhere and is beyond the end: of a trail that was emptied and begun anew. */
async function findLost(db: Db): Promise<ChainBreak | null> {
  const loss = await findLoss(db);
  return loss === undefined ? null : { seq: loss.told, id: null, problem: sayLoss(loss) };
}

/** A line with a number that no sealing gave: before what is kept, or behind the last one. */
export async function findForeign(db: Db, { cut }: Chain): Promise<ChainBreak | null> {
  const ends = db.selectFrom('audit').select(['seq', 'id']).limit(1);
  const first = await ends.where('seq', '<=', cut.seq).orderBy('seq').executeTakeFirst();
  const last = await ends.where('seq', 'is not', null).orderBy('seq', 'desc').executeTakeFirst();
  // Read after the last line: what was sealed meanwhile is within it.
  const { head } = await readChain(db);
  const foreign = first ?? (last !== undefined && Number(last.seq) > head.seq ? last : undefined);
  if (foreign === undefined) return null;
  const seq = Number(foreign.seq);
  return {
    seq,
    id: Number(foreign.id),
    problem: `line ${seq} was not sealed by the bridge: the chain has ${cut.seq + 1} to ${head.seq}`,
  };
}

async function walk(
  db: Db,
  { cut, head }: Chain,
  anchor: Link | undefined,
): Promise<{ readonly checked: number; broken: ChainBreak | null }> {
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
    const page = await readSealed(db, last.seq, PAGE);
    // What was sealed since the end was read is another time's.
    const rows = page.filter(row => row.seq <= head.seq);
    for (const row of rows) {
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
