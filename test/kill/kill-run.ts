/**
 * One run: bridges under load before a Coder in bad weather are killed again and again; then the weather clears, they
 * converge, and Coder is compared with what the identity provider was told is done.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { AdminClient } from '../../bridge/admin-client/admin-client';
import { type AuditEntry, type PendingItem, type Status } from '../../bridge/contract/admin-api';
import { ADMIN_TOKEN, scimToken } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { type FreshDatabase, freshPostgres, freshSqlite } from '../support/databases';
import { FURTHER_ORGANIZATIONS, mappingState } from './declaration';
import { DirectoryModel } from './directory-model';
import { Fleet } from './fleet';
import { IdentityProvider } from './identity-provider';
import { Locks } from './locks';
import { Random } from './random';
import { readBack } from './read-back';
import { type Counts, ScimClient } from './scim-client';
import { Tally } from './tally';
import { judge } from './verdict';
import { Weather } from './weather';

export interface KillOptions {
  readonly kills: number;
  /** Requests that are to be acknowledged, however long that takes; the kills come in between. @default 20 for each kill */
  readonly acknowledged?: number;
  readonly seed: number;
  readonly database: 'sqlite' | 'postgres';
  readonly replicas: number;
  /** Identity providers' requests at a time. @default 6 */
  readonly workers?: number;
  /** How long convergence may take at the end. @default 300_000 */
  readonly patienceMs?: number;
  readonly progress?: (line: string) => void;
}

export interface KillReport {
  readonly kills: number;
  /** Kills that came while the bridge had a call to Coder under way whose answer it never got. */
  readonly killsInCalls: number;
  readonly scim: Counts & { readonly acknowledged: number };
  readonly operations: ReadonlyMap<string, number>;
  readonly coderCalls: number;
  readonly coderWrites: number;
  readonly people: number;
  readonly groups: number;
  /** What was acknowledged and is not so. */
  readonly lost: readonly string[];
  readonly differences: readonly string[];
  readonly duplicates: readonly string[];
  /** What is still waiting, held or parked. */
  readonly pending: readonly string[];
  /** Pieces of work that were parked under way and were retried on command. */
  readonly parked: number;
  /** Writes that a sweep of the converged world causes. */
  readonly writesAfterSweep: number;
  readonly convergedAfterMs: number;
  readonly seconds: number;
  readonly startMs: number;
  /** For each difference: what was said of the person, and what the audit trail tells. */
  readonly accounts: readonly string[];
  /** Distinct errors that bridges logged, with how often. */
  readonly errors: ReadonlyMap<string, number>;
  readonly serverErrors: readonly string[];
}

/** @throws Error when a bridge ends by itself or does not start */
export async function killRun(options: KillOptions): Promise<KillReport> {
  const database = options.database === 'sqlite' ? freshSqlite() : await freshPostgres();
  const double = await startCoderDouble({ rateLimitPerMinute: 0 });
  const run = new Run(options, double, database);
  try {
    return await run.play();
  } finally {
    await run.end();
    await double.close();
    await database.drop();
  }
}

class Run {
  private readonly started = performance.now();
  private readonly random: Random;
  private readonly fleet: Fleet;
  private readonly scim: ScimClient;
  private readonly model = new DirectoryModel();
  private readonly weather: Weather;
  private readonly token = scimToken();
  private kills = 0;
  private killsInCalls = 0;
  /** What was said between identity provider and bridges, and when kills came: for the account of a failure. */
  private readonly said: string[] = [];
  private calls = 0;
  /** Counted after Coder has done a write and before it answers. */
  private readonly writes = new Tally();
  private readonly wanted: number;

  constructor(
    private readonly options: KillOptions,
    private readonly double: CoderDouble,
    database: FreshDatabase,
  ) {
    this.random = new Random(options.seed);
    this.wanted = options.acknowledged ?? options.kills * 20;
    for (const name of FURTHER_ORGANIZATIONS) double.addOrganization(name);
    double.addUser('coder-scim', { roles: ['owner'], status: 'active' });
    this.fleet = new Fleet(
      {
        coderUrl: double.url,
        coderToken: double.issueToken('coder-scim'),
        databaseUrl: database.url,
        env: { CODER_SCIM_REQUEST_DEADLINE: '500ms', CODER_SCIM_LOG_LEVEL: 'info' },
      },
      options.replicas,
      this.random.fork('fleet'),
    );
    this.scim = new ScimClient(
      () => this.fleet.url(),
      this.token.token,
      this.random.fork('scim'),
      0.1,
      line => void this.said.push(line),
    );
    this.weather = new Weather(double, this.random.fork('weather'));
    this.watchCalls();
  }

