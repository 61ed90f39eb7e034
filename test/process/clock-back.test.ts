/** A clock that was ahead and is set back: what was remembered meanwhile is not remembered until the clock is there again. */
import { createCredentials } from '../../bridge/admin/access/credentials';
import { createCoderProbe } from '../../bridge/admin/coder-probe';
import { createSeatCount } from '../../bridge/admin/seats';
import { Throttle } from '../../bridge/http/throttle';
import { createCredentialKeeper } from '../../bridge/process/credential-keeper';
import { createDatabaseProbe } from '../../bridge/process/database-probe';
import { createLog } from '../../bridge/process/log';
import { type Refused } from '../../bridge/scim/access/authenticate';
import { createRefusalLog } from '../../bridge/scim/http/refusal-log';
import { addCredential, readCredential } from '../../bridge/store/access/credentials';
import { openDatabase } from '../../bridge/store/database/database';
import { until } from '../support/until';

const DAY = 86_400_000;
const MINUTE = 60_000;

let now = 0;
const clock = () => now;
const lines: string[] = [];
const log = createLog({
  level: 'info',
  format: 'json',
  secrets: [],
  destination: { write: line => void lines.push(line) },
});

beforeEach(() => {
  now = 400 * DAY;
  lines.length = 0;
});

it('is no reason to call Coder well that is not, nor away that is back', async () => {
  let isThere = true;
  const answer = <T>(value: T) => (isThere ? Promise.resolve(value) : Promise.reject(new Error('it is away')));
  const probe = createCoderProbe({
    url: 'https://coder.example.com',
    coder: {
      capabilities: () => answer({ version: 'v2.37.0' } as never),
      whoami: () => answer({ user: { username: 'bridge' } } as never),
    },
    expiresAt: async () => undefined,
    clock,
  });
  const problem = async () => (await probe.state()).problem;
  expect(await problem()).toBeNull();
  isThere = false;
  expect(await problem()).toBeNull();
  now -= DAY;
  expect(await problem()).toBe('it is away');
  isThere = true;
  now -= DAY;
  expect(await problem()).toBeNull();
});

it('is no reason to call the database well that is not', async () => {
  const database = await openDatabase(':memory:');
  let isFull = false;
  const problem = createDatabaseProbe(
    {
      trouble: () => undefined,
      transact: task => (isFull ? Promise.reject(new Error('it is full')) : database.transact(task)),
    },
    clock,
  );
  expect(await problem()).toBeNull();
  isFull = true;
  now -= DAY;
  expect(await problem()).toContain('it is full');
  await database.close();
});

it('is no reason to tell seats and an end of the token that are others by now', async () => {
  let [used, expiresAt] = [1, '2027-01-01T00:00:00.000Z'];
  const seats = createSeatCount({ getEntitlements: async () => ({ seats: { used, limit: 10 } }) as never }, clock);
  const database = await openDatabase(':memory:');
  const keeper = createCredentialKeeper({
    coder: {
      getTokenExpiry: async () => ({ expiresAt, lifetimeMs: 7 * DAY, name: 'bridge', scopes: ['all'] }),
      renewToken: () => Promise.reject(new Error('nobody renews it')),
    },
    database,
    owner: 'a',
    renew: false,
    log,
    clock,
  });
  const told = async () => [(await seats.read())?.used, await keeper.expiresAt()];
  expect(await told()).toEqual([1, '2027-01-01T00:00:00.000Z']);
  [used, expiresAt] = [2, '2027-02-01T00:00:00.000Z'];
  expect(await told()).toEqual([1, '2027-01-01T00:00:00.000Z']);
  now -= DAY;
  expect(await told()).toEqual([2, '2027-02-01T00:00:00.000Z']);
  await database.close();
});

it('keeps nobody out for longer than a window', () => {
  const throttle = new Throttle({ failures: 1, windowMs: MINUTE });
  throttle.fail(['source:a'], now);
  expect(throttle.fail(['source:a'], now)).toBe(60);
  expect(throttle.fail(['source:a'], now - DAY)).toBe(0);
  expect(throttle.fail(['source:a'], now - DAY)).toBe(60);
});

it('hides no refusal from the log and from the operator', async () => {
  const noted: string[] = [];
  const refused = createRefusalLog({
    log,
    clock,
    apps: { findApp: async () => ({}) } as never,
    requests: { refused: async (app: string, reason: string) => void noted.push(`${app}: ${reason}`) } as never,
  });
  const come = (more: Partial<Refused>) => {
    refused({ reason: 'expired', app: 'okta', source: '192.0.2.1', throttled: false, ...more });
  };
  come({ throttled: true });
  come({ throttled: true });
  come({});
  await until('the refusal to be noted', () => noted.length === 1);
  expect(lines).toHaveLength(2);
  now -= DAY;
  come({ throttled: true });
  come({});
  await until('the next refusal to be noted', () => noted.length === 2);
  expect(lines).toHaveLength(4);
});

it('leaves no last use of a credential in the future', async () => {
  const database = await openDatabase(':memory:');
  const digest = 'a'.repeat(64);
  const credential = { digest, name: 'ci', scopes: ['read'], createdBy: 'admin', expiresAt: now + DAY };
  await addCredential(database.db, credential, now);
  const credentials = createCredentials(database, [], clock);
  const use = async () => {
    await credentials.byDigest(digest);
    return (await readCredential(database.db, digest))?.lastUsedAt;
  };
  expect(await use()).toBe(now);
  const first = now;
  now += MINUTE - 1;
  expect(await use()).toBe(first);
  now -= 2 * MINUTE;
  expect(await use()).toBe(now);
  await database.close();
});
