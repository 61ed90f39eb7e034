/**
 * Reads the whole directory over SCIM and holds it against the identity provider's book. What was acknowledged has to be
 * there as it was acknowledged; where a request was left without an answer, the reading decides between the possible states.
 */
import { type DirectoryModel, type PersonEntry } from './directory-model';
import { externalIdOf } from './messages';
import { type ScimClient } from './scim-client';

export interface KnownPerson {
  /** As in the book. */
  readonly key: string;
  readonly email: string;
  readonly fullName: string;
  readonly active: boolean;
  /** Whether Coder's name has to be the directory's: not so for an account that was taken over from an earlier life. */
  readonly nameFollows: boolean;
}

/** The directory as it stands at the end. */
export interface Directory {
  readonly people: readonly KnownPerson[];
  /** Keys of people by displayName. */
  readonly groups: ReadonlyMap<string, ReadonlySet<string>>;
}

interface ReadUser {
  readonly id: string;
  readonly userName: string;
  readonly externalId: string;
  readonly displayName: string;
  readonly active: boolean;
  readonly emails: readonly { readonly value: string }[];
}

interface ReadGroup {
  readonly id: string;
  readonly displayName: string;
  readonly members: readonly { readonly value: string }[];
}

async function readAll<T>(scim: ScimClient, path: string): Promise<T[]> {
  const all: T[] = [];
  for (;;) {
    const { totalResults, Resources } = await scim.read(`${path}?startIndex=${all.length + 1}&count=100`);
    all.push(...((Resources ?? []) as T[]));
    if (all.length >= Number(totalResults) || ((Resources ?? []) as T[]).length === 0) return all;
  }
}

/** @returns the directory, and what was acknowledged and is not so */
export async function readBack(
  model: DirectoryModel,
  scim: ScimClient,
): Promise<{ directory: Directory; lost: string[] }> {
  const users = await readAll<ReadUser>(scim, '/Users');
  const groups = await readAll<ReadGroup>(scim, '/Groups');
  const lost = [...holdPeople(model, users), ...holdGroups(model, groups, users)];
  const keyOf = new Map([...model.people.keys()].map(key => [externalIdOf(key), key]));
  const keys = new Map(users.map(user => [user.id, keyOf.get(user.externalId) ?? user.externalId]));
  return {
    lost,
    directory: {
      people: users.map(user => {
        const key = keys.get(user.id) ?? '';
        return {
          key,
          email: user.emails[0]?.value ?? '',
          fullName: user.displayName,
          active: user.active,
          nameFollows: model.people.get(key)?.creations === 1,
        };
      }),
      groups: new Map(
        groups.map(group => [group.displayName, new Set(group.members.map(({ value }) => keys.get(value) ?? value))]),
      ),
    },
  };
}

function holdPeople(model: DirectoryModel, users: readonly ReadUser[]): string[] {
  const lost: string[] = [];
  const left = new Map<string, ReadUser[]>();
  for (const user of users) left.set(user.externalId, [...(left.get(user.externalId) ?? []), user]);
  for (const person of model.people.values()) {
    const { key } = person;
    const found = left.get(externalIdOf(key)) ?? [];
    left.delete(externalIdOf(key));
    if (found.length > 1) lost.push(`${key} is ${found.length} times in the directory`);
    const [user] = found;
    const read =
      user === undefined
        ? null
        : {
            userName: user.userName,
            email: user.emails[0]?.value,
            fullName: user.displayName,
            active: user.active,
          };
    if (user !== undefined && person.id !== undefined && user.id !== person.id)
      lost.push(`${key} was acknowledged with the id ${person.id} and has ${user.id}`);
    if (!person.possible.some(state => same(state, read)))
      lost.push(`${key} reads ${JSON.stringify(read)}, acknowledged ${sayPossible(person)}`);
  }
  for (const externalId of left.keys()) lost.push(`${externalId} is in the directory and nobody sent it`);
  return lost;
}

function sayPossible(person: PersonEntry): string {
  return person.possible.map(state => JSON.stringify(state)).join(' or ');
}

function same(one: object | null, other: object | null): boolean {
  const sorted = (value: object | null) => JSON.stringify(value && Object.entries(value).sort());
  return sorted(one) === sorted(other);
}

function holdGroups(model: DirectoryModel, groups: readonly ReadGroup[], users: readonly ReadUser[]): string[] {
  const lost: string[] = [];
  const byExternalId = new Map(users.map(user => [user.externalId, user.id]));
  const ids = [...model.people.keys()].flatMap(key => {
    const id = byExternalId.get(externalIdOf(key));
    return id === undefined ? [] : [[key, id] as const];
  });
  const left = new Map(groups.map(group => [group.displayName, group]));
  for (const entry of model.groups) {
    const found = entry.possibleNames.flatMap(name => left.get(name) ?? []);
    for (const { displayName } of found) left.delete(displayName);
    const [group] = found;
    if (found.length > 1 || !entry.possible.includes(group !== undefined)) {
      lost.push(
        `group ${entry.possibleNames.join(' or ')} is ${found.length} times in the directory, acknowledged ${entry.possible.join(' or ')}`,
      );
      continue;
    }
    if (group === undefined) continue;
    const members = new Set(group.members.map(({ value }) => value));
    for (const [key, id] of ids) {
      const acknowledged = entry.members.get(key) ?? 'out';
      const read = members.delete(id) ? 'in' : 'out';
      if (acknowledged !== 'maybe' && acknowledged !== read)
        lost.push(`${key} is ${read} group ${group.displayName}, acknowledged ${acknowledged}`);
    }
    for (const id of members) lost.push(`group ${group.displayName} has the member ${id}, who is nobody`);
  }
  for (const name of left.keys()) lost.push(`group ${name} is in the directory and nobody sent it`);
  return lost;
}
