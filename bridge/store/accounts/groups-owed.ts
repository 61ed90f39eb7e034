/** Coder groups that are still to be written for somebody: wanted and present differ. */
import { type Db } from '../database/database';
import { among } from '../database/listed';
import { type WorkKey } from '../work/enqueue';

/**
 * Keys of the Coder groups that these people are to come into or to get out of, and have not yet.
 * @param people `person:<SCIM id>`
 * @param only `taken`: those that they are to get out of, alone
 */
export async function groupsOwed(
  db: Db,
  people: readonly WorkKey[],
  only: { readonly taken?: boolean } = {},
): Promise<WorkKey[]> {
  if (people.length === 0) return [];
  const ids = people.map(key => key.slice('person:'.length));
  const rows = await db
    .selectFrom('people')
    .innerJoin('coder_members', 'coder_members.coder_user_id', 'people.coder_user_id')
    .select('coder_members.coder_group_id as id')
    .distinct()
    .where('people.user_id', 'in', among(db, ids))
    .where('coder_members.wanted', 'is not', null)
    .whereRef('coder_members.wanted', '!=', 'coder_members.present')
    .$if(only.taken === true, query => query.where('coder_members.wanted', '=', 0))
    .execute();
  return rows.map(({ id }) => `coder-group:${id}` as const);
}
