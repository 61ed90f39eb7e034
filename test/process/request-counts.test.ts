/**
 * What a request costs, counted: statements of the database, waits for the disk, calls to Coder. None of it depends on the machine; a
 * number that goes up is a request that does more than it did.
 */
import { isDeepStrictEqual } from 'node:util';
import { type RunningBridge, scimToken, startBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { type MappingStateInput } from '../../bridge/contract/mapping-state';

const statements: string[] = [];

type Open = new (path: string, options: object) => object;

jest.mock('better-sqlite3', () => {
  const Real = jest.requireActual<Open>('better-sqlite3');
  return function (path: string, options: object) {
    const verbose = (text: unknown): void => {
      if (counting) statements.push(String(text));
    };
    return new Real(path, { ...options, verbose });
  };
});

let counting = false;
const syncs = jest.spyOn(jest.requireActual<{ fdatasync: () => void }>('node:fs'), 'fdatasync');

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const change = (...Operations: object[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations,
});
const person = (name: string) => ({
  schemas: [USER],
  userName: `${name}@example.com`,
  name: { givenName: name, familyName: 'Lovelace' },
  emails: [{ value: `${name}@example.com`, primary: true }],
  active: true,
});

// What the clock asks for, whether or not there are requests: looks for due work, leases that are kept, when a token was used last.
const BY_THE_CLOCK =
  /order by "priority"|^select "key" from "work"|^update "work" set "lease_until"|"coercions"|^update "tokens"/;

interface Counts {
  readonly statements: number;
  readonly syncs: number;
  readonly calls: number;
}

interface Stage {
  readonly coder: CoderDouble;
  readonly bridge: RunningBridge;
  readonly token: string;
  count(method: string, path: string, body?: object): Promise<{ counts: Counts; id: string }>;
  close(): Promise<void>;
}

async function stageOf(state: Partial<MappingStateInput>): Promise<Stage> {
  const coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'], status: 'active' });
  const bridge = await startBridge({
    coderUrl: coder.url,
    coderToken: coder.issueToken('bridge'),
    env: { CODER_SCIM_REQUEST_LOG: 'off' },
  });
  const { token, tokens } = scimToken();
  await bridge.admin.putApp({ version: 1, app: 'acme', tokens, ...state }, 'absent');
  const quiet = async () => {
    while ((await bridge.admin.status()).apps.some(app => app.waiting > 0 || !app.converged))
      await new Promise(resolve => setTimeout(resolve, 10));
  };
  await quiet();
  return {
    coder,
    bridge,
    token,
    async count(method, path, body) {
      await quiet();
      statements.length = 0;
      syncs.mockClear();
      coder.calls.reset();
      counting = true;
      const answer = await fetch(`${bridge.url}/scim/v2${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
        ...(body && { body: JSON.stringify(body) }),
      });
      counting = false;
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      const counted = statements.filter(statement => !BY_THE_CLOCK.test(statement));
      return {
        counts: { statements: counted.length, syncs: syncs.mock.calls.length, calls: coder.calls.all().length },
        id: text === '' ? '' : String((JSON.parse(text) as { id?: string }).id),
      };
    },
    async close() {
      await bridge.stop();
      await coder.close();
    },
  };
}

/** The first of everything prepares what later ones have. */
const ROUNDS = 4;
/** Of a machine that is busy with other things: what else the bridge does meanwhile comes on top. */
const MOST_ROUNDS = 20;

/**
 * Requests of an identity provider about one person and one group, one after the other, each counted: the least counts.
 * @param isEnough whether nothing came on top
 */
async function conversation(
  stage: Stage,
  isEnough: (lines: Record<string, Line>) => boolean,
): Promise<Record<string, Line>> {
  const counted: Record<string, Counts> = {};
  const take = async (name: string, method: string, path: string, body?: object): Promise<string> => {
    const { counts, id } = await stage.count(method, path, body);
    const least = counted[name] ?? counts;
    counted[name] = {
      statements: Math.min(least.statements, counts.statements),
      syncs: Math.min(least.syncs, counts.syncs),
      calls: Math.min(least.calls, counts.calls),
    };
    return id;
  };
  for (let number = 1; number <= ROUNDS || (number <= MOST_ROUNDS && !isEnough(linesOf(counted))); number += 1) {
    const round = `round-${number}`;
    const group = await take('make a group', 'POST', '/Groups', {
      schemas: [GROUP],
      displayName: `engineers ${round}`,
    });
    await take('look for a person', 'GET', `/Users?filter=${encodeURIComponent(`userName eq "${round}@example.com"`)}`);
    const id = await take('make a person', 'POST', '/Users', person(round));
    await take('read a person', 'GET', `/Users/${id}`);
    await take('replace a person', 'PUT', `/Users/${id}`, { ...person(round), title: 'Countess' });
    await take('change a person', 'PATCH', `/Users/${id}`, change({ op: 'replace', path: 'title', value: 'Dr.' }));
    const member = { op: 'add', path: 'members', value: [{ value: id }] };
    await take('add to a group', 'PATCH', `/Groups/${group}`, change(member));
    await take('add to a group again', 'PATCH', `/Groups/${group}`, change(member));
    await take('read a group', 'GET', `/Groups/${group}`);
    await take(
      'take out of a group',
      'PATCH',
      `/Groups/${group}`,
      change({ op: 'remove', path: `members[value eq "${id}"]` }),
    );
    await take('deactivate', 'PATCH', `/Users/${id}`, change({ op: 'replace', path: 'active', value: false }));
    await take('delete a person', 'DELETE', `/Users/${id}`);
    await take('delete a group', 'DELETE', `/Groups/${group}`);
  }
  return linesOf(counted);
}

/** Statements, waits for the disk, calls to Coder. */
type Line = readonly [statements: number, syncs: number, calls: number];

const linesOf = (counted: Record<string, Counts>): Record<string, Line> =>
  Object.fromEntries(Object.entries(counted).map(([name, one]) => [name, [one.statements, one.syncs, one.calls]]));

it('of people and groups that mean nothing to Coder is one transaction, and asks Coder nothing', async () => {
  const stage = await stageOf({ policies: { accounts: 'mapped' } });
  const wanted: Record<string, Line> = {
    'look for a person': [1, 0, 0],
    'make a person': [6, 1, 0],
    'read a person': [2, 0, 0],
    'replace a person': [7, 1, 0],
    'change a person': [7, 1, 0],
    'make a group': [8, 1, 0],
    'read a group': [3, 0, 0],
    'add to a group': [8, 1, 0],
    'add to a group again': [5, 1, 0],
    'take out of a group': [6, 1, 0],
    'delete a group': [10, 1, 0],
    // Whoever leaves is looked for by their address, whether or not the bridge knows of an account.
    deactivate: [17, 1, 1],
    'delete a person': [20, 1, 1],
  };
  expect(await conversation(stage, lines => isDeepStrictEqual(lines, wanted))).toEqual(wanted);
  await stage.close();
});

it('of people with accounts and groups that Coder has is bounded', async () => {
  // One person leaves in each round: none of them is to be held for that.
  const stage = await stageOf({ pushedGroups: {}, guard: { maxRemovalsPercent: 100 } });
  const most: Record<string, Line> = {
    'look for a person': [2, 0, 0],
    'make a person': [29, 2, 2],
    'read a person': [2, 0, 0],
    'replace a person': [6, 1, 0],
    'change a person': [6, 1, 0],
    // One more where a wait for the disk less is needed, as on a busy machine.
    'make a group': [42, 3, 2],
    'read a group': [3, 0, 0],
    'add to a group': [40, 3, 1],
    'add to a group again': [5, 1, 0],
    'take out of a group': [47, 3, 1],
    'delete a group': [42, 3, 2],
    deactivate: [39, 3, 3],
    // Whether anything of theirs runs on: somebody may have locked the account by hand before.
    'delete a person': [24, 1, 2],
  };
  const aboveOf = (lines: Record<string, Line>) =>
    Object.entries(lines).filter(([name, line]) => line.some((number, index) => number > (most[name]?.[index] ?? 0)));
  expect(aboveOf(await conversation(stage, lines => aboveOf(lines).length === 0))).toEqual([]);
  await stage.close();
});
