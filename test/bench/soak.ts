/**
 * Days of a company in compressed time: what its identity provider sends and what the bridge looks at by itself, with a clock that the
 * script moves. Says whether memory stays as it is, how the database grows, and whether retention works.
 *
 * `npm run build && nice -n 19 npx tsx test/bench/soak.ts [--people 10000] [--days 3] [--sweeps 12]`. A default bridge compares
 * everything 96 times a day: `--sweeps` says how often here.
 */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import BetterSqlite3 from 'better-sqlite3';
import { inParallel, memoryOf, type Stage, startStage } from './bridge-stage';
import { printTable } from './measure';

/** Cycles of an identity provider in a day, one every 40 minutes. */
const CYCLES = 36;
const CYCLE_MS = 40 * 60_000;
const GROUP_SIZE = 200;
/** What one day brings for each 10,000 people. */
const A_DAY = { joiners: 72, leavers: 72, profiles: 720, moves: 720, looks: 3_600 } as const;

/** Who is in, in which group, and the name that is known of them. */
interface Person {
  readonly id: string;
  readonly name: string;
  group: number;
}

class Company {
  readonly people: Person[] = [];
  readonly groups: string[] = [];
  private left: Person[] = [];
  private hired = 0;
  private turn = 0;

  constructor(
    private readonly stage: Stage,
    private readonly size: number,
  ) {}

  async found(): Promise<void> {
    await this.times(this.size, () => this.join());
    const teams = Math.ceil(this.size / GROUP_SIZE);
    for (let n = 0; n < teams; n += 1) {
      const members = this.people.slice(n * GROUP_SIZE, (n + 1) * GROUP_SIZE);
      for (const person of members) person.group = n;
      this.groups.push(
        await this.stage.createGroup(
          `team-${n}`,
          members.map(({ id }) => id),
        ),
      );
    }
  }

  /** What an identity provider sends between two of its looks. */
  async cycle(): Promise<void> {
    const share = (count: number) => Math.round((count * this.size) / 10_000 / CYCLES);
    await this.times(share(A_DAY.looks), async () => {
      const { name } = this.next();
      await this.stage.scim('GET', `/Users?filter=${encodeURIComponent(`userName eq "${name}@example.com"`)}`);
    });
    await this.times(share(A_DAY.profiles), async () => {
      const { id, name } = this.next();
      await this.stage.patch(`/Users/${id}`, { op: 'replace', path: 'title', value: `title ${this.turn} of ${name}` });
    });
    await this.times(share(A_DAY.moves), () => this.move(this.next()));
    await this.times(share(A_DAY.joiners), () => this.join(this.turn % this.groups.length));
    for (let n = share(A_DAY.leavers); n > 0; n -= 1) await this.leave();
  }

  /** Whoever left the day before is deleted. */
  async forget(): Promise<void> {
    const gone = this.left;
    this.left = [];
    await inParallel(gone, 4, async ({ id }) => void (await this.stage.scim('DELETE', `/Users/${id}`)));
  }

  private async join(group = -1): Promise<void> {
    const name = `person-${(this.hired += 1)}`;
    const person = { id: await this.stage.createUser(name), name, group: -1 };
    this.people.push(person);
    if (group >= 0) await this.move(person, group);
  }

  private async move(person: Person, to = (person.group + 1) % this.groups.length): Promise<void> {
    const value = [{ value: person.id }];
    const from = this.groups[person.group];
    if (from !== undefined) await this.stage.patch(`/Groups/${from}`, { op: 'remove', path: 'members', value });
    await this.stage.patch(`/Groups/${this.groups[to] ?? ''}`, { op: 'add', path: 'members', value });
    person.group = to;
  }

  private async leave(): Promise<void> {
    const [person] = this.people.splice(this.turn % this.people.length, 1);
    if (person === undefined) return;
    await this.stage.patch(`/Users/${person.id}`, { op: 'replace', path: 'active', value: false });
    this.left.push(person);
  }

  /** Everybody has their turn, and nobody twice at once. */
  private next(): Person {
    this.turn += 1;
    return this.people[(this.turn * 7) % this.people.length] as Person;
  }

  private times(count: number, task: () => Promise<void>): Promise<void> {
    return inParallel(Array.from({ length: count }), 4, task);
  }
}

/** Rows of each table, and the bytes that are in use. */
function look(path: string): { readonly rows: ReadonlyMap<string, number>; readonly bytes: number } {
  const database = new BetterSqlite3(path, { readonly: true });
  try {
    const tables = database.prepare("select name from sqlite_schema where type = 'table' order by name").pluck().all();
    const rows = new Map(
      tables.map(name => [
        String(name),
        Number(
          database
            .prepare(`select count(*) from "${String(name)}"`)
            .pluck()
            .get(),
        ),
      ]),
    );
    const [pages = 0, free = 0, size = 0] = ['page_count', 'freelist_count', 'page_size'].map(name =>
      Number(database.pragma(name, { simple: true })),
    );
    return { rows, bytes: (pages - free) * size };
  } finally {
    database.close();
  }
}

