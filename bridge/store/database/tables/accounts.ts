/** Tables of people and what they have in Coder. */
import { type Generated } from 'kysely';
import { type Flag } from './columns';

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
  /** Since when nothing lets the person in, and that is dealt with; null while something does. */
  out_since: number | null;
  /** The externalId before another one was stated of somebody inactive: who used the account until then. Null once they are in again. */
  former_external_id: string | null;
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
  /** When a write was sent last whose answer was lost: Coder may take it up still, for a while. */
  unheard_at: number | null;
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
  /** When the directory last began to state it. */
  since: number;
  /** When it first did; null in rows of earlier versions. */
  first_since: number | null;
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
