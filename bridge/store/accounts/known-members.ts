/** Everything that is noted of the members of one Coder group, for a comparison with what Coder has. */
import { type Db } from '../database/database';

export interface KnownMember {
  readonly coderUserId: string;
  readonly present: boolean;
  /** Undefined: nothing is wanted of this member. */
  readonly wanted: boolean | undefined;
}

export async function knownMembers(db: Db, groupId: string): Promise<KnownMember[]> {
  const rows = await db
    .selectFrom('coder_members')
    .select(['coder_user_id', 'present', 'wanted'])
    .where('coder_group_id', '=', groupId)
    .execute();
  return rows.map(row => ({
    coderUserId: row.coder_user_id,
    present: row.present === 1,
    wanted: row.wanted === null ? undefined : row.wanted === 1,
  }));
}
