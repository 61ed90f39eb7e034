/** Which organization of Coder each name in a document found last: so that one that got another name is known again. */
import { type Db } from '../database/database';

const PREFIX = 'organization-named:';

/** Organization ids by folded name. */
export async function readOrganizationNames(db: Db): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('settings')
    .selectAll()
    .where('key', '>=', PREFIX)
    .where('key', '<', `${PREFIX}\u{10ffff}`)
    .execute();
  return new Map(rows.map(row => [row.key.slice(PREFIX.length), row.value]));
}

export async function putOrganizationName(db: Db, name: string, organization: string): Promise<void> {
  await db
    .insertInto('settings')
    .values({ key: PREFIX + name, value: organization })
    .onConflict(conflict => conflict.column('key').doUpdateSet({ value: organization }))
    .execute();
}
