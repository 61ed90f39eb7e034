/** One world: Coder, the database, the bridges on it, and what the identity provider and the operator know. */
import { createBridge } from '../../../bridge/process/bridge';
import { readConfig } from '../../../bridge/process/config';
import { type Log } from '../../../bridge/http/log';
import { type MintedToken, mintToken } from '../../../bridge/scim/access/token';
import { type CoderDoubleOptions } from '../../support/coder-double';
import { setReplicas } from '../process/database';
import { Machine } from '../process/machine';
import { MemoryDisk } from '../process/sqlite';
import { seedChance } from '../time/globals';
import { Random } from '../time/random';
import { install, Scheduler, scheduler } from '../time/scheduler';
import { Directory } from '../model/directory';
import { Coder, CODER_URL } from './coder';
import { type Answer, exchange, NoAnswer } from './exchange';
import { Trace } from './trace';
import { STANDS_MS, Weather, type WeatherOptions } from './weather';

export interface WorldOptions {
  readonly seed: number;
  /** Draw the order of events and the length of calls. */
  readonly shuffle: boolean;
  readonly replicas: number;
  readonly coder: CoderDoubleOptions;
  readonly weather: WeatherOptions;
  readonly trace: boolean;
  /** Whose token the bridge has: the first owner's, or that of an owner service account. */
  readonly account: 'person' | 'service';
}

const ADMIN_TOKEN = 'admin-token-of-the-simulation-0123456789';
export const OWN_SERVICE_ACCOUNT = 'scim-bridge';
const RESTART_MS = 1_500;
const MOST_LOG_LINES = 2_000;

interface Slot {
  readonly name: string;
  machine: Machine;
}

export class World {
  readonly directory = new Directory();
  readonly scheduler: Scheduler;
  readonly weather: Weather;
  readonly trace: Trace;
  readonly random: Random;
  coder!: Coder;
  readonly #disk: MemoryDisk;
  readonly #slots: Slot[] = [];
  readonly #tokens = new Map<string, MintedToken>();
  #token = '';
  #next = 0;
  #closing = false;
  kills = 0;