/** What the bridge says of itself: SCIM requests that it has served, and megabytes of objects, those not collected yet included. */
async function metricsOf({ bridge }: Stage): Promise<{ readonly served: number; readonly heapMb: number }> {
  const headers = { authorization: `Bearer ${bridge.adminToken}` };
  const text = await (await fetch(`${bridge.url}/metrics`, { headers })).text();
  const counts = text.matchAll(/^coder_scim_request_duration_seconds_count\{.*\} (\d+)$/gm);
  const heap = /^nodejs_heap_size_used_bytes (\S+)$/m.exec(text)?.[1];
  return { served: [...counts].reduce((sum, [, count]) => sum + Number(count), 0), heapMb: Number(heap) / 2 ** 20 };
}

const mb = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`;
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      people: { type: 'string', default: '10000' },
      days: { type: 'string', default: '3' },
      sweeps: { type: 'string', default: '12' },
    },
  });
  const [people, days, sweeps] = [Number(values.people), Number(values.days), Number(values.sweeps)];
  const folder = mkdtempSync(join(tmpdir(), 'coder-scim-soak-'));
  const clock = join(folder, 'ahead');
  const file = join(folder, 'bridge.db');
  let ahead = 1;
  writeFileSync(clock, String(ahead));
  const teams = Array.from({ length: Math.ceil(people / GROUP_SIZE) }, (_, n) => `team-${n}`);
  const stage = await startStage({
    state: {
      groupMappings: Object.fromEntries(teams.map(team => [team, { idpGroup: team, group: team }])),
      roleMappings: { auditors: { idpGroup: 'team-0', role: 'auditor' } },
    },
    env: {
      CODER_SCIM_DATABASE_URL: `sqlite:${file}`,
      CODER_SCIM_AUDIT_RETENTION: '1d',
      NODE_OPTIONS: `--import=${join(__dirname, 'moved-clock.mjs')}`,
      MOVED_CLOCK: clock,
    },
  });
  const table = [
    ['after', 'memory', 'most', 'objects', 'database', 'file', 'audit', 'requests', 'users', 'work', 'requests sent'],
  ];
  const seen: ReadonlyMap<string, number>[] = [];
  let before = 0;
  const report = async (name: string, memory: readonly number[], heap: readonly number[]): Promise<void> => {
    const { served } = await metricsOf(stage);
    const { rows, bytes } = look(file);
    seen.push(rows);
    const count = (of: string) => String(rows.get(of) ?? '?');
    table.push([
      name,
      `${median(memory).toFixed(0)} MB`,
      `${Math.max(...memory).toFixed(0)} MB`,
      // What is left after a collection is the least of what was seen.
      `${Math.min(...heap).toFixed(1)} MB`,
      mb(bytes),
      mb(statSync(file).size),
      ...['audit', 'requests', 'users', 'work'].map(count),
      String(served - before),
    ]);
    console.log(`  ${table.at(-1)?.join('  ')}`);
    before = served;
  };
  const started = performance.now();
  try {
    const company = new Company(stage, people);
    await company.found();
    await stage.converged();
    await stage.double.takeCalls();
    await report('import', [memoryOf(stage.bridge.pid).nowMb], [(await metricsOf(stage)).heapMb]);
    for (let day = 1; day <= days; day += 1) {
      const memory: number[] = [];
      const heap: number[] = [];
      await company.forget();
      for (let cycle = 0; cycle < CYCLES; cycle += 1) {
        await company.cycle();
        await stage.converged();
        if (Math.floor(((cycle + 1) * sweeps) / CYCLES) > Math.floor((cycle * sweeps) / CYCLES)) {
          await stage.bridge.admin.sweep();
          await stage.converged();
        }
        await stage.double.takeCalls();
        memory.push(memoryOf(stage.bridge.pid).nowMb);
        heap.push((await metricsOf(stage)).heapMb);
        ahead += CYCLE_MS;
        writeFileSync(clock, String(ahead));
        // It is looked at every 50 milliseconds.
        await sleep(200);
      }
      await report(`day ${day}`, memory, heap);
    }
    printTable(`${days} days of ${people} people, ${sweeps} sweeps a day, audit lines kept for one day`, table);
    const [imported, ...rest] = seen;
    const last = rest.at(-1);
    const grown = [...(last ?? [])].filter(([name, count]) => count > (imported?.get(name) ?? 0));
    printTable('tables with more rows than after the import', [
      ['table', 'import', ...rest.map((_, n) => `day ${n + 1}`)],
      ...grown.map(([name]) => [name, ...seen.map(rows => String(rows.get(name) ?? 0))]),
    ]);
    const { holds, apps } = await stage.bridge.admin.status();
    console.log(`\nholds: ${holds.length}, converged: ${apps.every(({ converged }) => converged)}`);
    console.log(`took ${((performance.now() - started) / 60_000).toFixed(1)} minutes`);
    const { whole, checked, cut } = await stage.bridge.admin.auditChain(undefined);
    console.log(`audit chain whole: ${whole}, ${checked} lines, ${cut.seq} before them removed by age`);
  } finally {
    await stage.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
