/**
 * The tables as Kysely sees them, the same on SQLite and Postgres. Times are milliseconds since 1970, truth values 0 or
 * 1, documents JSON: text on SQLite, jsonb on Postgres (written as text, read as text or as an object).
 */
import { type Generated } from 'kysely';
import {
  type AddressTable,
  type CoderGroupTable,
  type CoderMemberTable,
  type CustomRoleTable,
  type GrantTable,
  type HoldTable,
  type JournalTable,
  type LeaverWorkspacesTable,
  type LedgerTable,
  type PersonTable,
} from './accounts';
import { type AdminCredentialTable, type PageSessionTable } from './access';
import { type Json } from './columns';
import {
  type GroupTable,
  type LooseSetTable,
  type MemberRowTable,
  type MemberView,
  type RefusedLeavingTable,
  type UserEmailTable,
  type UserTable,
} from './directory';

/** Facts about this installation: keys that seal cursors, the deployment's id, the Coder credential. */
export interface SettingTable {
  key: string;
  value: string;
}

/** A SCIM application: the mapping state it was given last. */
export interface AppTable {
  name: string;
  /** Counts up by one with each accepted document, also from one app of this name to the next. */
  generation: number;
  state: Json;
  /** JSON of the document's `attributes`, for whoever reads people; null while they are the usual ones. */
  attributes: string | null;
  created_at: number;
  updated_at: number;
  /** The generation whose references, guard and groups were dealt with in Coder; behind `generation` until then. */
  applied_generation: number | null;
  /** JSON array of sentences: what of the declaration Coder can not take as it is. */
  problems: string | null;
  /** When everything was last compared with Coder. */
  swept_at: number | null;
  /** Set by a delete; the row goes once everybody of the app is dealt with. */
  deleted_at: number | null;
}

/** Tokens of an app as its mapping state declares them, by digest. */
export interface TokenTable {
  /** 64 hex digits: SHA-256 of the token text. */
  digest: string;
  app: string;
  name: string;
  expires_at: number;
  /** Space-separated scopes. */
  scopes: string;
  last_used_at: number | null;
}

/** OAuth clients of an app as its mapping state declares them; the name is the client id. */
export interface OAuthClientTable {
  app: string;
  name: string;
  /** 64 hex digits: SHA-256 of the client secret. */
  digest: string;
  expires_at: number;
  /** Space-separated scopes. */
  scopes: string;
  /** When a request came with an access token of it, or asked for one. */
  last_used_at: number | null;
}

/** Access tokens that were given out, by digest. One is good while its client has the secret for which it was given. */
export interface AccessTokenTable {
  /** 64 hex digits: SHA-256 of the token text. */
  digest: string;
  app: string;
  client: string;
  client_digest: string;
  /** Space-separated scopes. */
  scopes: string;
  issued_at: number;
  expires_at: number;
}

/** Which SCIM group a mapping by displayName has matched, so that it can follow a rename. */
export interface BindingTable {
  app: string;
  /** `groupMappings/<name>`, `roleMappings/<name>`, `organizationMappings/<name>`. */
  mapping: string;
  /** Empty: the group vanished, and an operator accepted that loss. */
  scim_group_id: string;
  /** Set while the group is being filled: the mapping takes nothing yet. `again`: another group that it was bound to is missed meanwhile. */
  filling: 'first' | 'again' | null;
}

/** The durable queue: one row per key that may differ from Coder. A row carries a key, never a change. */
export interface WorkTable {
  /** `person:<SCIM user id>`, `scim-group:<SCIM group id>`, `coder-group:<Coder group id>`, `app:<name>`. */
  key: string;
  app: string;
  /** 0 leaving people, 1 changes by a request, 2 changes by a declaration, 3 sweep. */
  priority: number;
  due_at: number;
  enqueued_at: number;
  /** Counts up with each enqueue: finished work is removed only if nothing came in between. */
  seq: number;
  attempts: number;
  error: string | null;
  /** Set when tries ended; retried on command or when the key is enqueued again. */
  parked_at: number | null;
  lease_owner: string | null;
  lease_until: number | null;
  /** JSON of what caused it last: SCIM request id, token name, or the declaration's generation. */
  cause: string | null;
}

/** Named leases across replicas: `group:<Coder group id>`, `sweep:<app>`, `credential`. */
export interface LeaseTable {
  name: string;
  owner: string;
  until: number;
}

/** Append-only: every change to Coder and every decision not to change. */
export interface AuditTable {
  id: Generated<number>;
  at: number;
  app: string | null;
  /** `scim`, `declaration`, `sweep`, `operator`, `bridge`. */
  actor: string;
  /** Name of the SCIM token or admin credential, or of who signed in. */
  token: string | null;
  request_id: string | null;
  /** SCIM user or group id. */
  subject: string | null;
  subject_name: string | null;
  coder_user_id: string | null;
  /** e.g. `user.create`, `user.suspend`, `site-roles.set`, `group.add`, `guard.hold`, `person.held`. */
  action: string;
  /** e.g. the Coder group or role. */
  target: string | null;
  idp_group: string | null;
  mapping: string | null;
  before: string | null;
  after: string | null;
  /** `done`, `failed`, `held`, `skipped`, `reported`. */
  result: string;
  detail: string | null;
  /** Number in the chain, without gaps and in the order of commits; null for the moment until it is sealed. */
  seq: number | null;
  /** Of this line and the one before it in the chain. */
  hash: string | null;
}

/** How far a destination of the audit trail has been told of it. */
export interface AuditCursorTable {
  /** Kind and address, without credentials. */
  destination: string;
  /** The last line that it took. */
  seq: number;
  updated_at: number;
}

/** How often each coercion of a dialect was used. */
export interface CoercionTable {
  app: string;
  dialect: string;
  coercion: string;
  count: number;
  last_at: number;
}

/** The last SCIM requests of each app. */
export interface RequestTable {
  id: Generated<number>;
  at: number;
  app: string;
  request_id: string;
  token: string;
  method: string;
  /** Path and query without values that name people. */
  path: string;
  status: number;
  scim_type: string | null;
  detail: string | null;
  /** JSON arrays of texts. */
  coercions: string;
  changes: string;
  milliseconds: number;
  /** Kept in a debug window alone. */
  body: string | null;
}

export interface Tables {
  settings: SettingTable;
  apps: AppTable;
  tokens: TokenTable;
  oauth_clients: OAuthClientTable;
  access_tokens: AccessTokenTable;
  users: UserTable;
  user_emails: UserEmailTable;
  groups: GroupTable;
  member_rows: MemberRowTable;
  members: MemberView;
  loose_sets: LooseSetTable;
  people: PersonTable;
  grants: GrantTable;
  coder_groups: CoderGroupTable;
  coder_members: CoderMemberTable;
  bindings: BindingTable;
  work: WorkTable;
  leases: LeaseTable;
  custom_roles: CustomRoleTable;
  holds: HoldTable;
  ledger: LedgerTable;
  journal: JournalTable;
  addresses: AddressTable;
  leaver_workspaces: LeaverWorkspacesTable;
  audit: AuditTable;
  audit_cursors: AuditCursorTable;
  coercions: CoercionTable;
  refused_leavings: RefusedLeavingTable;
  requests: RequestTable;
  admin_credentials: AdminCredentialTable;
  page_sessions: PageSessionTable;
}