  async play(): Promise<KillReport> {
    for (let index = 0; index < this.options.replicas; index += 1) {
      this.fleet.start(index);
      await this.fleet.ready(index);
    }
    await this.admin().putApp(mappingState(this.token.tokens), 'absent');
    const own = new Set(Object.keys(this.double.snapshot().users));
    const providers = this.providers();
    await providers[0]?.prepare();
    this.weather.start();
    const working = providers.map(provider => provider.work());
    await this.killAgainAndAgain();
    await this.acknowledged(this.scim.acknowledged.reached(this.wanted));
    for (const provider of providers) provider.end();
    await Promise.all(working);
    await this.weather.clear();

    const clear = performance.now();
    const { status, parked } = await this.converged();
    const convergedAfterMs = performance.now() - clear;
    const { directory, lost } = await readBack(this.model, this.scim);
    const verdict = judge(this.double, directory, new Set(this.model.people.keys()), own);
    const operations = new Map<string, number>();
    for (const provider of providers)
      for (const [name, count] of provider.done) operations.set(name, (operations.get(name) ?? 0) + count);
    const coderWrites = this.writes.count;
    const coderCalls = this.calls;
    return {
      kills: this.kills,
      killsInCalls: this.killsInCalls,
      scim: { ...this.scim.counts, acknowledged: this.scim.acknowledged.count },
      operations,
      coderCalls,
      coderWrites,
      people: directory.people.length,
      groups: directory.groups.size,
      lost: [...providers.flatMap(provider => provider.losses), ...lost],
      ...verdict,
      accounts: await this.accountsOf(verdict.differences),
      pending: pendingOf(status),
      parked,
      writesAfterSweep: await this.sweep(),
      convergedAfterMs,
      seconds: (performance.now() - this.started) / 1_000,
      startMs: median(this.fleet.starts),
      errors: this.fleet.errors,
      serverErrors: this.scim.serverErrors,
    };
  }

  async end(): Promise<void> {
    await this.weather.clear();
    await this.fleet.stop();
  }

  private providers(): IdentityProvider[] {
    const locks = new Locks();
    return Array.from({ length: this.options.workers ?? 6 }, (_, index) => {
      const name = String.fromCharCode(97 + index);
      return new IdentityProvider(this.model, this.scim, locks, this.random.fork(`provider ${name}`), name);
    });
  }

  private async killAgainAndAgain(): Promise<void> {
    const { random, fleet, options } = this;
    let said = performance.now();
    while (this.kills < options.kills) {
      const index = random.between(0, fleet.size - 1);
      const whileStarting = random.chance(0.1);
      if (!whileStarting) {
        await fleet.ready(index);
        await this.moment();
      } else await sleep(random.between(0, median(fleet.starts)));
      if (fleet.failure !== undefined) throw fleet.failure;
      await fleet.kill(index);
      this.kills += 1;
      this.said.push(`${new Date().toISOString().slice(11, 23)} kill`);
      fleet.start(index);
      if (performance.now() - said > 5_000) {
        said = performance.now();
        this.say();
      }
    }
    for (let index = 0; index < fleet.size; index += 1) await fleet.ready(index);
  }

  /** Waits for the moment of the next kill: some work later, or right when Coder has done a write and has not answered it. */
  private async moment(): Promise<void> {
    const { random, scim, writes } = this;
    // What is left to do is spread over the kills that are left.
    const left = Math.max(0, this.wanted - scim.acknowledged.count) / (this.options.kills - this.kills);
    const later = scim.acknowledged.more(random.between(0, Math.ceil(2 * left)));
    if (random.chance(0.5)) {
      await this.acknowledged(later);
      // Not always at the end of a request.
      await sleep(random.between(0, 20));
      return;
    }
    const inCall = writes.more(random.between(1, 12)).then(() => true);
    if (await this.acknowledged(Promise.race([inCall, later.then(() => false)]))) this.killsInCalls += 1;
  }

