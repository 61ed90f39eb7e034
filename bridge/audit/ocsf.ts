/**
 * A line of the audit trail as an event of the Open Cybersecurity Schema Framework, category Identity & Access Management. What the
 * schema has no place for, number and hash of the chain included, is in `unmapped`: the event has everything that the line has.
 */
import { type SealedRecord } from '../store/audit/chain';

export const OCSF_VERSION = '1.5.0';

const IAM = 3;
const ACCOUNT_CHANGE = { class_uid: 3001, class_name: 'Account Change' } as const;
const ENTITY_MANAGEMENT = { class_uid: 3004, class_name: 'Entity Management' } as const;
const USER_ACCESS = { class_uid: 3005, class_name: 'User Access Management' } as const;
const GROUP_MANAGEMENT = { class_uid: 3006, class_name: 'Group Management' } as const;
const OTHER = 99;

interface Activity {
  readonly class_uid: number;
  readonly class_name: string;
  readonly activity_id: number;
}

// The numbers are those of the class's `activity_id`.
const ACTIVITIES: Readonly<Record<string, Activity>> = {
  'account.create': { ...ACCOUNT_CHANGE, activity_id: 1 },
  'account.activate': { ...ACCOUNT_CHANGE, activity_id: 2 },
  'account.suspend': { ...ACCOUNT_CHANGE, activity_id: 5 },
  'account.delete': { ...ACCOUNT_CHANGE, activity_id: 6 },
  'account.adopt': { ...ACCOUNT_CHANGE, activity_id: OTHER },
  'account.gone': { ...ACCOUNT_CHANGE, activity_id: OTHER },
  'account.stranger': { ...ACCOUNT_CHANGE, activity_id: OTHER },
  'profile.set': { ...ACCOUNT_CHANGE, activity_id: OTHER },
  'organization.add': { ...USER_ACCESS, activity_id: 1 },
  'organization.remove': { ...USER_ACCESS, activity_id: 2 },
  'site-roles.set': { ...USER_ACCESS, activity_id: OTHER },
  'organization-roles.set': { ...USER_ACCESS, activity_id: OTHER },
  'group.add': { ...GROUP_MANAGEMENT, activity_id: 3 },
  'group.remove': { ...GROUP_MANAGEMENT, activity_id: 4 },
  'group.delete': { ...GROUP_MANAGEMENT, activity_id: 5 },
  'group.create': { ...GROUP_MANAGEMENT, activity_id: 6 },
  'group.rename': { ...GROUP_MANAGEMENT, activity_id: OTHER },
  'custom-role.create': { ...ENTITY_MANAGEMENT, activity_id: 1 },
  'custom-role.update': { ...ENTITY_MANAGEMENT, activity_id: 3 },
  'custom-role.delete': { ...ENTITY_MANAGEMENT, activity_id: 4 },
  'sync-settings.set': { ...ENTITY_MANAGEMENT, activity_id: 3 },
  'app.declare': { ...ENTITY_MANAGEMENT, activity_id: 3 },
  'app.delete': { ...ENTITY_MANAGEMENT, activity_id: 4 },
  'app.apply': { ...ENTITY_MANAGEMENT, activity_id: 3 },
  'app.purge': { ...ENTITY_MANAGEMENT, activity_id: 4 },
};
const ANYTHING_ELSE: Activity = { ...ENTITY_MANAGEMENT, activity_id: OTHER };

// severity_id: 1 informational, 2 low, 3 medium, 4 high; status_id: 1 success, 2 failure, 99 other.
const RESULTS: Readonly<Record<string, { readonly severity_id: number; readonly status_id: number }>> = {
  done: { severity_id: 1, status_id: 1 },
  skipped: { severity_id: 1, status_id: OTHER },
  reported: { severity_id: 2, status_id: OTHER },
  held: { severity_id: 3, status_id: OTHER },
  failed: { severity_id: 4, status_id: 2 },
};

