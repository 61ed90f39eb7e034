/** Roles and organization memberships that the bridge gave: what it may take when no mapping names them any more. */
import { type Db } from '../database/database';
import { among } from '../database/listed';
import { statement } from '../database/statement';
import { type GrantTable } from '../database/tables/accounts';

export interface Grant {
  readonly kind: GrantTable['kind'];
  /** Organization id; empty for site roles. */
  readonly organization: string;
  /** Role name; empty for a membership. */
  readonly target: string;
}

const selectGrants = statement<{ coderUserId: string }>()((db, { coderUserId }) =>
  db.selectFrom('grants').select(['kind', 'organization', 'target']).where('coder_user_id', '=', coderUserId),
);

export async function grantsOf(db: Db, coderUserId: string): Promise<Grant[]> {
  return [...(await selectGrants(db, { coderUserId })).rows];
}

const selectOfAccounts = statement<{ coderUserIds: readonly string[] }>()((db, { coderUserIds }) =>
  db.selectFrom('grants').selectAll().where('coder_user_id', 'in', among(db, coderUserIds)),
);

/** Grants of several accounts, by account. */
export async function grantsOfAccounts(db: Db, coderUserIds: readonly string[]): Promise<Map<string, Grant[]>> {
  const grants = new Map<string, Grant[]>();
  if (coderUserIds.length === 0) return grants;
  const { rows } = await selectOfAccounts(db, { coderUserIds });
  for (const { coder_user_id: account, kind, organization, target } of rows) {
    const known = grants.get(account);
    if (known === undefined) grants.set(account, [{ kind, organization, target }]);
    else known.push({ kind, organization, target });
  }
  return grants;
}

export async function addGrants(db: Db, coderUserId: string, grants: readonly Grant[], now: number): Promise<void> {
  if (grants.length === 0) return;
  await db
    .insertInto('grants')
    .values(grants.map(grant => ({ ...grant, coder_user_id: coderUserId, given_at: now })))
    .onConflict(conflict => conflict.columns(['coder_user_id', 'kind', 'organization', 'target']).doNothing())
    .execute();
}

/** Forgets what was taken; a membership takes the roles in its organization along. */
export async function removeGrants(db: Db, coderUserId: string, grants: readonly Grant[]): Promise<void> {
  for (const grant of grants) {
    await db
      .deleteFrom('grants')
      .where('coder_user_id', '=', coderUserId)
      .where('organization', '=', grant.organization)
      .$if(grant.kind !== 'organization', query =>
        query.where('kind', '=', grant.kind).where('target', '=', grant.target),
      )
      .execute();
  }
}

/** Forgets what an account was given: it is gone. */
export async function forgetGrants(db: Db, coderUserId: string): Promise<void> {
  await db.deleteFrom('grants').where('coder_user_id', '=', coderUserId).execute();
}
