/** leaver-out, lets-in, and the part of truth that is about people: who is out is out, who is in has what is due, or somebody is told. */
import { type Account, landingOf } from '../model/accounts';
import { dueOf, DEFAULT_ORGANIZATION, type Due, managed as managedBy } from '../model/due';
import { type Person, sameAddress } from '../model/directory';
import { personOf, untouchable } from '../world/watch';
import { type Scene, type Violation } from './scene';

/** What is not as it should be with one person; empty when all is well. */
export function differencesOf(scene: Pick<Scene, 'directory' | 'accounts'>, person: Person, managed: Due): string[] {
  const due = dueOf(scene.directory, person);
  if (due === undefined) return [];
  const account = landingOf(scene.accounts, person);
  if (account === undefined) return ['has no account'];
  if (account.id === person.mistaken && !sameAddress(account.email, person.email)) return [];
  const differences: string[] = [];
  if (account.status === 'suspended') differences.push(`is suspended (${account.username})`);
  const compare = (what: string, is: readonly string[], wanted: ReadonlySet<string>, taken: ReadonlySet<string>) => {
    const missing = [...wanted].filter(one => !is.includes(one));
    const over = is.filter(one => taken.has(one) && !wanted.has(one));
    if (missing.length > 0) differences.push(`lacks ${what} ${missing.join(', ')}`);
    if (over.length > 0) differences.push(`has ${what} ${over.join(', ')}`);
  };
  compare('site role', account.siteRoles, due.siteRoles, managed.siteRoles);
  // Coder puts everybody into the default organization by itself.
  const beyond = new Set([...managed.organizations].filter(name => name !== DEFAULT_ORGANIZATION));
  compare('organization', account.organizations, due.organizations, beyond);
  compare('role', account.organizationRoles, due.organizationRoles, managed.organizationRoles);
  compare('group', account.groups, due.groups, managed.groups);
  return differences;
}

/** Several active people with one address: who gets what is for the scenario to say. */
function isShared(scene: Scene, person: Person): boolean {
  return scene.directory.bearers(person.email).filter(other => scene.directory.isIn(other)).length > 1;
}

export function checkPeople(scene: Scene): Violation[] {
  const managed = managedBy(scene.directory);
  const violations: Violation[] = [];
  for (const person of scene.directory.people.values()) {
    if (!scene.directory.isIn(person) || isShared(scene, person)) continue;
    const differences = differencesOf(scene, person, managed);
    if (differences.length === 0) continue;
    const held = scene.heldReason(person) ?? warningOf(scene, person, differences);
    const text = `${person.key} (${person.email}) ${differences.join('; ')}`;
    const status = scene.app(person.app);
    if (held === undefined) {
      const silent = status?.converged === true;
      violations.push({
        promise: silent ? 'truth' : differences.some(one => /no account|suspended/.test(one)) ? 'lets-in' : 'settles',
        text: `${text}, and ${silent ? 'the app says that it has converged' : 'nothing is held'}`,
      });
    } else if (!scene.mayHold(person))
      violations.push({ promise: 'lets-in', text: `${text}: held without a cause: ${held}` });
    else if (status?.converged === true)
      violations.push({ promise: 'truth', text: `${text}: held, and converged is true` });
  }
  return violations;
}

/** What is so of a Coder group is told once, by the app, and not of each of its members. */
function warningOf(scene: Scene, { app }: Person, differences: readonly string[]): string | undefined {
  const warnings = scene.app(app)?.warnings ?? [];
  const told = differences.flatMap(difference => {
    const groups = /^lacks group (.+)$/.exec(difference)?.[1]?.split(', ') ?? [undefined];
    return groups.map(group => {
      const name = JSON.stringify(group?.slice(group.indexOf('/') + 1));
      return group === undefined ? undefined : warnings.find(warning => warning.includes(name));
    });
  });
  return told.every(warning => warning !== undefined) ? told[0] : undefined;
}

