import { type Kysely, sql } from 'kysely';
import { type Backend } from '../backend';

/** The first set of tables; see tables.ts for what each column means. */
export async function up(db: Kysely<unknown>, backend: Backend): Promise<void> {
  const json = backend === 'postgres' ? sql`jsonb` : sql`text`;
  const key = backend === 'postgres' ? sql`text collate "C"` : sql`text`;
  const serial = backend === 'postgres' ? sql`bigserial primary key` : sql`integer primary key autoincrement`;
  const table = (name: string, columns: ReturnType<typeof sql>) =>
    sql`create table ${sql.id(name)} (${columns})`.execute(db);
  // Rows that are little more than their key: SQLite keeps them in the key's own tree, at half the size.
  const pairs = (name: string, columns: ReturnType<typeof sql>) =>
    sql`create table ${sql.id(name)} (${columns}) ${backend === 'sqlite' ? sql`without rowid` : sql``}`.execute(db);
  const index = (name: string, on: string) => sql`create index ${sql.id(name)} on ${sql.raw(on)}`.execute(db);

  await table('settings', sql`key ${key} primary key, value text not null`);
  await table(
    'apps',
    sql`name ${key} primary key, generation bigint not null, state ${json} not null, created_at bigint not null, updated_at bigint not null,
      applied_generation bigint, problems text, swept_at bigint, deleted_at bigint`,
  );
  await table(
    'tokens',
    sql`digest ${key} primary key, app ${key} not null, name text not null, expires_at bigint not null, scopes text not null, last_used_at bigint`,
  );
  await index('tokens_app', 'tokens (app)');
  await table(
    'users',
    sql`id ${key} primary key, app ${key} not null, user_name text not null, user_name_key ${key} not null, external_id ${key},
      display_name_key ${key}, active integer not null, document ${json} not null, version bigint not null,
      created_at bigint not null, modified_at bigint not null, unique (app, user_name_key)`,
  );
  await index('users_page', 'users (app, id)');
  // With the id behind it, an index gives its rows in the order of lists, so that no planner prefers to walk the list.
  await index('users_external_id', 'users (app, external_id, id)');
  await index('users_display_name', 'users (app, display_name_key, id)');
  await pairs(
    'user_emails',
    sql`user_id ${key} not null, app ${key} not null, email_key ${key} not null, primary key (user_id, email_key)`,
  );
  await index('user_emails_email', 'user_emails (app, email_key)');
  await table(
    'groups',
    sql`id ${key} primary key, app ${key} not null, display_name text not null, display_name_key ${key} not null, external_id ${key},
      document ${json} not null, version bigint not null, created_at bigint not null, modified_at bigint not null,
      unique (app, display_name_key)`,
  );
  await index('groups_page', 'groups (app, id)');
  await index('groups_external_id', 'groups (app, external_id, id)');
  await pairs(
    'members',
    sql`group_id ${key} not null, member_id ${key} not null, member_type text not null, display text, primary key (group_id, member_id)`,
  );
  await index('members_member', 'members (member_id, group_id)');
  await index('members_nested', "members (group_id, member_id) where member_type = 'Group'");
  await table(
    'people',
    sql`user_id ${key} primary key, app ${key} not null, coder_user_id ${key}, coder_username text, how text, linked_at bigint,
      held_reason text, held_detail text, left_at bigint, user_name text not null, email text, external_id text,
      full_name text, followed_user_name text, converged_at bigint`,
  );
  await index('people_coder_user', 'people (coder_user_id)');
  await index('people_app', 'people (app, user_id)');
  await table(
    'grants',
    sql`coder_user_id ${key} not null, kind text not null, organization ${key} not null, target ${key} not null, given_at bigint not null,
      primary key (coder_user_id, kind, organization, target)`,
  );
  await table(
    'coder_groups',
    sql`id ${key} primary key, organization ${key} not null, name text not null, origin text not null, scim_group_id ${key}, read_at bigint,
      flushed_at bigint, window_ms bigint, writes bigint not null default 0, unsure integer not null default 0`,
  );
  await pairs(
    'coder_members',
    sql`coder_group_id ${key} not null, coder_user_id ${key} not null, present integer not null, wanted integer, because text,
      primary key (coder_group_id, coder_user_id)`,
  );
  await index('coder_members_user', 'coder_members (coder_user_id)');
  await table(
    'bindings',
    sql`app ${key} not null, mapping ${key} not null, scim_group_id ${key} not null, primary key (app, mapping)`,
  );
  await table(
    'work',
    sql`key ${key} primary key, app ${key} not null, priority integer not null, due_at bigint not null, enqueued_at bigint not null,
      seq bigint not null, attempts integer not null default 0, error text, parked_at bigint, lease_owner text, lease_until bigint, cause text, intent text`,
  );
  await index('work_due', 'work (priority, due_at)');
  await table('leases', sql`name ${key} primary key, owner text not null, until bigint not null`);
  await table(
    'custom_roles',
    sql`organization ${key} not null, name ${key} not null, origin text not null, primary key (organization, name)`,
  );
  await table(
    'holds',
    sql`app ${key} not null, subject ${key} not null, digest text not null, reason text not null, changes text not null,
      created_at bigint not null, released_at bigint, released_by text, primary key (app, subject)`,
  );
  await table(
    'removals',
    sql`app ${key} not null, subject ${key} not null, at bigint not null, primary key (app, subject)`,
  );
  await index('removals_at', 'removals (app, at)');
  await table(
    'audit',
    sql`id ${serial}, at bigint not null, app text, actor text not null, token text, request_id text, subject text, subject_name text,
      coder_user_id text, action text not null, target text, idp_group text, mapping text, before text, after text, result text not null, detail text`,
  );
  await index('audit_at', 'audit (at)');
  await index('audit_subject', 'audit (subject)');
  await index('audit_coder_user', 'audit (coder_user_id)');
  await table(
    'coercions',
    sql`app ${key} not null, dialect text not null, coercion ${key} not null, count bigint not null, last_at bigint not null,
      primary key (app, dialect, coercion)`,
  );
}
