/** Looks on after each change that the bridge makes in Coder: what it made, who lost or gained what, and whom it may not touch. */
import { type Account, accountsOf } from '../model/accounts';
import { type Directory, folded, type Person } from '../model/directory';
import { scheduler } from '../time/scheduler';
import { type DoneWrite } from './coder';
import { type World } from './world';

/** Somebody lost an account, a role, a membership or a group, or got a role that can give others. */
export interface Entry {
  readonly at: number;
  readonly app: string;
  readonly person: string;
  readonly userName: string;
  /** `leaver`: the directory has said that this person goes; `loss`: anything else that is taken; `gain`: a strong role. */
  readonly kind: 'leaver' | 'loss' | 'gain';
  readonly what: string;
  /** Whether the account is locked or gone by then, whoever locked it. */
  readonly isLocked: boolean;
  /** How many people the guard let lose something when this happened. */
  readonly limit: number;
}

const STRONG = ['owner', 'user-admin'];

export class Watch {
  readonly ledger: Entry[] = [];
  /** Ids of accounts and groups that the bridge made. */
  readonly madeAccounts = new Set<string>();
  readonly madeGroups = new Set<string>();
  readonly problems: string[] = [];
  #accounts: Map<string, Account> | undefined;
  #owners = 0;

  constructor(
    private readonly world: World,
    /** The bridge's own account. */
    private readonly own: string,
  ) {
    world.coder.onWrite.push(write => this.#see(write));
  }

  /** What people did by hand is no doing of the bridge. */
  begin(): void {
    this.#accounts = accountsOf(this.world.coder.double);
    this.#owners = humanOwners(this.#accounts.values(), this.own);
  }

  #see(write: DoneWrite): void {
    const before = this.#accounts ?? new Map<string, Account>();
    const after = accountsOf(this.world.coder.double);
    this.#accounts = after;
    const id = (write.answer as { id?: unknown } | undefined)?.id;
    if (write.method === 'POST' && write.status === 201 && typeof id === 'string') {
      if (write.path === '/users') this.madeAccounts.add(id);
      if (/^\/organizations\/[^/]+\/groups$/.test(write.path)) this.madeGroups.add(id);
    }
    for (const [id, was] of before) this.#compare(was, after.get(id), write);
    const owners = humanOwners(after.values(), this.own);
    const least = Math.max(
      1,
      ...[...this.world.directory.apps.values()].map(app => app.document.guard?.minOwners ?? 1),
    );
    if (owners < this.#owners && owners < least)
      this.problems.push(
        `${write.method} ${write.path} leaves ${owners} people who are owner and can sign in, wanted ${least}`,
      );
    this.#owners = owners;
  }

  #compare(was: Account, is: Account | undefined, write: DoneWrite): void {
    const lost = is === undefined ? ['the account'] : lossesOf(was, is);
    const gained = is === undefined ? [] : strongGains(was, is);
    if (lost.length === 0 && gained.length === 0 && is !== undefined && same(was, is)) return;
    const reason = untouchable(this.world.directory, was, this.own);
    if (reason !== undefined)
      this.problems.push(
        `${write.method} ${write.path} touches ${was.username}, ${reason}: ${[...lost, ...gained].join(', ')}`,
      );
    const person = this.#whoLost(was, lost.length > 0);
    if (person === undefined) return;
    const limit = this.#limitOf(person.app);
    const entry = {
      at: scheduler().now,
      app: person.app,
      person: person.key,
      userName: person.userName,
      limit,
      isLocked: is === undefined || is.status === 'suspended',
    };
    // What a locked account loses was lost with the lock.
    const leaver = person.leaving || !this.world.directory.isIn(person) || was.status === 'suspended';
    // An account that is made anew for who has the address now, or took the account over with it, takes nobody's access.
    const replaced = is === undefined && (!leaver || this.world.directory.isBorne(was.email));
    const leaves = leaver && !this.#appGoes(person);
    if (lost.length > 0 && !replaced)
      this.ledger.push({ ...entry, kind: leaves ? 'leaver' : 'loss', what: lost.join(', ') });
    if (gained.length > 0) this.ledger.push({ ...entry, kind: 'gain', what: gained.join(', ') });
  }

  /** What an account loses while somebody new has the address of somebody who left, that one loses. */
  #whoLost(account: Account, lost: boolean): Person | undefined {
    const { directory } = this.world;
    const bearers = directory.everBearers(account.email);
    const left = bearers.find(person => person.leaving || !directory.isIn(person));
    // Who came after that one, and whom their app lets in no more, loses it by the end of that app.
    const heir = bearers.find(person => this.#appGoes(person) && folded(person.email) === folded(account.email));
    return lost && left !== undefined ? (heir ?? left) : personOf(directory, account);
  }

  #limitOf(app: string): number {
    const { people, apps } = this.world.directory;
    const size = [...people.values()].filter(person => person.app === app).length;
    const { maxRemovalsPercent = 20, minRemovals = 10 } = apps.get(app)?.document.guard ?? {};
    return Math.max(minRemovals, Math.floor((size * maxRemovalsPercent) / 100));
  }

  #appGoes(person: Person): boolean {
    return !person.leaving && this.world.directory.apps.get(person.app)?.gone !== false;
  }
}

function same(a: Account, b: Account): boolean {
  return JSON.stringify({ ...a, subject: '' }) === JSON.stringify({ ...b, subject: '' });
}

export function lossesOf(was: Account, is: Account): string[] {
  const kept = new Set(Object.values(is.groupIds));
  const missing = (kind: 'siteRoles' | 'organizations' | 'organizationRoles') =>
    was[kind].filter(one => !is[kind].includes(one));
  return [
    ...(was.status !== 'suspended' && is.status === 'suspended' ? ['the account'] : []),
    ...missing('siteRoles'),
    ...missing('organizations'),
    ...missing('organizationRoles'),
    ...was.groups.filter(group => !kept.has(was.groupIds[group] ?? '')),
  ];
}

function strongGains(was: Account, is: Account): string[] {
  return [
    ...is.siteRoles.filter(role => STRONG.includes(role) && !was.siteRoles.includes(role)),
    ...is.organizationRoles.filter(
      role => role.endsWith('/organization-admin') && !was.organizationRoles.includes(role),
    ),
  ];
}

/** The person whose account this is: who bears the address, or bore it; whoever is in goes before who is out. */
export function personOf(directory: Directory, account: Account): Person | undefined {
  const bearers = directory.everBearers(account.email);
  return (
    bearers.find(person => directory.isIn(person) && folded(person.email) === folded(account.email)) ??
    bearers.find(person => directory.isIn(person)) ??
    bearers.at(-1)
  );
}

/** Why nobody may change this account; undefined for ordinary ones. */
export function untouchable(directory: Directory, account: Account, own: string): string | undefined {
  if (account.id === own) return "the bridge's own account";
  if (account.service) return 'a service account';
  const names = [...directory.apps.values()].flatMap(app => app.document.guard?.protectedAccounts ?? []);
  const isNamed = names.some(
    name => folded(name) === folded(account.username) || folded(name) === folded(account.email),
  );
  return isNamed ? 'protected' : undefined;
}

/** People who are owner and can sign in. */
export function humanOwners(accounts: Iterable<Account>, own: string): number {
  let owners = 0;
  for (const account of accounts)
    if (
      account.siteRoles.includes('owner') &&
      account.status !== 'suspended' &&
      !account.service &&
      account.login !== 'none' &&
      account.id !== own
    )
      owners += 1;
  return owners;
}
