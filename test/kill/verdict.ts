/**
 * What Coder has to look like, worked out from the directory and the declaration alone, by nothing of the bridge's own
 * code, and where Coder differs from it.
 */
import { type CoderDouble, type UserSnapshot } from '../support/coder-double';
import { DEFAULT_ORGANIZATION, MANAGED_SITE_ROLES, MEANINGS, TEAM_PREFIX } from './declaration';
import { type PersonEntry } from './identity-provider/directory-model';
import { type Directory, type KnownPerson } from './identity-provider/read-back';

interface Due {
  readonly siteRoles: Set<string>;
  /** Role names by organization. */
  readonly organizations: Map<string, Set<string>>;
  /** `organization/group` */
  readonly groups: Set<string>;
}

export interface Verdict {
  readonly differences: readonly string[];
  /** Accounts that are one too many. */
  readonly duplicates: readonly string[];
}

/** @param everybody who ever was in the book; @param own usernames that were there before the run */
export function judge(
  double: CoderDouble,
  directory: Directory,
  everybody: ReadonlyMap<string, PersonEntry>,
  own: ReadonlySet<string>,
): Verdict {
  const { users, organizations } = double.snapshot();
  const differences: string[] = [];
  const duplicates: string[] = [];
  const keys = new Map([...everybody.values()].flatMap(({ key, addresses }) => addresses.map(email => [email, key])));
  const accounts = new Map<string, UserSnapshot[]>();
  for (const [username, user] of Object.entries(users)) {
    if (own.has(username)) continue;
    const key = keys.get(user.email);
    if (key === undefined) duplicates.push(`${username} (${user.email}) is nobody's account`);
    else accounts.set(key, [...(accounts.get(key) ?? []), user]);
  }
  const people = new Map(directory.people.map(person => [person.key, person]));
  for (const key of everybody.keys()) {
    const person = people.get(key);
    const theirs = accounts.get(key) ?? [];
    const main = theirs.find(({ email }) => email === person?.email);
    if (person?.active === true) {
      if (main === undefined) differences.push(`${key}: nobody has ${person.email}`);
      else differences.push(...differencesOf(key, person, dueOf(person, directory), main));
    }
    // Whoever is out signs in to no account that bears an address of theirs, and whoever is in to one alone.
    for (const account of theirs)
      if (person?.active !== true || account !== main) {
        differences.push(...differencesOf(key, undefined, undefined, account));
        if (person?.active === true && account.status !== 'suspended')
          duplicates.push(`${key} has a second account, with ${account.email}`);
      }
  }
  for (const [name, { groups }] of Object.entries(organizations))
    differences.push(...groupDifferences(name, Object.keys(groups), directory));
  return { differences, duplicates };
}

/** What an active person is to have. */
function dueOf(person: KnownPerson, { groups }: Directory): Due {
  const due: Due = { siteRoles: new Set(), organizations: new Map(), groups: new Set() };
  const join = (organization: string): Set<string> => {
    const roles = due.organizations.get(organization) ?? new Set();
    due.organizations.set(organization, roles);
    return roles;
  };
  for (const [name, members] of groups) {
    if (!members.has(person.key)) continue;
    if (name.startsWith(TEAM_PREFIX)) {
      join(DEFAULT_ORGANIZATION);
      due.groups.add(`${DEFAULT_ORGANIZATION}/${name}`);
    }
    for (const { siteRole, organization, organizationRole, group } of MEANINGS[name] ?? []) {
      if (siteRole !== undefined) due.siteRoles.add(siteRole);
      if (organization === undefined) continue;
      const roles = join(organization);
      if (organizationRole !== undefined) roles.add(organizationRole);
      if (group !== undefined) due.groups.add(`${organization}/${group}`);
    }
  }
  return due;
}

/** @param person whose account it is to be; undefined: locked out */
function differencesOf(
  key: string,
  person: KnownPerson | undefined,
  due: Due | undefined,
  account: UserSnapshot,
): string[] {
  const active = person !== undefined;
  const differences: string[] = [];
  const differ = (what: string, is: unknown, wanted: unknown): void => {
    if (JSON.stringify(is) !== JSON.stringify(wanted))
      differences.push(`${key}: ${what} ${JSON.stringify(is)}, wanted ${JSON.stringify(wanted)} (${account.email})`);
  };
  differ('suspended', account.status === 'suspended', !active);
  const wanted: Due = due ?? { siteRoles: new Set(), organizations: new Map(), groups: new Set() };
  differ(
    'site roles',
    account.siteRoles.filter(role => MANAGED_SITE_ROLES.has(role)),
    [...wanted.siteRoles].sort(),
  );
  // Everybody may stay in the default organization: Coder puts people there by itself.
  const beyondDefault = (names: Iterable<string>) => [...names].filter(name => name !== DEFAULT_ORGANIZATION).sort();
  // A suspension keeps memberships.
  if (active)
    differ(
      'organizations',
      beyondDefault(Object.keys(account.organizations)),
      beyondDefault(wanted.organizations.keys()),
    );
  if (wanted.organizations.has(DEFAULT_ORGANIZATION))
    differ(`in ${DEFAULT_ORGANIZATION}`, DEFAULT_ORGANIZATION in account.organizations, true);
  for (const [name, { roles }] of Object.entries(account.organizations))
    differ(`roles in ${name}`, roles, [...(wanted.organizations.get(name) ?? [])].sort());
  const groups = Object.entries(account.organizations).flatMap(([name, inside]) =>
    inside.groups.map(group => `${name}/${group}`),
  );
  differ('groups', groups.sort(), [...wanted.groups].sort());
  if (person?.nameFollows === true) differ('name', account.name, person.fullName);
  return differences;
}

/** Exactly the declared groups and those of living teams. */
function groupDifferences(organization: string, present: readonly string[], { groups }: Directory): string[] {
  const declared = Object.values(MEANINGS)
    .flat()
    .flatMap(meaning => (meaning.organization === organization && meaning.group !== undefined ? [meaning.group] : []));
  const teams =
    organization === DEFAULT_ORGANIZATION ? [...groups.keys()].filter(name => name.startsWith(TEAM_PREFIX)) : [];
  const wanted = new Set([...declared, ...teams]);
  return [
    ...present.filter(name => !wanted.has(name)).map(name => `group ${organization}/${name} is left over`),
    ...[...wanted].filter(name => !present.includes(name)).map(name => `group ${organization}/${name} is missing`),
  ];
}