/** Accounts by which a person who is out could still get in. */
export function checkLeavers(scene: Scene): Violation[] {
  const { directory, watch } = scene;
  const violations: Violation[] = [];
  for (const account of scene.accounts) {
    if (account.status === 'suspended' || untouchable(directory, account, scene.own) !== undefined) continue;
    const made = watch.madeAccounts.has(account.id);
    const bearers = directory.everBearers(account.email);
    if (bearers.length === 0) {
      if (made) violations.push(orphan(account, 'bears an address that nobody has'));
      continue;
    }
    if (bearers.some(person => directory.isIn(person) && speaksFor(scene, person, account))) continue;
    const person = personOf(directory, account) ?? bearers[0];
    if (person === undefined || !maySpeakFor(scene, person)) continue;
    // Whom a deleted app had given no account yet, and who made one by signing in, was never the bridge's to lock out.
    if (!made && isOfNoApp(scene, person) && !hadAccount(scene, person)) continue;
    // Of several who had the address, one is told of.
    const [held] = [person, ...bearers].flatMap(one => scene.heldReason(one) ?? []);
    const status = scene.app(person.app);
    if (directory.isIn(person)) {
      if (held === undefined || !scene.mayHold(person))
        violations.push({
          promise: 'no-orphans',
          text: `${account.username} (${account.email}, ${account.status}) is open beside the account that ${person.key} signs in with`,
        });
      continue;
    }
    const text = `${account.username} (${account.email}, ${account.status}) is open, and ${person.key} is out`;
    if (held === undefined) {
      const promise = made && !bearers.some(one => sameAddress(one.email, account.email)) ? 'no-orphans' : 'leaver-out';
      violations.push({ promise, text: `${text}; nobody is told` });
    } else if (!scene.mayHold(person))
      violations.push({ promise: 'leavers-pass', text: `${text}: held without a cause: ${held}` });
    else if (status?.converged === true)
      violations.push({ promise: 'truth', text: `${text}: held, and converged is true` });
  }
  return violations;
}

/** An active person's present address, or the account the person signs in with. */
function speaksFor(scene: Scene, person: Person, account: Account): boolean {
  if (sameAddress(person.email, account.email)) return true;
  return landingOf(scene.accounts, person)?.id === account.id;
}

function isOfNoApp({ directory }: Scene, person: Person): boolean {
  return !person.leaving && directory.apps.get(person.app)?.gone !== false;
}

function hadAccount({ accounts, directory, watch }: Scene, person: Person): boolean {
  return accounts.some(({ id, email }) => watch.madeAccounts.has(id) && directory.everBearers(email).includes(person));
}

/** An app that is confined to domains says nothing of anybody else. */
function maySpeakFor(scene: Scene, person: Person): boolean {
  const { emailDomains } = (scene.directory.apps.get(person.app)?.document['people'] ?? {}) as {
    emailDomains?: readonly string[];
  };
  return (
    emailDomains === undefined || emailDomains.some(domain => sameAddress(person.email.split('@')[1] ?? '', domain))
  );
}

function orphan(account: Account, why: string): Violation {
  return {
    promise: 'no-orphans',
    text: `${account.username} (${account.email}, ${account.status}) was made by the bridge and ${why}`,
  };
}

/** What suspended people still hold that the bridge manages. */
export function checkRemains(scene: Scene): Violation[] {
  const { directory } = scene;
  const managed = managedBy(directory);
  const violations: Violation[] = [];
  for (const account of scene.accounts) {
    if (!account.siteRoles.includes('owner') || untouchable(directory, account, scene.own) !== undefined) continue;
    const person = personOf(directory, account);
    if (person === undefined || directory.isIn(person) || !managed.siteRoles.has('owner')) continue;
    if (scene.heldReason(person) === undefined)
      violations.push({ promise: 'leaver-out', text: `${person.key} is out and ${account.username} is still owner` });
  }
  return violations;
}
