/**
 * The identity provider: one request for each thing that happens, repeated until it is answered, one at a time for each person
 * or group. When it is answered, the directory of the history has it.
 */
import { type Directory, type Group, type Person } from '../model/directory';
import { scheduler } from '../time/scheduler';
import { APP, type By, say, type Step } from '../histories/step';
import { type Answer, NoAnswer } from './exchange';
import { type World } from './world';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
const RETRY_MS = 2_000;
const MOST_TRIES = 200;

interface ScimRequest {
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

/** The bridge refused what the identity provider may ask. */
export interface Refused {
  readonly step: string;
  readonly status: number;
  readonly detail: string;
}

export class IdentityProvider {
  readonly refused: Refused[] = [];
  readonly #turns = new Map<string, Promise<unknown>>();
  inFlight = 0;

  constructor(private readonly world: World) {}

  get #directory(): Directory {
    return this.world.directory;
  }

  /** Does one step; resolves when it is answered for good. */
  async do(step: DirectoryStep): Promise<void> {
    const key = keyOf(step);
    const before = this.#turns.get(key) ?? Promise.resolve();
    const turn = before.then(() => this.#doNow(step));
    this.#turns.set(
      key,
      turn.catch(() => undefined),
    );
    this.inFlight += 1;
    try {
      await turn;
    } finally {
      this.inFlight -= 1;
    }
  }

