/** Who left, and was the same object of the identity provider: by another name and address nothing else leads from one to the other. */
import { sql } from 'kysely';
import { type Db } from '../database/database';
import { among } from '../database/listed';
import { statement } from '../database/statement';
import { type PersonTable } from '../database/tables/accounts';
import { type Person, toPerson } from './people';

// Of who became another object while inactive the account is not the present one's. What several who are in hold says of nobody who they are.
const selectLeft = statement<{ app: string; externalIds: readonly string[] }>()(
  (db, { app, externalIds }) => sql<PersonTable>`
    with gone as (
      select people.* from people
      where people.app = ${app} and people.external_id in ${among(db, externalIds)} and people.left_at is not null
      union all
      select people.* from users join people on people.user_id = users.id
      where users.app = ${app} and users.external_id in ${among(db, externalIds)} and users.active = 0
    )
    select * from gone where coder_user_id is not null and former_external_id is null and not exists (
      select 1 from users where users.app = gone.app and users.external_id = gone.external_id and users.active = 1 limit 1 offset 1
    ) order by user_id`,
);

/** People of an app who are inactive or deleted, have an account, and were one of these objects. */
export async function leftAsObjects(db: Db, app: string, externalIds: readonly string[]): Promise<Person[]> {
  if (externalIds.length === 0) return [];
  return (await selectLeft(db, { app, externalIds })).rows.map(toPerson);
}
