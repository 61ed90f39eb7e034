/**
 * The identity provider: one request for each thing that happens, repeated until it is answered, one at a time for each person
 * or group. When it is answered, the directory of the history has it.
 */
import { count, type Directory, type Group, type Person } from '../model/directory';
import { scheduler } from '../time/scheduler';
import { APP, say, type Step } from '../histories/step';
import { type Answer, NoAnswer } from './exchange';
import {
  appOf,
  applyStep,
  BULK,
  type DirectoryStep,
  documentOf,
  emailOf,
  GROUP,
  keyOf,
  known,
  memberValues,
  requestOf,
  type ScimRequest,
  statedAddresses,
} from './scim-requests';
import { type World } from './world';

const RETRY_MS = 2_000;
const MOST_TRIES = 200;

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
    const turn = before.then(() => this.#stated(step));
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

  async #stated(step: DirectoryStep): Promise<void> {
    const { stating } = this.#directory;
    const addresses = statedAddresses(this.#directory, step);
    stating.add(addresses);
    try {
      await this.#doNow(step);
    } finally {
      stating.delete(addresses);
    }
  }

  async #doNow(step: DirectoryStep): Promise<void> {
    if (step.do === 'hire') return await this.#hire(step);
    if (step.do === 'group') return await this.#createGroup(step);
    if (step.do === 'bulk') return await this.#bulk(step.steps as readonly DirectoryStep[]);
    const request = requestOf(this.#directory, step);
    if (request === undefined) return;
    const answer = await this.#send(appOf(this.#directory, step), request);
    if (answer.status < 300 || (answer.status === 404 && request.method === 'DELETE')) applyStep(this.#directory, step);
    else this.#refuse(say(step), answer);
  }

  async #hire(step: Extract<Step, { do: 'hire' }>): Promise<void> {
    const email = emailOf(step);
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
      mistaken: undefined,
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
      members: new Set(known(this.#directory, step.members ?? [])),
      gone: false,
      id: undefined,
      counted: { names: new Set(), externalIds: new Set() },
    };
    const body = {
      schemas: [GROUP],
      displayName: group.name,
      ...(group.externalId === undefined ? {} : { externalId: group.externalId }),
      members: memberValues(this.#directory, step.members ?? []),
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
    count(group);
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

  async #bulk(all: readonly DirectoryStep[]): Promise<void> {
    const asked = all.flatMap(step => {
      const request = requestOf(this.#directory, step);
      return request === undefined ? [] : [{ step, request }];
    });
    const [first] = asked;
    if (first === undefined) return;
    const steps = asked.map(({ step }) => step);
    const app = appOf(this.#directory, first.step);
    const operations = asked.map(({ request: { method, path, body } }) => ({
      method,
      path,
      ...(body === undefined ? {} : { data: body }),
    }));
    const answer = await this.#send(app, {
      method: 'POST',
      path: '/Bulk',
      body: { schemas: [BULK], Operations: operations },
    });
    const results = (answer.body as { Operations?: { status: string }[] }).Operations ?? [];
    steps.forEach((step, index) => {
      const status = Number(results[index]?.status ?? answer.status);
      if (status < 300 || (status === 404 && (step.do === 'remove' || step.do === 'disband')))
        applyStep(this.#directory, step);
      else this.#refuse(say(step), { ...answer, status, body: results[index] ?? answer.body });
    });
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
