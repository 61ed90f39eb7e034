/**
 * Lines that a destination was told of and that are gone: who empties the trail and takes its head out with it leaves a chain that is whole
 * for itself, and begins at 1 again. How far destinations were told is what knows better.
 */
import { type Database, type Db } from '../database/database';
import { readSetting, writeSetting } from '../database/settings';
import { writeAudit } from './audit';
import { readChain } from './chain';

export interface Loss {
  readonly destination: string;
  /** The last line that it was told of. */
  readonly told: number;
  /** Where the chain ends now. */
  readonly end: number;
}

/** What was found until now: a destination is told on from where the chain begins now, which its cursor no longer shows. */
const SETTING = 'audit-loss';

type Noted = Pick<Loss, 'destination' | 'told'>;

async function readNoted(db: Db): Promise<Noted | undefined> {
  const noted = await readSetting(db, SETTING);
  return noted === undefined ? undefined : (JSON.parse(noted) as Noted);
}

/** Found for as long as the chain has not come to that line again: by then it has another one of that number. */
export async function findLoss(db: Db): Promise<Loss | undefined> {
  const cursor = await db
    .selectFrom('audit_cursors')
    .select(['destination', 'seq'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  const known = cursor === undefined ? undefined : { destination: cursor.destination, told: Number(cursor.seq) };
  const noted = await readNoted(db);
  const furthest = known === undefined || (noted !== undefined && noted.told > known.told) ? noted : known;
  // Read after the cursors: what they were told of since is within it.
  const { head } = await readChain(db);
  return furthest === undefined || furthest.told <= head.seq ? undefined : { ...furthest, end: head.seq };
}

export const sayLoss = ({ destination, told, end }: Loss): string =>
  `${destination} was told of line ${told}, and the chain ends at ${end}: what was there before was taken out, and its end with it`;

/**
 * Where a destination is told on from that was told up to a line: after it, or where that is beyond the end of the chain, and so gone, from
 * the first line that there is. That is noted, and a line of the trail, once.
 */
export async function tellOnFrom(
  database: Database,
  destination: string,
  told: number,
  now: number,
): Promise<{ readonly from: number; readonly loss?: Loss }> {
  // After the cursor: the chain does not end earlier by itself.
  const { cut, head } = await readChain(database.db);
  if (told <= head.seq) return { from: told };
  const loss = { destination, told, end: head.seq };
  const isFirst = await database.transact(async db => {
    const { numUpdatedRows } = await db
      .updateTable('audit_cursors')
      .set({ seq: cut.seq, updated_at: now })
      .where('destination', '=', destination)
      .where('seq', '=', told)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) return false;
    const noted = await readNoted(db);
    if (noted === undefined || noted.told < told)
      await writeSetting(db, SETTING, JSON.stringify({ destination, told } satisfies Noted));
    await writeAudit(db, [
      {
        at: now,
        app: null,
        actor: 'bridge',
        action: 'audit.loss',
        target: destination,
        result: 'failed',
        detail: sayLoss(loss),
      },
    ]);
    return true;
  });
  return { from: cut.seq, ...(isFirst ? { loss } : {}) };
}
