/** Custom roles that the bridge keeps in Coder. */
import { type Db } from '../database/database';

export interface ManagedRole {
  readonly organization: string;
  /** Folded. */
  readonly name: string;
  readonly origin: 'created' | 'matched';
}

/** Custom roles that the bridge keeps. */
export async function listManagedRoles(db: Db): Promise<ManagedRole[]> {
  return await db.selectFrom('custom_roles').selectAll().execute();
}

/** Notes a role. What was found once, and the bridge has made since, is its own; what it made stays that, whoever finds it. */
export async function putManagedRole(db: Db, role: ManagedRole): Promise<void> {
  const { origin } = role;
  await db
    .insertInto('custom_roles')
    .values(role)
    .onConflict(conflict => {
      const same = conflict.columns(['organization', 'name']);
      return origin === 'created' ? same.doUpdateSet({ origin }) : same.doNothing();
    })
    .execute();
}

export async function forgetManagedRole(db: Db, organization: string, name: string): Promise<void> {
  await db.deleteFrom('custom_roles').where('organization', '=', organization).where('name', '=', name).execute();
}
