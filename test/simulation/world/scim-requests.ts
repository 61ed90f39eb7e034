/** What the identity provider sends for a step, and what it has in its own directory once that is answered. */
import { count, type Directory, type Group, type Person } from '../model/directory';
import { APP, type Step } from '../histories/step';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
export const BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
export interface ScimRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

export type DirectoryStep = Extract<
  Step,
  {
    do:
      | 'hire'
      | 'change'
      | 'leave'
      | 'return'
      | 'remove'
      | 'group'
      | 'join'
      | 'quit'
      | 'members'
      | 'rename'
      | 'move-external-id'
      | 'disband'
      | 'bulk';
  }
>;

/** Whom the identity provider has not deleted. */
export function known(directory: Directory, keys: readonly string[]): string[] {
  return keys.filter(key => directory.people.get(key)?.gone === false);
}

export function memberValues(directory: Directory, keys: readonly string[]): { value: string }[] {
  return keys.flatMap(key => {
    const person = directory.people.get(key);
    return person?.id === undefined || person.gone ? [] : [{ value: person.id }];
  });
}

export function requestOf(directory: Directory, step: DirectoryStep): ScimRequest | undefined {
  switch (step.do) {
    case 'change':
    case 'leave':
    case 'return':
    case 'remove': {
      const person = directory.people.get(step.who);
      if (person === undefined || person.gone) return undefined;
      if (step.do === 'leave' || step.do === 'remove') person.leaving = true;
      const path = `/Users/${person.id}`;
      if (step.do === 'remove') return { method: 'DELETE', path };
      const changed = changedPerson(person, step);
      if (step.by === 'PUT') return { method: 'PUT', path, body: documentOf(changed) };
      return { method: 'PATCH', path, body: patchOf(operationsFor(step)) };
    }
    case 'join':
    case 'quit':
    case 'members':
    case 'rename':
    case 'move-external-id':
    case 'disband': {
      const group = directory.groups.get(step.group);
      if (group === undefined || group.gone) return undefined;
      return groupRequest(directory, step, group);
    }
    default:
      return undefined;
  }
}

function groupRequest(directory: Directory, step: DirectoryStep, group: Group): ScimRequest | undefined {
  const path = `/Groups/${group.id}`;
  switch (step.do) {
    case 'disband':
      return { method: 'DELETE', path };
    case 'rename':
      return { method: 'PATCH', path, body: patchOf([{ op: 'replace', path: 'displayName', value: step.to }]) };
    case 'move-external-id':
      return { method: 'PATCH', path, body: patchOf([{ op: 'replace', path: 'externalId', value: step.to }]) };
    case 'join':
      if (memberValues(directory, step.who).length === 0) return undefined;
      return {
        method: 'PATCH',
        path,
        body: patchOf([{ op: 'add', path: 'members', value: memberValues(directory, step.who) }]),
      };
    case 'quit':
      if (memberValues(directory, step.who).length === 0) return undefined;
      return {
        method: 'PATCH',
        path,
        body: patchOf(
          memberValues(directory, step.who).map(({ value }) => ({
            op: 'remove',
            path: `members[value eq "${value}"]`,
          })),
        ),
      };
    case 'members': {
      const value = memberValues(directory, step.who);
      return step.by === 'PUT'
        ? {
            method: 'PUT',
            path,
            body: {
              schemas: [GROUP],
              displayName: group.name,
              ...(group.externalId === undefined ? {} : { externalId: group.externalId }),
              members: value,
            },
          }
        : { method: 'PATCH', path, body: patchOf([{ op: 'replace', path: 'members', value }]) };
    }
    default:
      return undefined;
  }
}

export function applyStep(directory: Directory, step: DirectoryStep): void {
  switch (step.do) {
    case 'change':
    case 'leave':
    case 'return': {
      const person = directory.person(step.who);
      const { email } = person;
      Object.assign(person, changedPerson(person, step));
      if (email !== person.email) person.formerEmails.add(email);
      return;
    }
    case 'remove': {
      const person = directory.person(step.who);
      person.gone = true;
      for (const group of directory.groups.values()) group.members.delete(step.who);
      return;
    }
    case 'join':
      for (const key of known(directory, step.who)) directory.group(step.group).members.add(key);
      count(directory.group(step.group));
      return;
    case 'quit':
      for (const key of step.who) directory.group(step.group).members.delete(key);
      return;
    case 'members':
      directory.group(step.group).members = new Set(known(directory, step.who));
      count(directory.group(step.group));
      return;
    case 'rename': {
      const group = directory.group(step.group);
      group.name = step.to;
      count(group);
      return;
    }
    case 'move-external-id': {
      const group = directory.group(step.group);
      group.externalId = step.to;
      count(group);
      return;
    }
    case 'disband':
      directory.group(step.group).gone = true;
      return;
    default:
  }
}

export function keyOf(step: DirectoryStep): string {
  if (step.do === 'bulk') return 'bulk';
  return 'who' in step && typeof step.who === 'string'
    ? `person ${step.who}`
    : `group ${(step as { group: string }).group}`;
}

export function appOf(directory: Directory, step: DirectoryStep): string {
  if (step.do === 'bulk') return step.steps[0] === undefined ? APP : appOf(directory, step.steps[0] as DirectoryStep);
  if ('group' in step) return directory.groups.get(step.group)?.app ?? APP;
  return directory.people.get(step.who)?.app ?? APP;
}

/** The addresses with which a step lets people in. */
export function statedAddresses(directory: Directory, step: DirectoryStep): string[] {
  if (step.do === 'bulk') return step.steps.flatMap(one => statedAddresses(directory, one as DirectoryStep));
  if (step.do === 'hire') return step.active === false ? [] : [emailOf(step)];
  if (step.do !== 'change' && step.do !== 'return') return [];
  const person = directory.people.get(step.who);
  if (person === undefined || person.gone) return [];
  const changed = changedPerson(person, step);
  return directory.isIn(changed) ? [changed.email] : [];
}

/** The address that somebody comes with. */
export function emailOf(step: Extract<Step, { do: 'hire' }>): string {
  return step.email ?? `${step.who}@corp.example`;
}

export function changedPerson(person: Person, step: Extract<Step, { do: 'change' | 'leave' | 'return' }>): Person {
  if (step.do === 'leave') return { ...person, active: false };
  if (step.do === 'return') return { ...person, active: true, leaving: false };
  const { email = person.email, userName = person.userName, externalId = person.externalId } = step;
  return { ...person, email, userName, externalId, subject: step.subject ?? person.subject };
}

export function documentOf(person: Person) {
  return {
    schemas: [USER],
    userName: person.userName,
    externalId: person.externalId,
    displayName: person.key,
    emails: [{ value: person.email, type: 'work', primary: true }],
    active: person.active,
  };
}

function operationsFor(step: Extract<Step, { do: 'change' | 'leave' | 'return' }>): object[] {
  if (step.do !== 'change') return [{ op: 'replace', path: 'active', value: step.do === 'return' }];
  return [
    ...(step.email === undefined
      ? []
      : [{ op: 'replace', path: 'emails', value: [{ value: step.email, type: 'work', primary: true }] }]),
    ...(step.userName === undefined ? [] : [{ op: 'replace', path: 'userName', value: step.userName }]),
    ...(step.externalId === undefined ? [] : [{ op: 'replace', path: 'externalId', value: step.externalId }]),
  ];
}

function patchOf(operations: readonly object[]) {
  return { schemas: [PATCH], Operations: operations };
}