/** @param version of coder-scim */
export function toOcsf(line: SealedRecord, version: string): Record<string, unknown> {
  const activity = activityOf(line);
  return {
    category_uid: IAM,
    category_name: 'Identity & Access Management',
    class_uid: activity.class_uid,
    class_name: activity.class_name,
    activity_id: activity.activity_id,
    activity_name: line.action,
    type_uid: activity.class_uid * 100 + activity.activity_id,
    time: line.at,
    ...(RESULTS[line.result] ?? { severity_id: 0, status_id: 0 }),
    status: line.result,
    ...(line.detail === null ? {} : { status_detail: line.detail }),
    message: sentence(line),
    metadata: {
      version: OCSF_VERSION,
      product: { name: 'coder-scim', vendor_name: 'coder-scim', version },
      // The same however often the line is delivered, and no other line's.
      uid: line.hash,
      sequence: line.seq,
      log_name: 'audit',
      ...(line.request_id === null ? {} : { correlation_uid: line.request_id }),
    },
    actor: actorOf(line),
    ...objectOf(activity, line),
    unmapped: line,
  };
}

/** Who declared or decided is somebody by name: that of the admin credential, or of who signed in to the page. */
function actorOf({ actor, app, token }: SealedRecord): object {
  return {
    app_name: actor === 'scim' && app !== null ? app : `coder-scim ${actor}`,
    ...((actor === 'operator' || actor === 'declaration') && token !== null ? { user: { name: token } } : {}),
  };
}

/** What the event is about, as its class wants it. */
function objectOf({ class_uid, activity_id }: Activity, line: SealedRecord): object {
  const user = userOf(line);
  const group = { name: line.target ?? 'unknown' };
  switch (class_uid) {
    case GROUP_MANAGEMENT.class_uid:
      return { group, ...(activity_id === 3 || activity_id === 4 ? { user } : {}) };
    case USER_ACCESS.class_uid:
      return { user, privileges: privilegesOf(line) };
    case ACCOUNT_CHANGE.class_uid:
      return { user };
    default:
      return {
        entity: { name: line.target ?? line.subject_name ?? line.app ?? line.action, type: line.action.split('.')[0] },
      };
  }
}

function userOf({ subject, subject_name, coder_user_id }: SealedRecord): object {
  return {
    name: subject_name ?? subject ?? coder_user_id ?? 'unknown',
    ...(coder_user_id === null ? {} : { uid: coder_user_id }),
    ...(subject === null ? {} : { uid_alt: subject }),
  };
}

const listOf = (text: string | null): string[] =>
  (text ?? '').split(',').flatMap(part => (part.trim() === '' ? [] : [part.trim()]));

function changed({ before, after }: SealedRecord): { readonly added: string[]; readonly removed: string[] } {
  const [had, has] = [listOf(before), listOf(after)];
  return { added: has.filter(role => !had.includes(role)), removed: had.filter(role => !has.includes(role)) };
}

/** Roles are set as a whole: what was given, or else what was taken, says which activity it is. */
function activityOf(line: SealedRecord): Activity {
  const activity = ACTIVITIES[line.action] ?? ANYTHING_ELSE;
  if (activity.class_uid !== USER_ACCESS.class_uid || activity.activity_id !== OTHER) return activity;
  const { added, removed } = changed(line);
  if (added.length > 0 && removed.length === 0) return { ...activity, activity_id: 1 };
  return removed.length > 0 && added.length === 0 ? { ...activity, activity_id: 2 } : activity;
}

function privilegesOf(line: SealedRecord): string[] {
  if (line.action.startsWith('organization.')) return [`member of ${line.target ?? 'unknown'}`];
  const { added, removed } = changed(line);
  const privileges = added.length > 0 && removed.length > 0 ? listOf(line.after) : [...added, ...removed];
  const scope = line.action === 'organization-roles.set' && line.target !== null ? `${line.target}/` : '';
  return (privileges.length === 0 ? ['unknown'] : privileges).map(role => `${scope}${role}`);
}

function sentence({ action, result, subject_name, subject, target, before, after }: SealedRecord): string {
  const change = before === null && after === null ? '' : `: ${before ?? 'nothing'} → ${after ?? 'nothing'}`;
  const who = [subject_name ?? subject, target].filter(part => part !== null).join(', ');
  return `${action} ${result}${who === '' ? '' : `, ${who}`}${change}`;
}
