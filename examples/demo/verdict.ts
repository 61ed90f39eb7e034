/** Who should have what at the end, said here by hand, and compared with what Coder really holds. */
import { type AdminClient } from '../../bridge/admin-client/admin-client';
import { type Explanation } from '../../bridge/contract/admin-api';
import { type CoderDouble } from '../../test/support/coder-double';
import { table } from './screen';

/** Accounts that were there before: the first owner, and the bridge's own. */
const OPERATORS = ['testuser', 'coder-scim'];

export interface Expected {
  readonly username: string;
  readonly email: string;
  readonly suspended?: boolean;
  readonly siteRoles?: readonly string[];
  /** `organization: role`. */
  readonly organizationRoles?: readonly string[];
  /** `organization/group`. */
  readonly groups?: readonly string[];
  readonly organizations: readonly string[];
}

/** Prints the table and returns how many lines disagree. */
export async function judge(coder: CoderDouble, admin: AdminClient, expected: readonly Expected[]): Promise<number> {
  let wrong = 0;
  const rows: string[][] = [];
  for (const person of expected) {
    const actual = coder.describe(person.username);
    const found = {
      email: actual.email,
      suspended: actual.status === 'suspended',
      siteRoles: [...actual.siteRoles],
      organizationRoles: Object.entries(actual.organizations).flatMap(([name, { roles }]) =>
        roles.map(role => `${name}: ${role}`),
      ),
      groups: Object.entries(actual.organizations).flatMap(([name, { groups }]) =>
        groups.map(group => `${name}/${group}`),
      ),
      organizations: Object.keys(actual.organizations),
    };
    const wanted = {
      email: person.email,
      suspended: person.suspended ?? false,
      siteRoles: person.siteRoles ?? [],
      organizationRoles: person.organizationRoles ?? [],
      groups: person.groups ?? [],
      organizations: person.organizations,
    };
    const differences = (Object.keys(wanted) as (keyof typeof wanted)[]).filter(
      key => sorted(found[key]) !== sorted(wanted[key]),
    );
    if (differences.length > 0) wrong += 1;
    rows.push([
      `${differences.length === 0 ? '✓' : '✗'} ${person.username}`,
      actual.status,
      list(found.siteRoles),
      list(found.organizationRoles),
      list(found.groups),
      differences.length === 0
        ? await because(admin, person.email)
        : differences.map(key => `${key}: wanted ${JSON.stringify(wanted[key])}`).join('\n'),
    ]);
  }
  const strangers = Object.keys(coder.snapshot().users).filter(
    name => !OPERATORS.includes(name) && !expected.some(person => person.username === name),
  );
  for (const name of strangers) rows.push([`✗ ${name}`, '', '', '', '', 'nobody declared this account']);
  table(['who', 'status', 'site roles', 'organization roles', 'groups', 'why (IdP group → mapping)'], rows);
  return wrong + strangers.length;
}

async function because(admin: AdminClient, userName: string): Promise<string> {
  const { people } = await admin.explain(userName);
  return people.map(reasons).join('\n');
}

function reasons(person: Explanation): string {
  if (!person.active) return `inactive in ${person.app}`;
  const lines = person.entitlements.flatMap(({ because: causes }) =>
    causes.map(cause => `${cause.idpGroup} → ${cause.mapping.replace(/^\w+\//, '')}`),
  );
  return lines.length === 0 ? `in ${person.app}, in no mapped group` : [...new Set(lines)].join('\n');
}

function sorted(value: unknown): string {
  return JSON.stringify(Array.isArray(value) ? [...(value as unknown[])].sort() : value);
}

function list(values: readonly string[]): string {
  return values.length === 0 ? '–' : values.join('\n');
}
