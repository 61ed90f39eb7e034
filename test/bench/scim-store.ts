/**
 * How fast the directory is, and how it grows: `npx tsx test/bench/scim-store.ts [sqlite|postgres] [users] [part]`, part being
 * one of lookups, group, lists, traffic. The database is on the
 * disk of the working directory and durable, as in production; Postgres is the throw-away server of the tests, which is not.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type JsonObject } from '../../bridge/scim-language/json';
import { parseFilter } from '../../bridge/scim-language/filter/parser';
import { type ResourceType } from '../../bridge/scim-language/schema/resource-type';
import { groupType, userType } from '../../bridge/scim-language/schema/resource-types';
import { type Database, openDatabase } from '../../bridge/store/database/database';
import { type Directory, createDirectory } from '../../bridge/store/directory';
import { freshPostgres } from '../support/databases';
import { endRun } from '../support/postgres-server';
import { fillGroups, fillMembers, fillUsers, settle, userDocument } from './fill-directory';
import { measureInTurn, ms, printTable, summary, timed } from './measure';

const [backend = 'sqlite', size = '100000', only] = process.argv.slice(2);
const LARGE = Number(size);
const SMALL = 1_000;
const app = 'bench';
const baseUrl = 'https://scim.test/v2';
const context = { app, cause: { actor: 'scim', requestId: 'bench' } } as const;

interface Filled {
  readonly database: Database;
  readonly directory: Directory;
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(process.cwd(), '.bench-'));
  const cleanUp: (() => Promise<unknown>)[] = [];
  const open = async (name: string): Promise<Database> => {
    const fresh = backend === 'postgres' ? await freshPostgres() : undefined;
    const database = await openDatabase(fresh?.url ?? `sqlite:${join(folder, `${name}.db`)}`);
    cleanUp.push(async () => {
      await database.close();
      await fresh?.drop();
    });
    return database;
  };
  const fill = async (name: string, users: number): Promise<Filled> => {
    const database = await open(name);
    const filled = {
      database,
      directory: createDirectory(database),
      users: await fillUsers(database, app, users),
      groups: await fillGroups(database, app, Math.max(100, users / 50)),
    };
    await settle(database);
    return filled;
  };
  try {
    console.log(`${backend}, node ${process.version}, ${LARGE} users against ${SMALL}`);
    console.log(`one fdatasync of 4 kB: ${ms(diskWait(folder))} (median)`);
    const wanted = (part: string) => only === undefined || only === part;
    if (wanted('lookups') || wanted('group') || wanted('lists')) {
      const start = performance.now();
      const large = await fill('large', LARGE);
      console.log(`filled with ${LARGE} users in ${((performance.now() - start) / 1_000).toFixed(1)} s`);
      if (wanted('lookups')) await lookUps(await fill('small', SMALL), large);
      if (wanted('group')) await largeGroup(large);
      if (wanted('lists')) await lists(large);
    }
    if (wanted('traffic')) await mixedTraffic(await open('traffic'));
  } finally {
    for (const end of cleanUp) await end();
    await endRun();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the disk alone takes: the floor of a durable write. */
function diskWait(folder: string): number {
  const file = openSync(join(folder, 'probe'), 'w');
  const times = Array.from({ length: 100 }, () => {
    writeSync(file, Buffer.alloc(4_096));
    const start = performance.now();
    fdatasyncSync(file);
    return performance.now() - start;
  });
  closeSync(file);
  return summary(times).median;
}

