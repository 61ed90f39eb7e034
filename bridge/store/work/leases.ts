/** Named leases across replicas: one holder at a time, for as long as it renews. */
import { type Db } from '../database/database';

/** Takes or renews a lease; false when somebody else holds it. */
export async function takeLease(db: Db, name: string, owner: string, now: number, forMs: number): Promise<boolean> {
  const until = now + forMs;
  const rows = await db
    .insertInto('leases')
    .values({ name, owner, until })
    .onConflict(conflict =>
      conflict
        .column('name')
        .doUpdateSet({ owner, until })
        .where(eb => eb.or([eb('leases.owner', '=', owner), eb('leases.until', '<', now)])),
    )
    .returning('owner')
    .execute();
  return rows.length > 0;
}

/** Keeps a lease for longer; false when somebody else has it, or had it since: what was decided under it counts no more. */
export async function renewLease(db: Db, name: string, owner: string, now: number, forMs: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('leases')
    .set({ until: now + forMs })
    .where('name', '=', name)
    .where('owner', '=', owner)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

export async function dropLease(db: Db, name: string, owner: string): Promise<void> {
  await db.deleteFrom('leases').where('name', '=', name).where('owner', '=', owner).execute();
}

/** Gives back everything that a process holds. */
export async function dropLeases(db: Db, owner: string): Promise<void> {
  await db.deleteFrom('leases').where('owner', '=', owner).execute();
}

/** Ends the leases of processes that are no more: for the one process that has the database to itself. */
export async function dropLeasesOfOthers(db: Db, owner: string): Promise<void> {
  await db.deleteFrom('leases').where('owner', '<>', owner).execute();
}
