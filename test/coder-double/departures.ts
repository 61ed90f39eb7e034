/**
 * Where the replay doesn't compare a whole answer as it was recorded, each with its reason. All of them are places where
 * the recorder shortened an answer or left a real value in it; what the double has no answer for is in `left-out.ts`.
 */
export interface Departure {
  readonly file: string;
  readonly step: string;
  readonly reason: string;
  /** Mends the recorded body before it is compared. */
  readonly mend?: (recorded: unknown) => unknown;
  /** Shortens the double's body as the recorder did. */
  readonly shorten?: (actual: unknown) => unknown;
}

type Entry = Readonly<Record<string, unknown>>;

function keep(entry: Entry, keys: readonly string[]): Entry {
  return Object.fromEntries(Object.entries(entry).filter(([key]) => keys.includes(key)));
}

function withoutPermissions(actual: unknown): Entry[] {
  const kept = ['name', 'display_name', 'assignable', 'built_in', 'organization_id'];
  return (actual as Entry[])
    .map(role => keep(role, kept))
    .map(({ organization_id: id, ...role }) => (id ? { ...role, organization_id: id } : role));
}

/** The licence of another day has other days left. */
function withoutExpiry(body: unknown): Entry {
  const { warnings, ...rest } = body as Entry & { warnings: string[] };
  return { ...rest, warnings: warnings.filter(warning => !warning.startsWith('Your license expires')) };
}

const NO_PERMISSIONS = 'the recorder left the permissions of built-in roles out';

export const departures: readonly Departure[] = [
  {
    file: 'users-roles.json',
    step: 'role catalogue seen by user-admin',
    reason: NO_PERMISSIONS,
    shorten: withoutPermissions,
  },
  {
    file: 'users-roles.json',
    step: 'role catalogue seen by owner',
    reason: NO_PERMISSIONS,
    shorten: withoutPermissions,
  },
  {
    file: 'custom-roles.json',
    step: 'built-in roles of an organization',
    reason: NO_PERMISSIONS,
    shorten: withoutPermissions,
  },
  {
    file: 'custom-roles.json',
    step: 'listed',
    reason: 'the recorder kept the custom roles only',
    shorten: actual => (actual as Entry[]).filter(role => role.built_in === false),
  },
  {
    file: 'without-licence.json',
    step: 'entitlements',
    reason: 'the recorder kept eight features and dropped two fields of the envelope',
    shorten: actual => {
      const {
        features,
        require_telemetry: _telemetry,
        refreshed_at: _refreshed,
        ...rest
      } = actual as Entry & { features: Entry };
      const kept = [
        'scim',
        'template_rbac',
        'custom_roles',
        'multiple_organizations',
        'user_role_management',
        'audit_log',
        'service_accounts',
        'user_limit',
      ];
      return { ...rest, features: keep(features, kept) };
    },
  },
  {
    file: 'tokens.json',
    step: 'a token of a service account for a year',
    reason: 'the secret that was issued stands in the recording',
    mend: () => ({ key: '${token.year}' }),
  },
  {
    file: 'tokens.json',
    step: 'tokens of the account',
    reason: 'the ids of three keys stand in the recording',
    mend: recorded => (recorded as Entry[]).map(key => ({ ...key, id: '${key id}' })),
  },
  {
    file: 'organization-life.json',
    step: 'organizations',
    reason: 'the recorder kept the names only',
    shorten: actual => (actual as Entry[]).map(organization => organization.name),
  },
  ...[
    'one owner',
    'five dormant people: no seat',
    'owner and two people',
    'a service account has no seat',
    'four of three',
    'the warning is seen by a member',
    'six of three',
    'suspended people have no seat',
    'deleted people have no seat',
    'activation takes a seat',
  ].map(step => ({
    file: 'seats.json',
    step,
    reason: 'one warning tells how many days the licence had left that day',
    mend: withoutExpiry,
    shorten: withoutExpiry,
  })),
];
