import { type Kysely, sql } from 'kysely';
import { type Backend } from '../backend';

/** Whoever was made without `active` is active, and from now on says so: shown, and found by `active eq true`. */
export async function up(db: Kysely<unknown>, backend: Backend): Promise<void> {
  await (
    backend === 'postgres'
      ? sql`update users set document = document || '{"active": true}' where not jsonb_exists(document, 'active')`
      : sql`update users set document = json_set(document, '$.active', json('true')) where json_type(document, '$.active') is null`
  ).execute(db);
}