async function lookUps(small: Filled, big: Filled): Promise<void> {
  const rows = [['look-up', `${SMALL}`, `${LARGE}`, 'ratio (wanted <= 1.3)']];
  for (const on of [small, big]) await fillMembers(on.database, on.groups[0] ?? '', on.users.slice(0, 500));
  const by = (type: ResourceType, filter: (index: number) => string) => (on: Filled) => (run: number) =>
    on.directory.list(app, {
      selections: [{ type: type.name as 'User', filter: parseFilter(filter((run * 7_919) % on.users.length), type) }],
      baseUrl,
      count: 100,
    });
  const cases: Record<string, (on: Filled) => (run: number) => Promise<unknown>> = {
    'GET by id': on => run => on.directory.getUser(app, on.users[(run * 7_919) % on.users.length] ?? ''),
    'userName eq': by(userType, index => `userName eq "PERSON.${index}@example.com"`),
    'externalId eq': by(userType, index => `externalId eq "00u${String(index).padStart(17, '0')}"`),
    'displayName eq': by(userType, index => `displayName eq "person number ${index}"`),
    'emails.value eq': by(userType, index => `emails.value eq "person.${index}@example.com"`),
    'emails[type eq "work" and value eq]': by(
      userType,
      index => `emails[type eq "work" and value eq "person.${index}@example.com"]`,
    ),
    'userName eq and active eq': by(userType, index => `active eq true and userName eq "person.${index}@example.com"`),
    'userName eq or emails eq': by(
      userType,
      index => `userName eq "person.${index}@example.com" or emails eq "p${index}@home.example"`,
    ),
    'group displayName eq': by(groupType, index => `displayName eq "group ${index % 100}"`),
    'group id eq and members eq': on => run =>
      on.directory.list(app, {
        selections: [
          {
            type: 'Group',
            filter: parseFilter(`id eq "${on.groups[0]}" and members eq "${on.users[run % 500]}"`, groupType),
          },
        ],
        baseUrl,
        count: 100,
      }),
    'groups of a page of 100 users': on => run =>
      on.directory.groupsOf(app, on.users.slice(run % 400, (run % 400) + 100)),
  };
  for (const [name, work] of Object.entries(cases)) {
    const measured = await measureInTurn({ small: work(small), big: work(big) }, 2_000);
    rows.push([
      name,
      ms(measured.small.median),
      ms(measured.big.median),
      (measured.big.median / measured.small.median).toFixed(2),
    ]);
  }
  printTable('Look-ups (median)', rows);
}

async function largeGroup({ database, directory, users, groups }: Filled): Promise<void> {
  const [, huge = ''] = groups;
  const inside = users.slice(0, LARGE - 1_000);
  await fillMembers(database, huge, inside);
  await settle(database);
  const newcomers = users.slice(LARGE - 1_000).map(value => ({ value }));
  const change = (id: string, kind: 'add' | 'remove') =>
    directory.updateGroup(context, id, () => ({
      memberChanges: [
        kind === 'add' ? { kind, members: newcomers } : { kind, values: newcomers.map(({ value }) => value) },
      ],
    }));
  const times = { empty: [] as number[], huge: [] as number[], one: [] as number[], addOne: [] as number[] };
  for (let run = 0; run < 30; run += 1) {
    const empty = groups[10 + run] ?? '';
    times.empty.push(await timed(() => change(empty, 'add')));
    times.huge.push(await timed(() => change(huge, 'add')));
    await change(huge, 'remove');
    await change(empty, 'remove');
    const value = inside[(run * 997) % inside.length] ?? '';
    times.one.push(
      await timed(() =>
        directory.updateGroup(context, huge, () => ({ memberChanges: [{ kind: 'remove', values: [value] }] })),
      ),
    );
    times.addOne.push(
      await timed(() =>
        directory.updateGroup(context, huge, () => ({ memberChanges: [{ kind: 'add', members: [{ value }] }] })),
      ),
    );
  }
  const median = (list: number[]) => summary(list.slice(3)).median;
  const streaming = await stream(directory, huge);
  const same = await timed(() =>
    directory.updateGroup(context, huge, () => ({
      memberChanges: [{ kind: 'replaceAll', members: inside.map(value => ({ value })) }],
    })),
  );
  const plain = await timed(() => directory.getGroup(app, huge));
  const rename = await timed(() =>
    directory.updateGroup(context, huge, ({ document }) => ({ document: { ...document, displayName: 'Renamed' } })),
  );
  const emptied = await longestBlock(() =>
    directory.updateGroup(context, huge, () => ({ memberChanges: [{ kind: 'removeAll' }] })),
  );
  const refilled = await longestBlock(() =>
    directory.updateGroup(context, huge, () => ({
      memberChanges: [{ kind: 'replaceAll', members: inside.map(value => ({ value })) }],
    })),
  );
  const deleted = await longestBlock(() => directory.deleteGroup(context, huge));
  printTable(`A group of ${inside.length} members`, [
    ['what', 'time', 'wanted'],
    ['add 1,000 to an empty group', ms(median(times.empty)), ''],
    [
      'add 1,000 to it',
      ms(median(times.huge)),
      `<= 100 ms and <= 1.5 x, is ${(median(times.huge) / median(times.empty)).toFixed(2)} x`,
    ],
    ['remove one', ms(median(times.one)), '<= 5 ms'],
    ['add one', ms(median(times.addOne)), '<= 5 ms'],
    ['PUT with the same members (no row changes)', ms(same), ''],
    [`read all members in chunks`, ms(streaming.time), `RSS grew by ${streaming.grown.toFixed(0)} MB`],
    ['get it without members', ms(plain), ''],
    ['rename it (everybody is enqueued)', ms(rename), ''],
    ['remove all members', ms(emptied.time), `blocks for ${ms(emptied.block)}`],
    ['PUT with all members new', ms(refilled.time), `blocks for ${ms(refilled.block)}`],
    ['delete it', ms(deleted.time), `blocks for ${ms(deleted.block)}`],
  ]);
}

