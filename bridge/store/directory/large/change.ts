/**
 * Large groups change in turns of the event loop: what comes and goes is found out first; when that is much, the members as they will be are
 * written as a set of their own, a few rows in each turn, and one short transaction puts it in the place of the present one. Readers see the
 * group as it was before or as it is after. Nobody else changes the group meanwhile; everything else is written and read.
 */
import { type Database } from '../../database/database';
import { statement } from '../../database/statement';
import { listed } from '../../database/listed';
import { piecesOf } from '../../database/pieces';
import { nextTurn } from '../../database/turns';
import { type MemberChange } from '../../../scim-language/patch/operation';
import { type WorkKey } from '../../work/enqueue';
import { sql } from 'kysely';
import { applyChanges, insertMembers, refuseCycle, resolveMembers } from '../members';
import { type Write } from '../rows';
import { type Delta, deltaOf } from './delta';
import { type LooseSets, type Membership, exchange, fasten } from './loose-sets';
import { LARGE, ROWS_OF_TURN, pagesOf } from './pages';

/** Members that were made ready before the transaction that makes them a group's. */
export interface ReadyMembers {
  /**
   * Puts them in place; part of the transaction. @returns keys of whom it concerns, as far as they are queued with it; undefined when nobody
   * came or went
   */
  apply(write: Write, membership: Membership, concerns: boolean): Promise<WorkKey[] | undefined>;
}

const copyPage = statement<{ to: string; from: string; first: string; last: string }>()(
  (_db, { to, from, first, last }) => sql`
    insert into member_rows (set_id, member_id, member_type, display)
    select cast(${to} as text), member_id, member_type, display from member_rows
    where set_id = ${from} and member_id >= ${first} and member_id <= ${last}`,
);

const copyListed = statement<{ to: string; from: string; ids: readonly string[] }>()(
  (db, { to, from, ids }) => sql`
    insert into member_rows (set_id, member_id, member_type, display)
    select cast(${to} as text), member_id, member_type, display from member_rows
    where set_id = ${from} and member_id in (${listed(db, ids)})`,
);

interface Hands {
  readonly database: Database;
  readonly loose: LooseSets;
}

/**
 * Makes changes of a large group ready, and hands them to `commit`.
 * @param write whoever writes, with the database outside of any transaction
 * @throws UnknownMembers, NestedGroupsRefused
 */
export async function withReadyMembers<T>(
  { database, loose }: Hands,
  write: Write,
  setId: string | undefined,
  { changes, baseUrl }: { readonly changes: readonly MemberChange[]; readonly baseUrl: string },
  commit: (ready: ReadyMembers) => Promise<T>,
): Promise<T> {
  const delta = await deltaOf(write, setId, changes, baseUrl);
  if (setId !== undefined && delta.joined.length + delta.left.size <= LARGE)
    return await commit({ apply: (on, membership, concerns) => applyDelta(on, membership, delta, concerns) });
  const next = await loose.filled(write.app, write.now, set => fill(database, write, { set, from: setId, delta }));
  try {
    return await commit({
      apply: async (on, membership, concerns) => {
        if (delta.groups.length > 0) await refuseCycle(on, membership.groupId, delta.groups);
        await fasten(on.db, next);
        await exchange(on, membership, next, concerns);
        return [];
      },
    });
  } finally {
    loose.dropped(next);
  }
}

async function applyDelta(
  write: Write,
  membership: Membership,
  { joined, left }: Delta,
  concerns: boolean,
): Promise<WorkKey[] | undefined> {
  const changes: MemberChange[] = [];
  if (left.size > 0) changes.push({ kind: 'remove', values: [...left] });
  if (joined.length > 0) changes.push({ kind: 'add', members: joined });
  return await applyChanges(write, membership, changes, concerns, '');
}

/** Fills a set: who stays of another one, and who comes. Whoever is deleted meanwhile is in none of them. */
async function fill(
  database: Database,
  write: Write,
  { set, from, delta }: { readonly set: string; readonly from: string | undefined; readonly delta: Delta },
): Promise<void> {
  const { db } = database;
  if (from !== undefined)
    for await (const rows of pagesOf(db, from)) {
      const stay = rows.map(({ member_id }) => member_id).filter(id => !delta.left.has(id));
      const [first, last] = [rows[0]?.member_id ?? '', rows.at(-1)?.member_id ?? ''];
      if (stay.length === rows.length) await copyPage(db, { to: set, from, first, last });
      else if (stay.length > 0) await copyListed(db, { to: set, from, ids: stay });
      await nextTurn();
    }
  for await (const members of piecesOf(delta.joined, ROWS_OF_TURN))
    await db.transaction().execute(async transaction => {
      const on: Write = { ...write, db: transaction };
      const known = await resolveMembers(on, undefined, [{ kind: 'add', members }]);
      await insertMembers(on, set, members, known, true);
    });
}
