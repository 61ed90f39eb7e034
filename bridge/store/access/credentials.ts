/** Admin credentials that were made by command, by digest. */
import { type Db } from '../database/database';
import { type AdminCredentialTable } from '../database/tables/access';

export interface StoredCredential {
  readonly digest: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdBy: string;
  readonly expiresAt: number;
  readonly lastUsedAt: number | undefined;
}

const toCredential = (row: AdminCredentialTable): StoredCredential => ({
  digest: row.digest,
  name: row.name,
  scopes: row.scopes.split(' '),
  createdBy: row.created_by,
  expiresAt: Number(row.expires_at),
  lastUsedAt: row.last_used_at === null ? undefined : Number(row.last_used_at),
});

/** @param digest 64 hex digits */
export async function readCredential(db: Db, digest: string): Promise<StoredCredential | undefined> {
  const row = await db.selectFrom('admin_credentials').selectAll().where('digest', '=', digest).executeTakeFirst();
  return row === undefined ? undefined : toCredential(row);
}

/** All, or those of one name; the oldest first. */
export async function listCredentials(db: Db, name?: string): Promise<StoredCredential[]> {
  const rows = await db
    .selectFrom('admin_credentials')
    .selectAll()
    .$if(name !== undefined, query => query.where('name', '=', name ?? ''))
    .orderBy('name')
    .orderBy('created_at')
    .execute();
  return rows.map(toCredential);
}

export async function addCredential(
  db: Db,
  credential: Omit<StoredCredential, 'lastUsedAt'>,
  now: number,
): Promise<void> {
  await db
    .insertInto('admin_credentials')
    .values({
      digest: credential.digest,
      name: credential.name,
      scopes: credential.scopes.join(' '),
      created_at: now,
      created_by: credential.createdBy,
      expires_at: credential.expiresAt,
      last_used_at: null,
    })
    .execute();
}

/** Whatever has this name ends at this instant, unless it ends before. */
export async function endCredentials(db: Db, name: string, at: number): Promise<void> {
  await db
    .updateTable('admin_credentials')
    .set({ expires_at: at })
    .where('name', '=', name)
    .where('expires_at', '>', at)
    .execute();
}

/** Forgets every credential of a name. @returns how many there were */
export async function deleteCredentials(db: Db, name: string): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('admin_credentials')
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

export async function noteCredentialUse(db: Db, digest: string, now: number): Promise<void> {
  await db.updateTable('admin_credentials').set({ last_used_at: now }).where('digest', '=', digest).execute();
}
