/**
 * One run: bridges under load before a Coder in bad weather are killed again and again; then the weather clears, they
 * converge, and Coder is compared with what the identity provider was told is done.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { AdminClient } from '../../bridge/admin-client/admin-client';
import { type Status } from '../../bridge/contract/admin-api';
import { ADMIN_TOKEN, scimToken } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { accountsOf } from './accounts-of';
import { Caller } from './identity-provider/caller';
import { type DatabaseOfRun, postgresOfRun, sqliteOfRun } from './database-of-run';
import { FURTHER_ORGANIZATIONS, mappingState } from './declaration';
import { DirectoryModel } from './identity-provider/directory-model';
import { Fleet } from './fleet';
import { IdentityProvider } from './identity-provider/identity-provider';
import { Locks } from './identity-provider/locks';
import { pendingOf } from './pending-of';
import { Random } from './random';
import { readBack } from './identity-provider/read-back';
import { ScimClient } from './identity-provider/scim-client';
import { type KillReport } from './report';
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
  readonly progress?: (line: string) => void;
}

/** Share of the kills before which the database server is restarted. */
const RESTARTS = 0.05;
/** Looks at a run that stands still: more than any pause of a bridge with something to do takes. It measures nothing, it ends what hangs. */
const MOST_LOOKS = 1_800;

/** @throws Error when a bridge ends by itself or does not start */
export async function killRun(options: KillOptions): Promise<KillReport> {
  const database = options.database === 'sqlite' ? sqliteOfRun() : await postgresOfRun();
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
  private restarts = 0;
  /** What was said between identity provider and bridges, and when kills came: for the account of a failure. */
  private readonly said: string[] = [];
  private calls = 0;
  /** Counted after Coder has done a write and before it answers. */
  private readonly writes = new Tally();
  private readonly wanted: number;

  constructor(
    private readonly options: KillOptions,
    private readonly double: CoderDouble,
    private readonly database: DatabaseOfRun,
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
    this.weather = new Weather(double, this.scim.acknowledged, this.random.fork('weather'));
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
    const verdict = judge(this.double, directory, this.model.people, own);
    const operations = new Map<string, number>();
    for (const provider of providers)
      for (const [name, count] of provider.done) operations.set(name, (operations.get(name) ?? 0) + count);
    const coderWrites = this.writes.count;
    const coderCalls = this.calls;
    return {
      kills: this.kills,
      killsInCalls: this.killsInCalls,
      restarts: this.restarts,
      longOutages: this.weather.longOutages,
      scim: { ...this.scim.counts, acknowledged: this.scim.acknowledged.count },
      operations,
      coderCalls,
      coderWrites,
      people: directory.people.length,
      groups: directory.groups.size,
      lost: [...providers.flatMap(provider => provider.losses), ...lost],
      ...verdict,
      accounts: await accountsOf([...verdict.differences, ...verdict.duplicates], this.said, this.admin(), name =>
        this.groupIds(name),
      ),
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
      const random = this.random.fork(`provider ${name}`);
      return new IdentityProvider(new Caller(this.model, this.scim, locks, random, name));
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
      // A bridge does not start without its database: all are up when that is restarted.
      if (random.chance(RESTARTS)) await this.restartDatabase();
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

  /** Under load, as a power cut would or as an upgrade does; no bridge may end by it. */
  private async restartDatabase(): Promise<void> {
    const { database, fleet, random } = this;
    if (database.restart === undefined) return;
    for (let index = 0; index < fleet.size; index += 1) await fleet.ready(index);
    const mode = random.pick(['immediate', 'fast'] as const);
    await database.restart(mode);
    this.restarts += 1;
    this.said.push(`${new Date().toISOString().slice(11, 23)} restart of Postgres, ${mode}`);
    await this.acknowledged(this.scim.acknowledged.more(random.between(1, 10)));
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
      this.said.push(
        `${new Date(call.at).toISOString().slice(11, 23)} Coder: ${call.method} ${call.path} ${call.status}`,
      );
      this.writes.add();
    };
  }

  /** Waits until nothing is left to do; parked work is tried again on command, as an operator would. What stands still has come to its end. */
  private async converged(): Promise<{ status: Status; parked: number }> {
    let parked = 0;
    let said = performance.now();
    let moved = { looks: 0, calls: this.calls, waiting: -1 };
    for (;;) {
      if (this.fleet.failure !== undefined) throw this.fleet.failure;
      const status = await this.admin().status();
      const waiting = status.apps.reduce((sum, app) => sum + app.waiting, 0);
      const inLine = status.apps.reduce((sum, app) => sum + app.parked, 0);
      if (inLine > 0) {
        parked += inLine;
        await this.admin().retry();
      } else if (waiting === 0) return { status, parked };
      if (waiting !== moved.waiting || this.calls !== moved.calls) moved = { looks: 0, calls: this.calls, waiting };
      else if (++moved.looks > MOST_LOOKS) return { status, parked };
      if (performance.now() - said > 5_000) {
        said = performance.now();
        this.options.progress?.(`converging: ${waiting} waiting, ${inLine} parked`);
      }
      await sleep(100);
    }
  }

  private groupIds(name: string): string[] {
    const groups = [...this.double.state.organizations.values()].flatMap(({ groups }) => groups.get(name) ?? []);
    return groups.map(({ id }) => id);
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

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
