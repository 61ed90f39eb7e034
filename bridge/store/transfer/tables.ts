/** Every table as it is carried from one database to another: by what it is read in order. */
import { type Tables as All } from '../database/tables';

/** Without the view. */
type Tables = Omit<All, 'members'>;

interface Carried<Table> {
  /** The primary key. */
  readonly key: readonly (keyof Table & string)[];
  /** The key is counted by the database, which has to go on behind what was carried. */
  readonly counted?: boolean;
}

export const CARRIED: { readonly [Name in keyof Tables]: Carried<Tables[Name]> } = {
  settings: { key: ['key'] },
  apps: { key: ['name'] },
  tokens: { key: ['digest'] },
  oauth_clients: { key: ['app', 'name'] },
  access_tokens: { key: ['digest'] },
  admin_credentials: { key: ['digest'] },
  page_sessions: { key: ['digest'] },
  users: { key: ['id'] },
  user_emails: { key: ['user_id', 'email_key'] },
  groups: { key: ['id'] },
  member_rows: { key: ['set_id', 'member_id'] },
  loose_sets: { key: ['id'] },
  people: { key: ['user_id'] },
  grants: { key: ['coder_user_id', 'kind', 'organization', 'target'] },
  coder_groups: { key: ['id'] },
  coder_members: { key: ['coder_group_id', 'coder_user_id'] },
  bindings: { key: ['app', 'mapping'] },
  work: { key: ['key'] },
  leases: { key: ['name'] },
  custom_roles: { key: ['organization', 'name'] },
  holds: { key: ['app', 'subject'] },
  ledger: { key: ['app', 'kind', 'subject'] },
  journal: { key: ['id'], counted: true },
  addresses: { key: ['user_id', 'address_key'] },
  leaver_workspaces: { key: ['coder_user_id'] },
  audit: { key: ['id'], counted: true },
  audit_cursors: { key: ['destination'] },
  coercions: { key: ['app', 'dialect', 'coercion'] },
  refused_leavings: { key: ['app', 'subject'] },
  requests: { key: ['id'], counted: true },
};

export type TableName = keyof Tables;
export const TABLE_NAMES = Object.keys(CARRIED) as TableName[];
export type Row = Readonly<Record<string, string | number | null>>;
