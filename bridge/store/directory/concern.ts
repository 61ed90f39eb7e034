/**
 * Whether a write concerns Coder at all, told in the transaction that makes it. Who has no account and is to have none is settled with the
 * write, and so is the change of a group that no mapping reads: nothing is queued, and there is nothing to wait for.
 */
import { sql } from 'kysely';
import { type FoundGroup } from '../apps/reach';
import { withAbove } from '../database/nesting';
import { statement } from '../database/statement';
import { type Write } from './rows';

const concerns = statement<{ app: string; id: string }>()(
  (_db, { app, id }) => sql<{ concerns: number | boolean }>`
    select exists (select 1 from members where member_id = ${id})
      or exists (select 1 from bindings where app = ${app} and scim_group_id = ${id})
      or exists (select 1 from groups where id = ${id} and shares_name = 1)
      or exists (
        select 1 from loose_sets where cause is not null and (
          next = (select member_set from groups where id = ${id})
          or exists (select 1 from member_rows where set_id in (loose_sets.id, loose_sets.next) and member_id = ${id})
        )
      ) as concerns`,
);

const settled = statement<{ app: string; id: string; key: string }>()(
  (_db, { app, id, key }) => sql<{ settled: number | boolean }>`
    select coder_user_id is null and how is null and held_reason is null and former_owner is null and left_at is null
      and not exists (select 1 from journal where subject = ${id})
      and not exists (select 1 from holds where app = ${app} and subject = ${key})
      and not exists (select 1 from work where key = ${key}) as settled
    from people where user_id = ${id}`,
);

const dealtWith = statement<{ app: string; id: string; key: string }>()(
  (_db, { app, id, key }) => sql<{ dealtWith: number | boolean }>`
    select coder_user_id is not null and converged_at is not null and held_reason is null and former_owner is null and left_at is null
      and not exists (select 1 from journal where subject = ${id})
      and not exists (select 1 from holds where app = ${app} and subject = ${key})
      and not exists (select 1 from work where key = ${key}) as "dealtWith"
    from people where user_id = ${id}`,
);

const groupsAbove = statement<{ app: string; id: string }>()(
  (_db, { app, id }) => sql<{ displayName: string; externalId: string | null; matters: number | boolean }>`
    ${withAbove(id)}
    select display_name as "displayName", external_id as "externalId", shares_name = 1 or exists (
      select 1 from bindings where bindings.app = ${app} and bindings.scim_group_id = groups.id
    ) as matters from above join groups on groups.id = above.id`,
);

/**
 * Whether membership of a group can matter: a mapping reads it, by name or bound to it, or to another one of its name, or it is in another
 * group. Also where it did until just now, and the members are still to be read for the queue: whoever goes before that is not among them.
 */
export async function concernsCoder(
  { db, app, reach }: Write,
  id: string,
  groups: readonly FoundGroup[],
): Promise<boolean> {
  const { includes } = await reach(db, app);
  if (groups.some(includes)) return true;
  return Boolean((await concerns(db, { app, id })).rows[0]?.concerns);
}

const left = statement<{ id: string }>()(
  (_db, { id }) => sql<{ something: number | boolean }>`
    select exists (select 1 from coder_groups where scim_group_id = ${id})
      or exists (select 1 from journal where subject = ${id}) as something`,
);

/** Whether a group that is deleted leaves something in Coder, or something that was begun. */
export async function leavesSomething({ db }: Write, id: string): Promise<boolean> {
  return Boolean((await left(db, { id })).rows[0]?.something);
}

/** Whether an active user just made is settled: only mapped people have accounts here, and nobody is in a group yet. */
export async function isSettledNewcomer({ db, app, reach }: Write): Promise<boolean> {
  return (await reach(db, app)).onlyMapped;
}

/** Whether somebody who has an account is dealt with, and nothing of them is open: then what Coder has nothing of changes nothing there. */
export async function isDealtWith({ db, app, reach }: Write, id: string): Promise<boolean> {
  if ((await reach(db, app)).unclear) return false;
  return Boolean((await dealtWith(db, { app, id, key: `person:${id}` })).rows[0]?.dealtWith);
}

/**
 * Whether an active user, who was active before, has nothing in Coder and is to have nothing: no account was made or found for them, nothing
 * of them is open, and no group that they are in, through others or not, gives anything.
 */
export async function isSettled({ db, app, reach }: Write, id: string): Promise<boolean> {
  const { onlyMapped, includes } = await reach(db, app);
  if (!onlyMapped) return false;
  if (!(await settled(db, { app, id, key: `person:${id}` })).rows[0]?.settled) return false;
  const { rows } = await groupsAbove(db, { app, id });
  return rows.every(group => !group.matters && !includes(group));
}
