import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CoderClient, createCoderClient } from '../../../bridge/coder/client';
import { type RenewableCredential, createCredential } from '../../../bridge/coder/transport/credential';
import { CoderError } from '../../../bridge/coder/transport/errors';
import { type CoderDouble, ManualClock, startCoderDouble } from '../../support/coder-double';

const DAY = 86_400_000;
const TOKENS = /\/keys/;
let clock: ManualClock;
let double: CoderDouble;
let folder: string;
let file: string;
let old: string;
let credential: RenewableCredential;
let coder: CoderClient;

/** A bridge whose token was made that many days ago and lives seven. */
async function start(ageInDays: number): Promise<void> {
  clock = new ManualClock(Date.now() - ageInDays * DAY);
  double = await startCoderDouble({ clock, rateLimitPerMinute: 0 });
  double.addUser('bot', { roles: ['owner'], isServiceAccount: true });
  old = double.issueToken('bot');
  clock.advance(ageInDays * DAY);
  folder = mkdtempSync(join(tmpdir(), 'coder-scim-renewal-'));
  file = join(folder, 'token');
  writeFileSync(file, old);
  credential = createCredential({ file });
  coder = createCoderClient({ url: double.url, credential });
}

afterEach(async () => {
  await coder.close();
  await double.close();
  rmSync(folder, { recursive: true, force: true });
});

async function worksWith(token: string): Promise<boolean> {
  const client = createCoderClient({ url: double.url, credential: createCredential({ token }) });
  try {
    return (await client.whoami()).user.username === 'bot';
  } catch (error) {
    if (error instanceof CoderError && error.kind === 'unauthorized') return false;
    throw error;
  } finally {
    await client.close();
  }
}

test('the expiry of the token in use is known', async () => {
  await start(1);
  const expiry = await coder.getTokenExpiry();
  expect(Date.parse(expiry.expiresAt) - Date.now()).toBeGreaterThan(5.9 * DAY);
  expect(Date.parse(expiry.expiresAt) - Date.now()).toBeLessThan(6.1 * DAY);
  expect(expiry).toMatchObject({ lifetimeMs: 7 * DAY, scopes: ['coder:all'] });
});

test('a token with most of its life before it is left alone', async () => {
  await start(2);
  expect(await coder.renewToken()).toMatchObject({ outcome: 'not-due' });
  expect(double.calls.countWrites()).toBe(0);
  expect(readFileSync(file, 'utf8')).toBe(old);
});

test('a token near its end is replaced by one that works, in the file too, and the old one is dead', async () => {
  await start(5);
  const renewal = await coder.renewToken();
  expect(renewal).toMatchObject({ outcome: 'renewed', keptIn: 'file', oldDeleted: true });
  expect(Date.parse(renewal.expiresAt) - Date.now()).toBeGreaterThan(6.9 * DAY);
  const next = readFileSync(file, 'utf8').trim();
  expect(next).not.toBe(old);
  expect(await worksWith(next)).toBe(true);
  expect(await worksWith(old)).toBe(false);
  expect((await coder.whoami()).user.username).toBe('bot');
});

test('a client that still has the old token finds the new one in the file by itself', async () => {
  await start(5);
  const other = createCoderClient({ url: double.url, credential: createCredential({ file }, { now: () => 0 }) });
  await other.whoami();
  await coder.renewToken();
  expect((await other.whoami()).user.username).toBe('bot');
  await other.close();
});

test('a new token that does not work is never kept', async () => {
  await start(5);
  double.faults.fail(500, { method: 'GET', path: /users\/me$/ });
  await expect(coder.renewToken()).rejects.toThrow('500');
  expect(readFileSync(file, 'utf8')).toBe(old);
  double.faults.clear();
  expect(await worksWith(old)).toBe(true);
  expect(double.calls.all({ method: 'DELETE', path: TOKENS })).toHaveLength(1);
});

test('a token that can not be written anywhere is deleted again, and the old one stays in use', async () => {
  await start(5);
  const alone = createCoderClient({ url: double.url, credential: createCredential({ token: old }) });
  await expect(alone.renewToken()).rejects.toThrow('nowhere to go');
  expect(await worksWith(old)).toBe(true);
  expect(double.calls.all({ method: 'DELETE', path: TOKENS })).toHaveLength(1);
  await alone.close();
});

test('an old token that can not be deleted ends by itself; the renewal holds', async () => {
  await start(5);
  double.faults.fail(500, { method: 'DELETE', path: TOKENS });
  expect(await coder.renewToken()).toMatchObject({ outcome: 'renewed', oldDeleted: false });
  expect(await worksWith(readFileSync(file, 'utf8').trim())).toBe(true);
});

test('it can be asked for at any time, and lives no longer than Coder allows the account', async () => {
  await start(0);
  expect(await coder.renewToken({ force: true })).toMatchObject({ outcome: 'renewed' });
  expect((await coder.getTokenExpiry()).lifetimeMs).toBe(7 * DAY);
});

test('neither token is in an error of the renewal', async () => {
  await start(5);
  double.faults.fail(500, { method: 'POST', path: TOKENS });
  const error: unknown = await coder.renewToken().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CoderError);
  expect(JSON.stringify([error, String(error)])).not.toContain(old);
});
