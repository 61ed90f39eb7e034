/** no-orphans, never-touched, guard-holds, exact-identity, only-declared, truth and settles, as far as they are about more than one person. */
import { type Account } from '../model/accounts';
import { type Person } from '../model/directory';
import { declared, managed as managedBy } from '../model/due';
import { type Entry, lossesOf, personOf, untouchable } from '../world/watch';
import { type Scene, type Violation } from './scene';

const HOUR = 3_600_000;
const MOST_GAINS = 5;

export function checkGroups(scene: Scene): Violation[] {
  const wanted = declared(scene.directory).groups;
  const violations: Violation[] = [];
  const present = new Set<string>();
  for (const group of scene.world.coder.double.state.groups.values()) {
    const name = `${group.organization.name}/${group.name}`;
    present.add(name);
    // A group stays for as long as the guard keeps people in it, and its hold says so.
    const isHeld = group.members.total > 0 && scene.status.holds.length > 0;
    // So does one that somebody was put into by hand, and status says that.
    const isUsed = group.members.total > 0 && scene.status.leftOver.some(line => line.startsWith(`group ${name}:`));
    if (scene.watch.madeGroups.has(group.id) && !wanted.has(name) && !isHeld && !isUsed)
      violations.push({ promise: 'no-orphans', text: `group ${name} was made by the bridge and nothing declares it` });
  }
  for (const name of wanted)
    if (!present.has(name)) violations.push({ promise: 'settles', text: `group ${name} is declared and missing` });
  return violations;
}

export function checkUntouched(scene: Scene): Violation[] {
  return scene.watch.problems.map(text => ({ promise: 'never-touched', text }));
}

/** Distinct people in any hour, for each app and kind, without those whose hold was released. */
export function checkGuard(scene: Scene): Violation[] {
  const violations: Violation[] = [];
  const isReleased = ({ app, at, userName }: Entry): boolean =>
    scene.releases.some(
      release =>
        release.app === app && release.at <= at && release.changes.some(change => change.startsWith(`${userName}:`)),
    );
  // Who leaves loses roles first and the account then; who is held as a leaver, even one whose hold is released
  // afterwards, loses what a request about a group takes.
  const lockedOut = new Set(
    scene.watch.ledger.filter(entry => entry.isLocked && !isReleased(entry)).map(({ person }) => person),
  );
  const isBack = (key: string): boolean => {
    const person = scene.directory.people.get(key);
    return person !== undefined && scene.directory.isIn(person);
  };
  // Nobody locks an account that somebody new has with the address, or had until their app went: whether it lost something for the leaving or for them can't be told.
  const isHandedOn = (key: string): boolean => {
    const person = scene.directory.people.get(key);
    const bearers = person === undefined ? [] : scene.directory.everBearers(person.email);
    const isHeir = (other: Person): boolean =>
      scene.directory.isIn(other) || (!other.leaving && scene.directory.apps.get(other.app)?.gone !== false);
    return bearers.some(other => other !== person && isHeir(other));
  };
  const ledger = scene.watch.ledger
    // Of whoever is back by now it can not be told what of it was for their leaving.
    .filter(
      ({ kind, person }) => kind !== 'leaver' || !(isBack(person) || (!lockedOut.has(person) && isHandedOn(person))),
    )
    .map(entry =>
      entry.kind === 'leaver' && !lockedOut.has(entry.person) && !isHandedOn(entry.person)
        ? { ...entry, kind: 'loss' as const }
        : entry,
    );
  for (const app of scene.directory.apps.values()) {
    for (const kind of ['leaver', 'loss', 'gain'] as const) {
      const entries = ledger.filter(entry => entry.app === app.name && entry.kind === kind && !isReleased(entry));
      for (const { at, limit } of entries) {
        const most = kind === 'gain' ? MOST_GAINS : limit;
        const within = new Set(
          entries.filter(other => other.at >= at && other.at < at + HOUR).map(other => other.person),
        );
        if (within.size <= most) continue;
        violations.push({
          promise: 'guard-holds',
          text: `${within.size} people of ${app.name} ${WORDS[kind]} within an hour, and the guard allows ${most}: ${[...within].join(', ')}`,
        });
        break;
      }
    }
  }
  return violations;
}

