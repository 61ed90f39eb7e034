/** Who left, and was the same object of the identity provider: by another name and address nothing else leads from one to the other. */
import { sql } from 'kysely';
import { type Db } from '../database/database';
import { among } from '../database/listed';
import { statement } from '../database/statement';
import { type PersonTable } from '../database/tables/accounts';
import { type Person, toPerson } from './people';

// Whoever became another object while inactive used the account as the one before. What several who are in hold says of nobody who they are.
const selectLeft = statement<{ app: string; externalIds: readonly string[] }>()(
  (db, { app, externalIds }) => sql<PersonTable & { object: string }>`
    with gone as (
      select people.*, people.external_id as object from people
      where people.app = ${app} and people.external_id in ${among(db, externalIds)} and people.left_at is not null
        and people.former_external_id is null
      union all
      select people.*, users.external_id as object from users join people on people.user_id = users.id
      where users.app = ${app} and users.external_id in ${among(db, externalIds)} and users.active = 0
        and people.former_external_id is null
      union all
      select people.*, people.former_external_id as object from people left join users on users.id = people.user_id
      where people.app = ${app} and people.former_external_id in ${among(db, externalIds)}
        and (people.left_at is not null or users.active = 0)
    )
    select * from gone where coder_user_id is not null and not exists (
      select 1 from users where users.app = gone.app and users.external_id = gone.object and users.active = 1 limit 1 offset 1
    ) order by user_id`,
);

/** Somebody who has left, and the object that they were when they used their account. */
export interface LeftAsObject extends Person {
  readonly object: string;
}

/** People of an app who are inactive or deleted, have an account, and were one of these objects. */
export async function leftAsObjects(db: Db, app: string, externalIds: readonly string[]): Promise<LeftAsObject[]> {
  if (externalIds.length === 0) return [];
  const { rows } = await selectLeft(db, { app, externalIds });
  return rows.map(row => ({ ...toPerson(row), object: row.object }));
}

// One more than is asked for: several who are in are not told apart by it.
const selectIn = statement<{ app: string; externalId: string; userId: string }>()(
  (_db, { app, externalId, userId }) => sql<{ id: string; held: string | null }>`
    select users.id, people.held_reason as held from users left join people on people.user_id = users.id
      where users.app = ${app} and users.external_id = ${externalId} and users.active = 1 and users.id <> ${userId} limit 2`,
);

/** Who else of an app is active and this object, alone; with what they are held for. */
export async function aloneInAsObject(
  db: Db,
  app: string,
  externalId: string,
  userId: string,
): Promise<{ readonly userId: string; readonly heldReason: string | undefined } | undefined> {
  const { rows } = await selectIn(db, { app, externalId, userId });
  const [row] = rows;
  return row === undefined || rows.length > 1 ? undefined : { userId: row.id, heldReason: row.held ?? undefined };
}
