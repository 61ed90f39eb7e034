/**
 * The first import: a full directory meets an empty Coder. `npx tsx test/bench/first-import.ts [--users 50000] [--groups 2000]`.
 * The double is a process of its own, so that memory is the bridge's alone. Each group has 25 members, each person is in one.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createCoderClient, createCredential } from '../../bridge/coder';
import { parseMappingState } from '../../bridge/contract/mapping-state';
import { createReconciler } from '../../bridge/reconcile';
import { keepHeapSmall } from '../../bridge/process/heap-size';
import { putApp } from '../../bridge/store/apps/apps';
import { openDatabase } from '../../bridge/store/database/database';
import { fillGroups, fillMembers, fillUsers } from './fill-directory';
import { ms, printTable, summary, timed } from './measure';

const APP = 'import';
const TOKEN = 'bench-token-of-the-double';

async function startDouble(): Promise<{ url: string; process: ChildProcess }> {
  const process = spawn(
    join('node_modules', '.bin', 'tsx'),
    ['test/support/coder-double/main.ts', '--token', TOKEN, '--rate-limit', '0'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const url = await new Promise<string>((resolve, reject) => {
    process.stdout.on('data', (text: Buffer) => {
      const found = /coder double at (\S+)/.exec(text.toString())?.[1];
      if (found !== undefined) resolve(found);
    });
    process.once('exit', code => reject(new Error(`the double ended with ${code}`)));
  });
  return { url, process };
}

async function main(): Promise<void> {
  keepHeapSmall();
  const { values } = parseArgs({
    options: { users: { type: 'string', default: '50000' }, groups: { type: 'string', default: '2000' } },
  });
  const users = Number(values.users);
  const groups = Number(values.groups);
  const folder = mkdtempSync(join(tmpdir(), 'cscim-import-'));
  const database = await openDatabase(`sqlite:${join(folder, 'bridge.db')}`);
  const double = await startDouble();
  const calls = new Map<string, number>();
  let inCoder = 0;
  const coder = createCoderClient({
    url: double.url,
    credential: createCredential({ token: TOKEN }),
    observe: exchange => {
      calls.set(exchange.route, (calls.get(exchange.route) ?? 0) + 1);
      inCoder += exchange.durationMs;
    },
  });
  const log = {
    debug: () => undefined,
    info: (_fields: object, message: string) => console.log(`  ${message}`),
    warn: (fields: object, message: string) => console.log('  warn', message, fields),
    error: (fields: object, message: string) => console.log('  error', message, fields),
  };
  const reconciler = createReconciler({ database, coder, log, options: { sweepIntervalMs: 0 } });
  let peak = 0;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 100);
  try {
    const ids = await fillUsers(database, APP, users);
    const groupIds = await fillGroups(database, APP, groups, 'Team');
    for (const [n, group] of groupIds.entries())
      await fillMembers(
        database,
        group,
        ids.slice(Math.floor((n * users) / groups), Math.floor(((n + 1) * users) / groups)),
      );
    await putApp(
      database,
      parseMappingState({ version: 1, app: APP, pushedGroups: { create: true } }),
      'any',
      { actor: 'declaration' },
      Date.now(),
    );
    console.log(`${users} users, ${groups} groups; rss before ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MB`);
    const started = Date.now();
    const rows: string[][] = [['after', 'accounts', 'accounts/s', 'queued', 'rss']];
    reconciler.start();
    let before = { at: started, accounts: 0 };
    for (;;) {
      await new Promise(resolve => setTimeout(resolve, 5_000));
      const [{ accounts }, { queued }] = await Promise.all([
        database.db
          .selectFrom('people')
          .select(eb => eb.fn.count<number>('coder_user_id').as('accounts'))
          .executeTakeFirstOrThrow(),
        database.db
          .selectFrom('work')
          .select(eb => eb.fn.countAll<number>().as('queued'))
          .executeTakeFirstOrThrow(),
      ]);
      const now = Date.now();
      const row = [
        `${Math.round((now - started) / 1_000)} s`,
        String(accounts),
        String(Math.round(((accounts - before.accounts) * 1_000) / (now - before.at))),
        String(queued),
        `${Math.round(process.memoryUsage.rss() / 2 ** 20)} MB`,
      ];
      before = { at: now, accounts };
      rows.push(row);
      console.log(`  ${row.join('  ')}`);
      if (queued === 0) break;
    }
    printTable('first import', rows);
    printTable(
      'calls to Coder',
      [...calls].sort(([, a], [, b]) => b - a).map(([route, count]) => [route, String(count)]),
    );
    console.log(`peak rss ${Math.round(peak / 2 ** 20)} MB (limit 256)`);
    calls.clear();
    const sweep = await timed(() => reconciler.sweep());
    console.log(`sweep of everything: ${ms(sweep)}, peak rss ${Math.round(peak / 2 ** 20)} MB`);
    printTable(
      'calls of the sweep',
      [...calls].sort(([, a], [, b]) => b - a).map(([route, count]) => [route, String(count)]),
    );

    const own: number[] = [];
    const cpu: number[] = [];
    for (let n = 0; n < 100; n += 1) {
      const id = ids[n * 7] ?? '';
      await database.db.updateTable('users').set({ active: 0 }).where('id', '=', id).execute();
      await database.db
        .insertInto('work')
        .values({ key: `person:${id}`, app: APP, priority: 0, due_at: 0, enqueued_at: 0, seq: 1, attempts: 0 })
        .execute();
      inCoder = 0;
      const before = process.cpuUsage();
      const all = await timed(() => reconciler.converge([`person:${id}`], { deadlineMs: 10_000 }));
      const { user, system } = process.cpuUsage(before);
      own.push(all - inCoder);
      cpu.push((user + system) / 1_000);
    }
    console.log(
      `deactivation: our own part median ${ms(summary(own).median)}, p99 ${ms(summary(own).p99)} (limit 10 ms); processor time median ${ms(summary(cpu).median)}`,
    );
  } finally {
    clearInterval(watch);
    await reconciler.stop();
    await coder.close();
    await database.close();
    double.process.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