const WORDS = { leaver: 'who left were taken', loss: 'lost something', gain: 'became strong' } as const;

/** Accounts that are nobody's by an exact address stay as they were; what was given by hand and nobody declares stays. */
export function checkByHand(scene: Scene): Violation[] {
  const { directory } = scene;
  const managed = managedBy(directory);
  const names = new Set([
    ...managed.siteRoles,
    ...managed.organizationRoles,
    ...managed.groups,
    ...[...managed.organizations],
  ]);
  const violations: Violation[] = [];
  for (const was of scene.byHand.values()) {
    if (untouchable(directory, was, scene.own) !== undefined) continue;
    const is = scene.accounts.find(account => account.id === was.id);
    const isSomebodys = directory.everBearers(was.email).length > 0;
    if (!isSomebodys) {
      const changes = is === undefined ? ['is deleted'] : changesOf(was, is);
      if (changes.length > 0)
        violations.push({
          promise: 'exact-identity',
          text: `${was.username} (${was.email}) is in no directory and was changed: ${changes.join(', ')}`,
        });
      continue;
    }
    if (is === undefined) continue;
    const stays = (one: string): boolean => one === 'the account' || one === 'owner' || names.has(one);
    // With a deleted app go the groups that were made for it, also from under somebody of it who is locked out.
    const goes = (one: string): boolean =>
      is.status === 'suspended' && scene.watch.madeGroups.has(was.groupIds[one] ?? '') && !hasGroup(scene, one);
    const lost = lossesOf(was, is).filter(one => !stays(one) && !goes(one));
    if (lost.length > 0)
      violations.push({
        promise: 'only-declared',
        text: `${was.username} lost ${lost.join(', ')}, given by hand and declared by nobody`,
      });
  }
  return violations;
}

function hasGroup({ world }: Scene, name: string): boolean {
  return [...world.coder.double.state.groups.values()].some(
    group => `${group.organization.name}/${group.name}` === name,
  );
}

function changesOf(was: Account, is: Account): string[] {
  return [
    ...lossesOf(was, is).map(one => `lost ${one}`),
    ...lossesOf(is, was).map(one => `got ${one}`),
    ...(was.username === is.username ? [] : [`renamed to ${is.username}`]),
  ];
}

/** A workspace of somebody who is out, or out of its organization, does not run, or the status speaks of it. */
export function checkWorkspaces(scene: Scene): Violation[] {
  const { directory } = scene;
  const told = JSON.stringify([scene.status.pending, scene.status.holds, scene.status.apps.map(app => app.warnings)]);
  const byOwner = scene.world.coder.double.workspacesByOwner();
  return scene.accounts.flatMap(account => {
    const person = personOf(directory, account);
    const isOut = account.status === 'suspended' && person !== undefined && !directory.isIn(person);
    return (byOwner[account.username] ?? [])
      .filter(({ organization }) => isOut || !account.organizations.includes(organization))
      .filter(({ name, status }) => status === 'running' && !told.includes(name))
      .map(({ name, organization }) => ({
        promise: 'workspaces-follow',
        text: `${account.username} is out${isOut ? '' : ` of ${organization}`}, and workspace ${name} in ${organization} runs on; nobody is told`,
      }));
  });
}

export function checkStatus(scene: Scene): Violation[] {
  const violations: Violation[] = [];
  for (const app of scene.status.apps) {
    if (app.waiting > 0)
      violations.push({
        promise: 'settles',
        text: `${app.app}: ${app.waiting} pieces of work still wait: ${app.lastError ?? 'no error'}`,
      });
    if (app.parked > 0)
      violations.push({
        promise: 'settles',
        text: `${app.app}: ${app.parked} pieces of work are parked: ${app.lastError ?? 'no error'}`,
      });
    const held = scene.status.pending.some(item => item.app === app.app && item.state !== 'waiting');
    const stopped = scene.status.holds.some(hold => hold.app === app.app);
    if (app.converged && (held || stopped))
      violations.push({ promise: 'truth', text: `${app.app} says converged, and something is held or parked` });
  }
  return violations;
}
