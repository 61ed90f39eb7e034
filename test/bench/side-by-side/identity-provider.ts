/** What identity providers send, as requests one after the other for each person: the mixes that servers are measured by. */
import { Pool } from 'undici';
import { GROUP, inParallel, userBody } from '../bridge-stage';
import { type MeasuredServer } from './server';

const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** One answer; what is not 2xx is an error, whoever the server is. */
export type Ask = (method: string, path: string, body?: unknown) => Promise<Record<string, unknown>>;

export interface Client {
  readonly ask: Ask;
  /** Milliseconds of each request since this was called last. */
  takeTimes(): number[];
  close(): Promise<void>;
}

export function clientOf({ baseUrl, token }: Pick<MeasuredServer, 'baseUrl' | 'token'>, connections: number): Client {
  const url = new URL(baseUrl);
  const pool = new Pool(url.origin, { connections });
  let times: number[] = [];
  return {
    async ask(method, path, body) {
      const started = performance.now();
      const answer = await pool.request({
        method,
        path: `${url.pathname.replace(/\/$/, '')}${path}`,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const text = await answer.body.text();
      times.push(performance.now() - started);
      if (answer.statusCode >= 300)
        throw new Error(`${method} ${path} was answered with ${answer.statusCode}: ${text.slice(0, 300)}`);
      return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    },
    takeTimes() {
      const taken = times;
      times = [];
      return taken;
    },
    close: () => pool.close(),
  };
}

/** Requests about one person, in order. */
export interface Mix {
  play(ask: Ask, name: string, group: string): Promise<void>;
}

const change = (...operations: readonly object[]) => ({ schemas: [PATCH], Operations: operations });
const filterOf = (name: string) => encodeURIComponent(`userName eq "${name}@example.com"`);

/** Okta: looks for the person, makes them, reads and replaces them, adds them to a group and takes them out, deactivates them. */
const okta: Mix = {
  async play(ask, name, group) {
    await ask('GET', `/Users?filter=${filterOf(name)}&startIndex=1&count=100`);
    const body = userBody(name);
    const id = String((await ask('POST', '/Users', body))['id']);
    await ask('GET', `/Users/${id}`);
    await ask('PUT', `/Users/${id}`, { ...body, id, title: 'Engineer' });
    await ask('PATCH', `/Groups/${group}`, change({ op: 'add', path: 'members', value: [{ value: id }] }));
    await ask('PATCH', `/Groups/${group}`, change({ op: 'remove', path: `members[value eq "${id}"]` }));
    await ask('PATCH', `/Users/${id}`, change({ op: 'replace', value: { active: false } }));
  },
};

/** Entra: as Okta, with PATCH instead of PUT, and groups read without their members. */
const entra: Mix = {
  async play(ask, name, group) {
    await ask('GET', `/Users?filter=${filterOf(name)}`);
    const id = String((await ask('POST', '/Users', userBody(name)))['id']);
    await ask('PATCH', `/Users/${id}`, change({ op: 'add', path: 'title', value: 'Engineer' }));
    await ask('GET', `/Groups/${group}?excludedAttributes=members`);
    await ask('PATCH', `/Groups/${group}`, change({ op: 'add', path: 'members', value: [{ value: id }] }));
    await ask('PATCH', `/Groups/${group}`, change({ op: 'remove', path: 'members', value: [{ value: id }] }));
    await ask('PATCH', `/Users/${id}`, change({ op: 'replace', path: 'active', value: false }));
  },
};

export const MIXES = { okta, entra } as const;
export type MixName = keyof typeof MIXES;

/** Fills a directory: people, and groups of so many of them. @returns ids of the groups */
export async function fill(
  ask: Ask,
  { users, groupSize, groups }: { readonly users: number; readonly groupSize: number; readonly groups: number },
  prefix: string,
): Promise<string[]> {
  const ids: string[] = [];
  const names = Array.from({ length: users }, (_, index) => `${prefix}${index}`);
  await inParallel(names, 16, async name => {
    ids.push(String((await ask('POST', '/Users', userBody(name)))['id']));
  });
  const made: string[] = [];
  for (let index = 0; index < groups; index += 1) {
    const members = Array.from({ length: groupSize }, (_, at) => ids[(index * groupSize + at) % ids.length]);
    const body = { schemas: [GROUP], displayName: `${prefix} ${index}`, members: members.map(value => ({ value })) };
    made.push(String((await ask('POST', '/Groups', body))['id']));
  }
  return made;
}
