/** Facts about this installation that must be the same for all replicas and outlive them. */
import { randomBytes } from 'node:crypto';
import { type Db } from './database';
import { statement } from './statement';

const selectSetting = statement<{ key: string }>()((db, { key }) =>
  db.selectFrom('settings').select('value').where('key', '=', key),
);

/** A secret key of 32 bytes under a name, made when it is first asked for; whoever comes second gets the first one's. */
export async function secretKey(db: Db, name: string): Promise<Buffer> {
  const read = () => db.selectFrom('settings').select('value').where('key', '=', name).executeTakeFirst();
  const found = await read();
  if (found !== undefined) return Buffer.from(found.value, 'base64url');
  await db
    .insertInto('settings')
    .values({ key: name, value: randomBytes(32).toString('base64url') })
    .onConflict(conflict => conflict.column('key').doNothing())
    .execute();
  return Buffer.from((await read())?.value ?? '', 'base64url');
}

export async function readSetting(db: Db, key: string): Promise<string | undefined> {
  return (await selectSetting(db, { key })).rows[0]?.value;
}

/** Values by what follows a prefix in their keys. */
export async function readSettingsUnder(db: Db, prefix: string): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('settings')
    .selectAll()
    .where('key', '>=', prefix)
    .where('key', '<', `${prefix}\u{10ffff}`)
    .execute();
  // A collation of the database may order other keys in between.
  return new Map(rows.filter(row => row.key.startsWith(prefix)).map(row => [row.key.slice(prefix.length), row.value]));
}

export async function writeSetting(db: Db, key: string, value: string): Promise<void> {
  await db
    .insertInto('settings')
    .values({ key, value })
    .onConflict(conflict => conflict.column('key').doUpdateSet({ value }))
    .execute();
}

export async function deleteSetting(db: Db, key: string): Promise<void> {
  await db.deleteFrom('settings').where('key', '=', key).execute();
}