  constructor(private readonly options: WorldOptions) {
    const { seed, shuffle } = options;
    seedChance(seed);
    this.random = new Random(seed + 1);
    this.scheduler = new Scheduler(shuffle ? new Random(seed + 2) : undefined);
    install(this.scheduler);
    setReplicas(options.replicas);
    this.trace = new Trace(options.trace);
    this.weather = new Weather(options.weather);
    this.#disk = new MemoryDisk((machine, what) => {
      const fault = this.weather.at('commit', what);
      if (fault === undefined) return;
      const killed = fault === 'killed';
      this.trace.say(
        () =>
          `    ⚡ ${machine.name} ${killed ? 'is killed' : 'stands still for 20 seconds'} after ${what.slice(0, 60)}`,
      );
      if (killed) machine.kill();
      else machine.standStill(STANDS_MS);
    });
  }

  /** Starts Coder and the bridges; resolves when they serve. */
  async start(): Promise<void> {
    const { options, weather, trace } = this;
    const jitter = options.shuffle ? new Random(options.seed + 3) : undefined;
    this.coder = Coder.start(options.coder, { weather, trace, jitter });
    this.#token = this.coder.double.token;
    if (options.account === 'service') {
      this.coder.double.addUser(OWN_SERVICE_ACCOUNT, { isServiceAccount: true, status: 'active', roles: ['owner'] });
      this.#token = this.coder.double.issueToken(OWN_SERVICE_ACCOUNT);
    }
    for (let index = 0; index < options.replicas; index += 1) {
      const name = options.replicas === 1 ? 'bridge' : `bridge-${index + 1}`;
      this.#slots.push({ name, machine: this.#boot(name) });
    }
    await this.#serving();
  }

  close(): void {
    this.#closing = true;
    for (const { machine } of this.#slots) machine.kill();
    this.#disk.close();
    install(undefined);
  }

  /** Kills every bridge, or the one at that place; new ones start a moment later. */
  kill(): void {
    for (const { machine } of this.#slots) machine.kill();
  }

  backup(): Buffer {
    return this.#disk.backup();
  }

  /** Ends all bridges, puts the copy in place of the database, starts them again. */
  async restore(copy: Buffer): Promise<void> {
    this.kill();
    this.#disk.restore(copy);
    await this.#serving();
  }

  /** The token of an app. */
  tokenOf(app: string): MintedToken {
    const token = this.#tokens.get(app) ?? mintToken();
    this.#tokens.set(app, token);
    return token;
  }

  /** One SCIM request. @throws NoAnswer */
  scim(app: string, method: string, path: string, body?: unknown): Promise<Answer> {
    return exchange(this.#pick(), {
      method,
      path: `/apps/${app}/scim/v2${path}`,
      token: this.tokenOf(app).token,
      body,
    });
  }

  /** One request to the admin API. @throws NoAnswer */
  admin(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer> {
    return exchange(this.#pick(), { method, path: `/admin/v1${path}`, token: ADMIN_TOKEN, body, headers });
  }

  /** The same until there is an answer below 500; for what must be known. */
  async surely(ask: () => Promise<Answer>): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await ask().catch((error: unknown) => {
        if (error instanceof NoAnswer) return undefined;
        throw error;
      });
      if (answer !== undefined && answer.status < 500 && answer.status !== 429) return answer;
      if (attempt === 100) throw new Error(`no answer after ${attempt} tries: ${JSON.stringify(answer)}`);
      await scheduler().pause(1_000);
    }
  }

  #pick(): Machine {
    this.#next += 1;
    const index = this.options.shuffle ? this.random.below(this.#slots.length) : this.#next % this.#slots.length;
    const slot = this.#slots[index];
    if (slot === undefined) throw new Error('no bridge was started');
    return slot.machine;
  }

  #boot(name: string): Machine {
    const machine = new Machine(name, this.#disk, this.coder);
    machine.atEnd(() => {
      if (this.#closing) return;
      this.kills += 1;
      this.trace.say(() => `    ${name} is gone`);
      this.scheduler.outside(RESTART_MS, () => {
        const slot = this.#slots.find(other => other.name === name);
        if (slot !== undefined && slot.machine === machine) slot.machine = this.#boot(name);
      });
    });
    const config = readConfig({
      CODER_URL,
      CODER_SESSION_TOKEN: this.#token,
      CODER_SCIM_ADMIN_TOKEN: ADMIN_TOKEN,
      CODER_SCIM_DATABASE_URL: 'sqlite::memory:',
      CODER_SCIM_LISTEN: '127.0.0.1:1',
      CODER_SCIM_SWEEP_INTERVAL: 'off',
      HOME: '/nonexistent',
    });
    this.scheduler.after(
      0,
      () => {
        createBridge(config, { log: this.#log(name) }).catch((error: unknown) => {
          if (!machine.alive) return;
          this.trace.say(() => `    ${name} does not start: ${String(error)}`);
          machine.kill();
        });
      },
      machine,
    );
    return machine;
  }

  async #serving(): Promise<void> {
    for (let tries = 0; tries < 1_000; tries += 1) {
      if (this.#slots.every(({ machine }) => machine.alive && machine.listener !== undefined)) return;
      await this.scheduler.pause(50);
    }
    throw new Error('a bridge does not come up');
  }

  #log(name: string): Log {
    const write = (level: string) => (fields: unknown, message?: string) => {
      if (this.trace.lines.length > MOST_LOG_LINES) return;
      this.trace.say(() => {
        if (message === 'coder call' || message === 'scim request' || message === 'admin request') return undefined;
        const shown = typeof fields === 'string' ? fields : `${message ?? ''} ${JSON.stringify(fields, errors)}`;
        return `    ${name} ${level}: ${shown.slice(0, 400)}`;
      });
    };
    const quiet = () => undefined;
    const log = {
      fatal: write('fatal'),
      error: write('error'),
      warn: write('warn'),
      info: quiet,
      debug: quiet,
      trace: quiet,
      child: () => log,
    } as unknown as Log;
    return log;
  }
}

function errors(_name: string, value: unknown): unknown {
  return value instanceof Error ? `${value.name}: ${value.message} ${(value.stack ?? '').split('\n')[1] ?? ''}` : value;
}