async function stream(directory: Directory, id: string) {
  const before = process.memoryUsage().rss;
  let most = before;
  let seen = 0;
  const time = await timed(async () => {
    for await (const chunk of directory.membersOf(app, [id])) {
      seen += chunk.length;
      most = Math.max(most, process.memoryUsage().rss);
    }
  });
  if (seen < LARGE - 2_000) throw new Error(`read ${seen} members`);
  return { time, grown: (most - before) / 2 ** 20 };
}

async function lists({ directory }: Filled): Promise<void> {
  const rows = [['list', 'time', 'longest block of the event loop']];
  const page = (filter: string | undefined, more: object = {}) =>
    directory.list(app, {
      selections: [
        { type: 'User', ...(filter === undefined ? {} : { filter: parseFilter(filter, userType) }), ...more },
      ],
      baseUrl,
      count: 100,
    });
  const path = userType.attributes.get('username');
  const cases: Record<string, () => Promise<unknown>> = {
    'first page of 100': () => page(undefined),
    'last page of 100 by index': () =>
      directory.list(app, { selections: [{ type: 'User' }], baseUrl, count: 100, startIndex: LARGE - 99 }),
    'first page by cursor': () =>
      directory.listByCursor(app, {
        selections: [{ type: 'User' }],
        baseUrl,
        count: 100,
        subject: 't',
        queryText: 'q',
      }),
    'title eq (scan, 10 % match)': () => page('title eq "staff engineer"'),
    'displayName co (scan, one matches)': () => page(`displayName co "number ${LARGE - 1}"`),
    'emails co (scan of a list, one matches)': () => page(`emails.value co "p${LARGE - 1}@"`),
    '20 terms (scan, none matches)': () =>
      page(
        Array.from({ length: 20 }, (_, index) => `nickName co "x${index}" or name.middleName ew "y${index}"`)
          .slice(0, 10)
          .join(' or '),
      ),
    'sorted by userName': () =>
      path === undefined ? Promise.resolve() : page(undefined, { sortBy: { attribute: path } }),
  };
  for (const [name, work] of Object.entries(cases)) {
    await work();
    const { time, block } = await longestBlock(work);
    rows.push([name, ms(time), ms(block)]);
  }
  printTable(`Lists over ${LARGE} users`, rows);
}

/** How long nothing else can run while the work does. */
async function longestBlock(work: () => Promise<unknown>) {
  let block = 0;
  let last = performance.now();
  const tick = () => {
    const now = performance.now();
    block = Math.max(block, now - last);
    last = now;
  };
  const ticking = setInterval(tick, 1);
  await pause(5);
  block = 0;
  const time = await timed(work);
  tick();
  clearInterval(ticking);
  return { time, block };
}

/** What an identity provider does: look for a user, create it, change it, put it into a group. Every write is durable when answered. */
async function mixedTraffic(database: Database): Promise<void> {
  const directory = createDirectory(database);
  await fillUsers(database, app, 5_000);
  const groups = await fillGroups(database, app, 50);
  let next = 5_000;
  const one = async () => {
    const index = (next += 1);
    await directory.list(app, {
      selections: [{ type: 'User', filter: parseFilter(`userName eq "person.${index}@example.com"`, userType) }],
      baseUrl,
      count: 1,
    });
    const { resource } = await directory.createUser(context, userDocument(index) as JsonObject);
    await directory.updateUser(context, resource.id, ({ document }) => ({ ...document, title: 'Changed' }));
    await directory.updateGroup(context, groups[index % groups.length] ?? '', () => ({
      memberChanges: [{ kind: 'add', members: [{ value: resource.id }] }],
    }));
  };
  const rows = [['at a time', 'requests per second', 'of which writes', 'CPU of the process']];
  for (const parallel of [1, 4, 16, 64]) {
    const end = Date.now() + 3_000;
    let done = 0;
    const cpu = process.cpuUsage();
    const time = await timed(() =>
      Promise.all(
        Array.from({ length: parallel }, async () => {
          while (Date.now() < end) {
            await one();
            done += 1;
          }
        }),
      ),
    );
    const used = process.cpuUsage(cpu);
    rows.push([
      String(parallel),
      ((done * 4_000) / time).toFixed(0),
      ((done * 3_000) / time).toFixed(0),
      `${(((used.user + used.system) / 1_000 / time) * 100).toFixed(0)} %`,
    ]);
  }
  printTable('Durable mixed traffic: filter, create, patch user, patch group', rows);
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
