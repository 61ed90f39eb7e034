/**
 * How fast SCIM is over HTTP: `npx tsx test/bench/scim-http.ts [part] [parallel,…] [seconds]`, part
 * being one of traffic, group, hostile. The server is in
 * this process, with Coder idle, over SQLite on the disk of the working directory, every write durable; the client is a process
 * of its own.
 */
import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import express from 'express';
import { createLog } from '../../bridge/process/log';
import { parseMappingState } from '../../bridge/contract/mapping-state';
import { createScim } from '../../bridge/scim/routing/router';
import { createStoredApps } from '../../bridge/scim/access/stored-apps';
import { recordCoercions } from '../../bridge/scim/access/stored-coercions';
import { mintToken } from '../../bridge/scim/access/token';
import { putApp } from '../../bridge/store/apps/apps';
import { type Database, openDatabase } from '../../bridge/store/database/database';
import { createDirectory } from '../../bridge/store/directory';
import { fillGroups, fillMembers, fillUsers, settle } from './fill-directory';
import { ms, printTable } from './measure';
import { type Job, type Report, type What } from './scim-http-client';

const app = 'bench';
const [wanted, parallels = '1,4,16,64', seconds = '4'] = process.argv.slice(2);

const PARTS = { traffic, group: largeGroup, hostile };

async function main(): Promise<void> {
  console.log(`node ${process.version}, sqlite`);
  for (const [name, part] of Object.entries(PARTS))
    if (wanted === undefined || wanted === name) await onFreshDatabase(part);
}

async function onFreshDatabase(part: (database: Database, ask: Ask) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(process.cwd(), '.bench-'));
  const database = await openDatabase(`sqlite:${join(folder, 'http.db')}`);
  const token = mintToken();
  const tokens = { bench: { digest: token.digest, expiresAt: '2099-01-01T00:00:00Z' } };
  await putApp(database, parseMappingState({ version: 1, app, tokens }), 'any', { actor: 'operator' }, Date.now());
  const { url, close } = await serve(database);
  try {
    await part(database, what => runClient({ url, token: token.token, ...what }));
  } finally {
    await close();
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Ask = (what: What) => Promise<Report>;

async function serve(database: Database) {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/scim/v2`;
  const scim = createScim({
    directory: createDirectory(database),
    converge: () => Promise.resolve(),
    apps: createStoredApps(database),
    recordCoercions: (name, dialect, counts) => recordCoercions(database.db, name, dialect, counts, Date.now()),
    publicUrl: url,
    clock: Date.now,
    log: createLog({ level: 'info', format: 'json', secrets: [], destination: { write: () => undefined } }),
  });
  const service = express().disable('x-powered-by').disable('etag').use(scim.router);
  server.on('request', (request, response) => {
    if (!scim.shortcut(request, response)) service(request, response);
  });
  const close = async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  };
  return { url, close };
}

function runClient(job: Job): Promise<Report> {
  return new Promise((resolve, reject) => {
    const child = fork(join(__dirname, 'scim-http-client.ts'), { execArgv: process.execArgv });
    child.on('message', message => resolve(message as Report));
    child.on('error', reject);
    child.on('exit', code => reject(new Error(`client ended with ${code}`)));
    child.send(job);
  });
}

/** What an identity provider does: look for a user, create it, change it, put it into a group. */
async function traffic(database: Database, ask: Ask): Promise<void> {
  await fillUsers(database, app, 5_000);
  const groups = await fillGroups(database, app, 50);
  await settle(database);
  const rows = [['at a time', 'requests/s', 'CPU per request', 'filter', 'create', 'patch user', 'patch group']];
  let from = 5_000;
  for (const parallel of parallels.split(',').map(Number)) {
    const cpu = process.cpuUsage();
    const report = await ask({ kind: 'traffic', parallel, seconds: Number(seconds), from, groups });
    const { requests, medians, failures } = report;
    from += requests;
    const { user, system } = process.cpuUsage(cpu);
    if (failures.length > 0) throw new Error(failures[0]);
    rows.push([
      String(parallel),
      (requests / report.seconds).toFixed(0),
      ms((user + system) / 1_000 / requests),
      ...['filter', 'create', 'patch user', 'patch group'].map(name => ms(medians[name] ?? Number.NaN)),
    ]);
  }
  printTable('Durable mixed traffic; medians as the client sees them', rows);
}

async function largeGroup(database: Database, ask: Ask): Promise<void> {
  const users = await fillUsers(database, app, 100_000);
  const [group = '', empty = ''] = await fillGroups(database, app, 2);
  await fillMembers(database, group, users);
  await settle(database);
  global.gc?.();
  const before = process.memoryUsage().rss;
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 5);
  const report = await ask({ kind: 'group', group, empty, users: users.slice(0, 5) });
  clearInterval(watch);
  printTable('A group of 100,000 members', [
    ...Object.entries(report.medians).map(([name, median]) => [name, ms(median)]),
    ['RSS of the server, before and at most', `${mb(before)}, ${mb(peak)}`],
  ]);
}

async function hostile(_database: Database, ask: Ask): Promise<void> {
  const { medians } = await ask({ kind: 'hostile' });
  printTable(
    '100 kB of hostile input (limit 50 ms)',
    Object.entries(medians).map(([name, median]) => [name, ms(median), median > 50 ? 'too slow' : '']),
  );
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
