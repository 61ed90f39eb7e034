/** Coder's accounts as they are at a moment, and which of them a person gets to by signing in. */
import { type CoderDouble } from '../../support/coder-double';
import { type Person, sameAddress } from './directory';

export interface Account {
  readonly id: string;
  readonly username: string;
  readonly email: string;
  /** Until somebody signs in the bridge's word: the key of the person whom it dealt with. */
  readonly name: string;
  readonly status: 'active' | 'dormant' | 'suspended';
  readonly login: string;
  readonly service: boolean;
  /** Who signed in first: issuer and subject. */
  readonly subject: string | undefined;
  readonly siteRoles: readonly string[];
  readonly organizations: readonly string[];
  /** `organization/role` */
  readonly organizationRoles: readonly string[];
  /** `organization/group` */
  readonly groups: readonly string[];
  /** Id of each of these groups: a renamed one is the same. */
  readonly groupIds: Readonly<Record<string, string>>;
}

export function accountsOf(double: CoderDouble): Map<string, Account> {
  const accounts = new Map<string, Account>();
  for (const user of double.state.directory) {
    const memberships = [...user.memberships.values()];
    accounts.set(user.id, {
      id: user.id,
      username: user.username,
      email: user.email,
      name: user.name,
      status: user.status,
      login: user.loginType,
      service: user.isServiceAccount,
      subject: user.subject,
      siteRoles: user.roles.filter(role => role !== 'member').sort(),
      organizations: memberships.map(({ organization }) => organization.name).sort(),
      organizationRoles: memberships
        .flatMap(({ organization, roles }) => roles.map(role => `${organization.name}/${role}`))
        .sort(),
      groups: [...user.groups].map(group => `${group.organization.name}/${group.name}`).sort(),
      groupIds: Object.fromEntries(
        [...user.groups].map(group => [`${group.organization.name}/${group.name}`, group.id]),
      ),
    });
  }
  return accounts;
}

/** The subject as Coder keeps it. */
export function isSubjectOf(account: Account, person: Person): boolean {
  return account.subject !== undefined && account.subject.endsWith(`||${person.subject}`);
}

/** Where the person's next sign-in lands; undefined when it makes a new account, or is refused. */
export function landingOf(accounts: Iterable<Account>, person: Person): Account | undefined {
  let byAddress: Account | undefined;
  for (const account of accounts) {
    if (isSubjectOf(account, person)) return account;
    if (sameAddress(account.email, person.email)) byAddress = account;
  }
  return byAddress;
}
