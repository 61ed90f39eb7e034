/** The bodies that identity providers send, in the variants that are about. */
import { type PersonState } from './directory-model';
import { type Random } from '../random';

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** @param key of the person: what the identity provider knows them by, whatever address they have */
export function userBody(key: string, { userName, email, fullName, active }: PersonState): object {
  const [givenName, ...rest] = fullName.split(' ');
  return {
    schemas: [USER],
    userName,
    externalId: externalIdOf(key),
    displayName: fullName,
    name: { formatted: fullName, givenName, familyName: rest.join(' ') },
    emails: emailsOf(email),
    active,
  };
}

export function externalIdOf(key: string): string {
  return `ext-${key}`;
}

const emailsOf = (email: string) => [{ value: email, type: 'work', primary: true }];

export function groupBody(displayName: string, memberIds: readonly string[]): object {
  return { schemas: [GROUP], displayName, members: memberIds.map(value => ({ value })) };
}

export function patchBody(...Operations: object[]): object {
  return { schemas: [PATCH], Operations };
}

export function activePatch(active: boolean, random: Random): object {
  return patchBody(
    random.chance(0.5) ? { op: 'replace', path: 'active', value: active } : { op: 'replace', value: { active } },
  );
}

export function renamePatch({ userName, fullName }: PersonState): object {
  const [givenName, ...rest] = fullName.split(' ');
  return patchBody(
    { op: 'replace', path: 'userName', value: userName },
    { op: 'replace', path: 'displayName', value: fullName },
    { op: 'replace', path: 'name', value: { formatted: fullName, givenName, familyName: rest.join(' ') } },
  );
}

/** Some name the value, some send the whole list. */
export function addressPatch(email: string, random: Random): object {
  return patchBody(
    random.chance(0.5)
      ? { op: 'replace', path: 'emails[type eq "work"].value', value: email }
      : { op: 'replace', path: 'emails', value: emailsOf(email) },
  );
}

/** Some add people one by one in a request, some in one operation. */
export function addMembersPatch(ids: readonly string[], random: Random): object {
  return random.chance(0.5)
    ? patchBody({ op: 'add', path: 'members', value: ids.map(value => ({ value })) })
    : patchBody(...ids.map(value => ({ op: 'add', path: 'members', value: [{ value }] })));
}

/** By a filter in the path, one after the other. */
export function removeMembersPatch(ids: readonly string[]): object {
  return patchBody(...ids.map(id => ({ op: 'remove', path: `members[value eq "${id}"]` })));
}

export function replaceMembersPatch(ids: readonly string[]): object {
  return patchBody({ op: 'replace', path: 'members', value: ids.map(value => ({ value })) });
}