  /** Waits for work to be acknowledged. @throws Error when a bridge ended by itself, because then it never is */
  private acknowledged<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.fleet.failed]);
  }

  /** Counts calls without keeping them: a long run has many. */
  private watchCalls(): void {
    this.double.calls.add = call => {
      this.calls += 1;
      if (call.method === 'GET') return;
      this.writes.add();
    };
  }

  /** Waits until nothing is left to do; parked work is tried again on command, as an operator would. */
  private async converged(): Promise<{ status: Status; parked: number }> {
    let parked = 0;
    const until = Date.now() + (this.options.patienceMs ?? 300_000);
    let said = performance.now();
    for (;;) {
      if (this.fleet.failure !== undefined) throw this.fleet.failure;
      const status = await this.admin().status();
      const waiting = status.apps.reduce((sum, app) => sum + app.waiting, 0);
      const inLine = status.apps.reduce((sum, app) => sum + app.parked, 0);
      if (inLine > 0) {
        parked += inLine;
        await this.admin().retry();
      } else if (waiting === 0) return { status, parked };
      if (Date.now() > until) return { status, parked };
      if (performance.now() - said > 5_000) {
        said = performance.now();
        this.options.progress?.(`converging: ${waiting} waiting, ${inLine} parked`);
      }
      await sleep(100);
    }
  }

  /** Who differs and why, as far as can be told. */
  private async accountsOf(differences: readonly string[]): Promise<string[]> {
    const emails = new Set(differences.flatMap(line => /^\S+@\S+(?=[: ])/.exec(line)?.[0].replace(/:$/, '') ?? []));
    const lines: string[] = [];
    for (const email of [...emails].slice(0, 3)) {
      const { people } = await this.admin().explain(email);
      const ids = people.map(person => person.scimId);
      const { entries } = await this.admin().audit({ subject: ids[0], limit: 100 });
      lines.push(
        `${email} ${ids.join(' ')}`,
        ...people.map(person => JSON.stringify({ ...person, recent: undefined })),
        ...this.said.filter(
          line => line.endsWith(' kill') || line.includes(email) || ids.some(id => line.includes(id)),
        ),
        ...entries.reverse().map(sayEntry),
      );
    }
    const groups = new Set(differences.flatMap(line => /^group [^/]+\/(\S+) is/.exec(line)?.[1] ?? []));
    const { entries } = await this.admin().audit({ limit: 1000 });
    for (const name of [...groups].slice(0, 3)) {
      const created = new RegExp(`"displayName":"${name}"`);
      const paths = new Set(
        this.said.filter(line => created.test(line)).flatMap(line => /\/Groups\/[0-9a-f-]+/.exec(line)?.[0] ?? []),
      );
      lines.push(
        `group ${name}`,
        ...this.said.filter(
          line => line.endsWith(' kill') || created.test(line) || [...paths].some(path => line.includes(path)),
        ),
        ...entries
          .filter(entry => entry.target?.endsWith(`/${name}`) === true)
          .reverse()
          .map(sayEntry),
      );
    }
    return lines;
  }

  private async sweep(): Promise<number> {
    const before = this.writes.count;
    await this.admin().sweep();
    await this.converged();
    return this.writes.count - before;
  }

  private admin(): AdminClient {
    const url = this.fleet.url();
    if (url === undefined) throw new Error('no bridge is up');
    return new AdminClient({ url, token: ADMIN_TOKEN });
  }

  private say(): void {
    const { counts, acknowledged } = this.scim;
    this.options.progress?.(
      `${this.kills} of ${this.options.kills} kills, ${counts.requests} requests, ${acknowledged.count} of ${this.wanted} acknowledged, ` +
        `${this.calls} calls to Coder, ${this.model.presentPeople().length} people, ${((performance.now() - this.started) / 1_000).toFixed(0)} s`,
    );
  }
}

function sayEntry(entry: AuditEntry): string {
  const { at, actor, action, target, before, after, result, detail } = entry;
  return [at.slice(11, 23), actor, action, target, before, after, result, detail].join(' | ');
}

function pendingOf({ apps, pending, holds }: Status): string[] {
  const left = apps.some(app => app.waiting > 0 || app.parked > 0 || app.held > 0);
  if (!left && holds.length === 0) return [];
  const say = (item: PendingItem) => `${item.state} ${item.key} (${item.subject ?? ''}): ${item.reason}`;
  const words = [...pending.map(say), ...holds.map(hold => `hold ${hold.id}: ${hold.reason}`)];
  return words.length > 0 ? words : apps.map(app => `${app.app}: ${app.waiting} waiting, ${app.held} held`);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
