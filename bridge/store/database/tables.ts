/**
 * The tables as Kysely sees them, the same on SQLite and Postgres. Times are milliseconds since 1970, truth values 0 or
 * 1, documents JSON: text on SQLite, jsonb on Postgres (written as text, read as text or as an object).
 */
import { type ColumnType, type Generated } from 'kysely';

/** 0 or 1: SQLite has no boolean. */
export type Flag = 0 | 1;
/** A JSON document column. Write JSON text; `readJson` in database.ts reads both backends. */
export type Json = ColumnType<unknown, string, string>;

/** Facts about this installation: keys that seal cursors, the deployment's id, the Coder credential. */
export interface SettingTable {
  key: string;
  value: string;
}

/** A SCIM application: the mapping state it was given last. */
export interface AppTable {
  name: string;
  /** Counts up by one with each accepted document. */
  generation: number;
  state: Json;
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

/** A User as the identity provider states it. `id` is a UUIDv7: order by id is order of creation. */
export interface UserTable {
  id: string;
  app: string;
  user_name: string;
  /** userName folded for case-insensitive equality; unique in the app. */
  user_name_key: string;
  external_id: string | null;
  display_name_key: string | null;
  active: Flag;
  document: Json;
  /** Counts up with each real change: the ETag. */
  version: number;
  created_at: number;
  modified_at: number;
}

/** E-mail addresses of users, folded, for `emails.value eq`. */
export interface UserEmailTable {
  user_id: string;
  app: string;
  email_key: string;
}

/** A Group as the identity provider states it; its members are rows of `members`. */
export interface GroupTable {
  id: string;
  app: string;
  display_name: string;
  /** displayName folded; unique in the app, but for groups that each have an `externalId` of their own. */
  display_name_key: string;
  external_id: string | null;
  /** 1 while another group of the app has the same name. */
  shares_name: Generated<Flag>;
  document: Json;
  version: number;
  created_at: number;
  modified_at: number;
}

export interface MemberTable {
  group_id: string;
  /** A user or a group of the same app. */
  member_id: string;
  member_type: 'User' | 'Group';
  display: string | null;
}

/** What a SCIM user is in Coder; outlives the SCIM user until the leaving is done. */
export interface PersonTable {
  /** The SCIM user's id. */
  user_id: string;
  app: string;
  coder_user_id: string | null;
  coder_username: string | null;
  how: 'created' | 'adopted' | null;
  linked_at: number | null;
  /** Why Coder lacks something the directory states; null when nothing is held. */
  held_reason: string | null;
  held_detail: string | null;
  /** When the directory deleted the user; the row goes once the account is dealt with. */
  left_at: number | null;
  /** userName, e-mail and externalId of the user as last known: kept for audit after a deletion. */
  user_name: string;
  email: string | null;
  external_id: string | null;
  /** Full name that the directory stated when it was last dealt with; Coder's is written only when this changes. */
  full_name: string | null;
  /** The userName that the Coder username was last derived from. */
  followed_user_name: string | null;
  converged_at: number | null;
  /** 1: an owner by somebody's hand when the account had to be suspended, which Coder does to no owner. */
  former_owner: number | null;
}

/** Roles and organization memberships that the bridge gave, so that they can be taken when no mapping names them any more. */
export interface GrantTable {
  coder_user_id: string;
  kind: 'site-role' | 'organization' | 'organization-role';
  /** Organization id; empty for site roles. */
  organization: string;
  /** Role name; empty for a membership. */
  target: string;
  given_at: number;
}

/** Coder groups under management, by Coder's id. */
export interface CoderGroupTable {
  id: string;
  organization: string;
  name: string;
  /** `created` groups may be deleted by the bridge, `matched` ones never. */
  origin: 'created' | 'matched';
  /** The SCIM group of a pushed-group rule, null for a declared one. */
  scim_group_id: string | null;
  /** When its members were last read from Coder as a whole. */
  read_at: number | null;
  /** When its members were last written, and how long changes gather before the next write. */
  flushed_at: number | null;
  window_ms: number | null;
  /** Counts up with whatever changes its members in Coder: a reading that began before is out of date. */
  writes: Generated<number>;
  /** 1 while a write is under way whose outcome is not noted: what is known of its members counts for nothing. */
  unsure: Generated<Flag>;
}

/** Members of managed Coder groups: as last known (`present`) and as the directory asks for (`wanted`). */
export interface CoderMemberTable {
  coder_group_id: string;
  coder_user_id: string;
  present: Flag;
  /** 1 is to be a member, 0 is not to be one, null: nobody of a directory, left alone. */
  wanted: Flag | null;
  /** JSON of why `wanted` is what it is, for the audit trail. */
  because: string | null;
}

/** Custom organization roles that the bridge keeps. */
export interface CustomRoleTable {
  /** Organization id. */
  organization: string;
  /** Folded: role names have no case in Coder. */
  name: string;
  /** Whether the bridge made it (and may delete it) or found it. */
  origin: 'created' | 'matched';
}

/** Which SCIM group a mapping by displayName has matched, so that it can follow a rename. */
export interface BindingTable {
  app: string;
  /** `groupMappings/<name>`, `roleMappings/<name>`, `organizationMappings/<name>`. */
  mapping: string;
  scim_group_id: string;
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
  /** JSON of the steps that are being taken: what a process that died may have done without noting it. */
  intent: string | null;
}

/** Named leases across replicas: `group:<Coder group id>`, `sweep:<app>`, `credential`. */
export interface LeaseTable {
  name: string;
  owner: string;
  until: number;
}

/** Removals that the guard stopped, one row per subject. The open ones of an app together are its hold. */
export interface HoldTable {
  app: string;
  /** `person:<SCIM user id>`. */
  subject: string;
  /** Digest of exactly these removals: a release counts for nothing else. */
  digest: string;
  reason: string;
  /** JSON array of sentences, one per removal. */
  changes: string;
  created_at: number;
  released_at: number | null;
  released_by: string | null;
  /** The cause of the work that was stopped, as JSON: what one request takes is one plan. */
  cause: string | null;
}

/** Who lost or gained something that the guard counts, and when: reserved before it happens. */
export interface LedgerTable {
  app: string;
  /** See `LedgerKind`. */
  kind: string;
  /** `person:<SCIM user id>`. */
  subject: string;
  at: number;
  /** 1: an operator let it pass, and it counts against nobody. */
  released: number;
}

/**
 * What is about to be made or changed in Coder, written before the call and closed with its outcome. Keyed by what is made,
 * not by whom it is for, so that an entry outlives its subject.
 */
export interface JournalTable {
  id: Generated<number>;
  kind: string;
  key: string;
  app: string | null;
  /** SCIM id of the user or group that it is for. */
  subject: string | null;
  /** JSON, by kind. */
  note: string;
  since: number;
}

/** Every address that the directory has stated for a person whom the bridge dealt with. */
export interface AddressTable {
  user_id: string;
  /** `identityKey` of the address. */
  address_key: string;
  address: string;
  app: string;
  since: number;
}

/** Leavers whose workspaces are not known to be stopped, by account: a row outlives the person, and goes when they are. */
export interface LeaverWorkspacesTable {
  coder_user_id: string;
  app: string;
  /** SCIM id and userName of who left. */
  user_id: string;
  user_name: string;
  /** See `LeaverWorkspaces`. */
  state: string;
  /** JSON array of those that run on: `{name, reason}`. */
  running: string;
  /** When the account was about to be locked. */
  since: number;
}

/** Append-only: every change to Coder and every decision not to change. */
export interface AuditTable {
  id: Generated<number>;
  at: number;
  app: string | null;
  /** `scim`, `declaration`, `sweep`, `operator`, `bridge`. */
  actor: string;
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
}

/** How often each coercion of a dialect was used. */
export interface CoercionTable {
  app: string;
  dialect: string;
  coercion: string;
  count: number;
  last_at: number;
}

/** Requests that would have locked somebody out and were refused, until they went through. */
export interface RefusedLeavingTable {
  app: string;
  /** `user:<id>`, `member:<group id>/<member id>`, or `group:<id>` for whoever is not stated any more. */
  subject: string;
  user_id: string | null;
  group_id: string | null;
  name: string;
  /** Status and detail of the answer. */
  reason: string;
  /** Of the last such request. */
  request_id: string;
  times: number;
  first_at: number;
  last_at: number;
}

export interface Tables {
  settings: SettingTable;
  apps: AppTable;
  tokens: TokenTable;
  users: UserTable;
  user_emails: UserEmailTable;
  groups: GroupTable;
  members: MemberTable;
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
  coercions: CoercionTable;
  refused_leavings: RefusedLeavingTable;
}
