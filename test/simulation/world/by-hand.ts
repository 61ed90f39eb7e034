/** What somebody does in Coder past the bridge, and what of it is there by hand. */
import { type CoderDouble } from '../../support/coder-double';
import { type Hand } from '../histories/step';
import { type Account, accountsOf, landingOf } from '../model/accounts';
import { type Directory } from '../model/directory';
import { DEFAULT_ORGANIZATION, dueOf } from '../model/due';
import { scheduler } from '../time/scheduler';
import { type Answered } from './coder';

/** Coder's PUT of roles has no condition: what somebody does between the bridge's look and its PUT is undone, for so long at most. */
const LOOK_MAY_BE_MS = 1_000;

export class ByHand {
  /** By id: hand-made accounts as they were made; of others what was given by hand. */
  readonly given = new Map<string, Account>();
  /** By id: when something was done to an account that the bridge has not seen since. */
  readonly #unseen = new Map<string, number>();

  constructor(private readonly double: CoderDouble) {
    for (const account of accountsOf(double).values()) this.given.set(account.id, account);
  }

  /** Coder answered the bridge: it knows as of now of the accounts that the answer is about. */
  answered({ method, path, answer }: Answered): void {
    const overwritten = method === 'PUT' ? /\/(?:users|members)\/([^/]+)\/roles$/.exec(path)?.[1] : undefined;
    if (overwritten !== undefined) this.#overwritten(overwritten);
    for (const id of this.#unseen.keys()) if (answer.includes(id)) this.#unseen.delete(id);
  }

  /** Roles that were given between the look and the PUT go with the list that is written, and nobody could know. */
  #overwritten(id: string): void {
    const given = this.given.get(id);
    const is = [...accountsOf(this.double).values()].find(account => account.id === id);
    const doneAt = this.#unseen.get(id) ?? -Infinity;
    if (given === undefined || is === undefined || scheduler().now - doneAt > LOOK_MAY_BE_MS) return;
    const kept = { ...given };
    for (const kind of ['siteRoles', 'organizationRoles'] as const)
      kept[kind] = given[kind].filter(role => is[kind].includes(role));
    this.given.set(id, kept);
  }

  /**
   * Nothing, when there is no such account.
   * @param unclear ids of groups of which nobody can tell whose a new membership is: the bridge may have been about to give it
   */
  do(hand: Hand, unclear: ReadonlySet<string>): void {
    if (!this.#isThere(hand)) return;
    const before = accountsOf(this.double);
    act(this.double, hand);
    const after = accountsOf(this.double);
    for (const account of after.values()) {
      const was = before.get(account.id);
      if (was === undefined) this.given.set(account.id, account);
      else if (JSON.stringify(was) !== JSON.stringify(account)) {
        const given = changed(this.given.get(account.id), was, account);
        const groups = given.groups.filter(name => was.groups.includes(name) || !this.#isOneOf(unclear, name));
        this.given.set(account.id, { ...given, groups });
        this.#unseen.set(account.id, scheduler().now);
      }
    }
    for (const id of before.keys()) if (!after.has(id)) this.given.delete(id);
  }

  /** What a declaration gives as well is the directory's from then on. */
  declared(directory: Directory): void {
    const accounts = [...accountsOf(this.double).values()];
    for (const [id, account] of this.given)
      for (const person of directory.people.values()) {
        // An account that was used bears an earlier address until the next sign-in.
        if (landingOf(accounts, person)?.id !== id) continue;
        const due = dueOf(directory, person);
        if (due === undefined) continue;
        const left = { ...(this.given.get(id) ?? account) };
        for (const kind of KINDS) left[kind] = left[kind].filter(one => !due[kind].has(one));
        this.given.set(id, left);
      }
  }

  #isOneOf(ids: ReadonlySet<string>, name: string): boolean {
    return [...this.double.state.groups.values()].some(
      group => ids.has(group.id) && `${group.organization.name}/${group.name}` === name,
    );
  }

  #isThere(hand: Hand): boolean {
    if (!('username' in hand) || hand.verb === 'add-account') return true;
    const accounts = [...accountsOf(this.double).values()];
    const account = accounts.find(({ username }) => username === hand.username);
    if (account === undefined) return false;
    if (!('group' in hand)) return true;
    const inGroup = account.groups.includes(`${hand.organization ?? DEFAULT_ORGANIZATION}/${hand.group}`);
    const isGroup = [...this.double.state.groups.values()].some(group => group.name === hand.group);
    return isGroup && inGroup === (hand.verb === 'remove-from-group');
  }
}

const KINDS = ['siteRoles', 'organizations', 'organizationRoles', 'groups'] as const;

function changed(given: Account | undefined, was: Account, is: Account): Account {
  const next = { ...is };
  for (const kind of KINDS) {
    const known = given?.[kind] ?? [];
    const gained = is[kind].filter(one => !was[kind].includes(one));
    next[kind] = [...known.filter(one => is[kind].includes(one)), ...gained];
  }
  return next;
}

function act(double: CoderDouble, hand: Hand): void {
  switch (hand.verb) {
    case 'add-account': {
      const user = double.addUser(hand.username, {
        email: hand.email ?? (hand.service === true ? '' : `${hand.username}@corp.example`),
        loginType: hand.login ?? (hand.service === true ? 'none' : 'oidc'),
        status: 'active',
        roles: hand.roles ?? [],
        isServiceAccount: hand.service ?? false,
      });
      if (hand.subject !== undefined) user.subject = `https://idp.invalid||${hand.subject}`;
      return;
    }
    case 'suspend':
      double.suspend(hand.username);
      return;
    case 'activate':
      double.activate(hand.username);
      return;
    case 'delete-account':
      double.deleteUser(hand.username);
      return;
    case 'rename-account':
      double.renameUser(hand.username, hand.to);
      return;
    case 'site-roles':
      double.setSiteRoles(hand.username, hand.roles);
      return;
    case 'organization-roles':
      double.setOrganizationRoles(hand.username, hand.roles, hand.organization);
      return;
    case 'add-organization':
      double.addOrganization(hand.name);
      return;
    case 'add-member':
      double.addMember(hand.username, hand.organization);
      return;
    case 'add-workspace':
      double.addWorkspace(hand.username, hand.name, {
        organization: hand.organization ?? 'coder',
        dormant: hand.dormant ?? false,
      });
      return;
    case 'add-group':
      double.addGroup(hand.group, hand.organization);
      return;
    case 'delete-group':
      double.deleteGroup(hand.group, hand.organization);
      return;
    case 'add-to-group':
      double.addToGroup(hand.username, hand.group, hand.organization);
      return;
    case 'remove-from-group':
      double.removeFromGroup(hand.username, hand.group, hand.organization);
      return;
  }
}
