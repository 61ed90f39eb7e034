/** Facts about this installation, by key. */
import { type Db } from './database';

export async function readSetting(db: Db, key: string): Promise<string | undefined> {
  return (await db.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirst())?.value;
}

export async function writeSetting(db: Db, key: string, value: string): Promise<void> {
  await db
    .insertInto('settings')
    .values({ key, value })
    .onConflict(conflict => conflict.column('key').doUpdateSet({ value }))
    .execute();
}

/** The value of a key, made once: replicas that start together agree on one. */
export async function settingOnce(db: Db, key: string, make: () => string): Promise<string> {
  const present = await readSetting(db, key);
  if (present !== undefined) return present;
  await db
    .insertInto('settings')
    .values({ key, value: make() })
    .onConflict(conflict => conflict.column('key').doNothing())
    .execute();
  return (await readSetting(db, key)) ?? '';
}

export async function deleteSetting(db: Db, key: string): Promise<void> {
  await db.deleteFrom('settings').where('key', '=', key).execute();
}