  async #doNow(step: DirectoryStep): Promise<void> {
    if (step.do === 'hire') return await this.#hire(step);
    if (step.do === 'group') return await this.#createGroup(step);
    if (step.do === 'bulk') return await this.#bulk(step.steps as readonly DirectoryStep[]);
    const request = this.#requestOf(step);
    if (request === undefined) return;
    const answer = await this.#send(appOf(this.#directory, step), request);
    if (answer.status < 300 || (answer.status === 404 && request.method === 'DELETE')) this.#apply(step);
    else this.#refuse(say(step), answer);
  }

  async #hire(step: Extract<Step, { do: 'hire' }>): Promise<void> {
    const email = step.email ?? `${step.who}@corp.example`;
    const person: Person = {
      key: step.who,
      app: step.app ?? APP,
      subject: step.subject ?? `sub-${step.who}`,
      email,
      userName: step.userName ?? email,
      externalId: step.externalId ?? `ext-${step.who}`,
      active: step.active ?? true,
      gone: false,
      id: undefined,
      formerEmails: new Set(),
      leaving: step.active === false,
    };
    const id = await this.#create(
      person.app,
      '/Users',
      documentOf(person),
      `userName eq ${JSON.stringify(person.userName)}`,
      say(step),
    );
    if (id === undefined) return;
    person.id = id;
    this.#directory.people.set(person.key, person);
  }

  async #createGroup(step: Extract<Step, { do: 'group' }>): Promise<void> {
    const group: Group = {
      key: step.group,
      app: step.app ?? APP,
      name: step.name ?? step.group,
      externalId: step.externalId,
      members: new Set(this.#known(step.members ?? [])),
      gone: false,
      id: undefined,
    };
    const body = {
      schemas: [GROUP],
      displayName: group.name,
      ...(group.externalId === undefined ? {} : { externalId: group.externalId }),
      members: this.#memberValues(step.members ?? []),
    };
    const id = await this.#create(
      group.app,
      '/Groups',
      body,
      `displayName eq ${JSON.stringify(group.name)}`,
      say(step),
    );
    if (id === undefined) return;
    group.id = id;
    this.#directory.groups.set(group.key, group);
  }

  /** POST, and when an earlier try may have got through and is in the way: what is there is it. */
  async #create(app: string, path: string, body: unknown, filter: string, what: string): Promise<string | undefined> {
    let tried = 0;
    const answer = await this.#send(app, { method: 'POST', path, body }, () => (tried += 1));
    if (answer.status === 201) return (answer.body as { id: string }).id;
    if (tried > 1) {
      const found = await this.#send(app, { method: 'GET', path: `${path}?filter=${encodeURIComponent(filter)}` });
      const [first] = (found.body as { Resources?: { id: string }[] }).Resources ?? [];
      if (first !== undefined) return first.id;
    }
    this.#refuse(what, answer);
    return undefined;
  }

  async #bulk(steps: readonly DirectoryStep[]): Promise<void> {
    const [first] = steps;
    if (first === undefined) return;
    const app = appOf(this.#directory, first);
    const operations = steps.flatMap(step => {
      const request = this.#requestOf(step);
      return request === undefined
        ? []
        : [
            {
              method: request.method,
              path: request.path,
              ...(request.body === undefined ? {} : { data: request.body }),
            },
          ];
    });
    const answer = await this.#send(app, {
      method: 'POST',
      path: '/Bulk',
      body: { schemas: [BULK], Operations: operations },
    });
    const results = (answer.body as { Operations?: { status: string }[] }).Operations ?? [];
    steps.forEach((step, index) => {
      const status = Number(results[index]?.status ?? answer.status);
      if (status < 300 || (status === 404 && (step.do === 'remove' || step.do === 'disband'))) this.#apply(step);
      else this.#refuse(say(step), { ...answer, status, body: results[index] ?? answer.body });
    });
  }

  /** Whom the identity provider has not deleted. */
  #known(keys: readonly string[]): string[] {
    return keys.filter(key => this.#directory.people.get(key)?.gone === false);
  }

  #memberValues(keys: readonly string[]): { value: string }[] {
    return keys.flatMap(key => {
      const person = this.#directory.people.get(key);
      return person?.id === undefined || person.gone ? [] : [{ value: person.id }];
    });
  }

  #requestOf(step: DirectoryStep): ScimRequest | undefined {
    const directory = this.#directory;
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
        return this.#groupRequest(step, group);
      }
      default:
        return undefined;
    }
  }

  #groupRequest(step: DirectoryStep, group: Group): ScimRequest | undefined {
    const path = `/Groups/${group.id}`;
    switch (step.do) {
      case 'disband':
        return { method: 'DELETE', path };
      case 'rename':
        return { method: 'PATCH', path, body: patchOf([{ op: 'replace', path: 'displayName', value: step.to }]) };
      case 'move-external-id':
        return { method: 'PATCH', path, body: patchOf([{ op: 'replace', path: 'externalId', value: step.to }]) };
      case 'join':
        if (this.#memberValues(step.who).length === 0) return undefined;
        return {
          method: 'PATCH',
          path,
          body: patchOf([{ op: 'add', path: 'members', value: this.#memberValues(step.who) }]),
        };
      case 'quit':
        if (this.#memberValues(step.who).length === 0) return undefined;
        return {
          method: 'PATCH',
          path,
          body: patchOf(
            this.#memberValues(step.who).map(({ value }) => ({ op: 'remove', path: `members[value eq "${value}"]` })),
          ),
        };
      case 'members': {
        const value = this.#memberValues(step.who);
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

  #apply(step: DirectoryStep): void {
    const directory = this.#directory;
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
        for (const key of this.#known(step.who)) directory.group(step.group).members.add(key);
        return;
      case 'quit':
        for (const key of step.who) directory.group(step.group).members.delete(key);
        return;
      case 'members':
        directory.group(step.group).members = new Set(this.#known(step.who));
        return;
      case 'rename':
        directory.group(step.group).name = step.to;
        return;
      case 'move-external-id':
        directory.group(step.group).externalId = step.to;
        return;
      case 'disband':
        directory.group(step.group).gone = true;
        return;
      default:
    }
  }

  /** Until there is an answer that says something of the request itself. */
  async #send(app: string, request: ScimRequest, onTry: () => void = () => undefined): Promise<Answer> {
    const { world } = this;
    for (let attempt = 1; ; attempt += 1) {
      onTry();
      world.trace.say(
        () => `  → ${app} ${request.method} ${request.path} ${JSON.stringify(request.body ?? null).slice(0, 300)}`,
      );
      const answer = await world.scim(app, request.method, request.path, request.body).catch((error: unknown) => {
        if (error instanceof NoAnswer) return undefined;
        throw error;
      });
      world.trace.say(
        () =>
          `  ← ${answer?.status ?? 'no answer'} ${answer !== undefined && answer.status >= 400 ? JSON.stringify(answer.body).slice(0, 300) : ''}`,
      );
      if (answer !== undefined && answer.status < 500 && answer.status !== 429) return answer;
      if (attempt === MOST_TRIES)
        throw new Error(`${request.method} ${request.path}: no answer after ${attempt} tries`);
      await scheduler().pause(RETRY_MS);
    }
  }

  #refuse(step: string, answer: Answer): void {
    this.world.trace.say(() => `  refused: ${step}: ${answer.status} ${JSON.stringify(answer.body)}`);
    this.refused.push({
      step,
      status: answer.status,
      detail: (answer.body as { detail?: string } | undefined)?.detail ?? '',
    });
  }
}

function keyOf(step: DirectoryStep): string {
  if (step.do === 'bulk') return 'bulk';
  return 'who' in step && typeof step.who === 'string'
    ? `person ${step.who}`
    : `group ${(step as { group: string }).group}`;
}

function appOf(directory: Directory, step: DirectoryStep): string {
  if (step.do === 'bulk') return step.steps[0] === undefined ? APP : appOf(directory, step.steps[0] as DirectoryStep);
  if ('group' in step) return directory.groups.get(step.group)?.app ?? APP;
  return directory.people.get(step.who)?.app ?? APP;
}

function changedPerson(person: Person, step: Extract<Step, { do: 'change' | 'leave' | 'return' }>): Person {
  if (step.do === 'leave') return { ...person, active: false };
  if (step.do === 'return') return { ...person, active: true, leaving: false };
  const { email = person.email, userName = person.userName, externalId = person.externalId } = step;
  return { ...person, email, userName, externalId };
}

function documentOf(person: Person) {
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

export type { By };
