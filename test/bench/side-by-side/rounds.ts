/**
 * Servers side by side: in each round every one of them gets the same requests, one server after the other, so that what disturbs the
 * machine disturbs all alike. Counted is processor time of the server, which a busy machine hardly changes; time is told beside it.
 */
import { inParallel } from '../bridge-stage';
import { summary } from '../measure';
import { type Client, clientOf, fill, MIXES, type MixName } from './identity-provider';
import { type MeasuredServer } from './server';

export interface Setting {
  readonly mix: MixName;
  /** People in the directory before the first round. */
  readonly users: number;
  readonly groups: number;
  readonly groupSize: number;
  /** Requests at a time. */
  readonly parallel: number;
  /** Rounds before those that are counted: for some thousands of requests V8 compiles what is called often. */
  readonly warmUp: number;
  /** Rounds that are counted as warm. */
  readonly rounds: number;
  /** People whom one round is about. */
  readonly people: number;
  /** When a round ends for a server that is not through with it by then: what it cost is counted by request. */
  readonly roundSeconds: number;
  /** People whom the first requests after the start are about: 143 are a thousand requests. */
  readonly peopleAtFirst: number;
}

export interface Figures {
  /** Seconds of processor time per 1,000 requests, of the first thousand after the start. */
  readonly cold: number;
  /** The same of later rounds: the median. */
  readonly warm: number;
  /** The same of the database, where that is a server of its own. */
  readonly warmDatabase: number | undefined;
  readonly requestsPerSecond: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly longestHoldMs: number;
  readonly residentMb: number;
}

export type Contestants = Readonly<Record<string, () => Promise<MeasuredServer>>>;

interface Round {
  /** Seconds per 1,000 requests. */
  readonly cpu: number;
  readonly databaseCpu: number | undefined;
  readonly requestsPerSecond: number;
  readonly times: readonly number[];
  readonly longestHoldMs: number;
  readonly residentMb: number;
}

interface Contestant {
  readonly name: string;
  readonly server: MeasuredServer;
  readonly client: Client;
  readonly cold: Round;
  readonly groups: readonly string[];
}

/** @param told gets a line for each round */
export async function sideBySide(
  contestants: Contestants,
  setting: Setting,
  told: (line: string) => void,
): Promise<ReadonlyMap<string, Figures>> {
  const ready: Contestant[] = [];
  const rounds = new Map<string, Round[]>();
  try {
    for (const [name, start] of Object.entries(contestants)) {
      ready.push(await prepare(name, await start(), setting));
      rounds.set(name, []);
      told(`${name}: cold ${ready.at(-1)?.cold.cpu.toFixed(3)} s per 1,000`);
    }
    for (let round = 1; round <= setting.warmUp; round += 1)
      for (const { server, client, groups } of ready) await play(server, client, setting, groups, `w${round}`);
    for (let round = 1; round <= setting.rounds; round += 1)
      for (const { name, server, client, groups } of ready) {
        const one = await play(server, client, setting, groups, `r${round}`);
        rounds.get(name)?.push(one);
        told(`${name}: round ${round} ${one.cpu.toFixed(3)} s per 1,000, ${one.requestsPerSecond.toFixed(0)}/s`);
      }
    return new Map(ready.map(({ name, cold }) => [name, figuresOf(cold, rounds.get(name) ?? [])]));
  } finally {
    for (const { server, client } of ready) {
      await client.close();
      await server.close();
    }
  }
}

/** The first thousand requests of the mix, on an empty directory unless it comes with one, and then the directory of the rounds. */
async function prepare(name: string, server: MeasuredServer, setting: Setting): Promise<Contestant> {
  const client = clientOf(server, setting.parallel);
  const few = server.directory?.groups ?? (await fill(client.ask, { users: 1, groups: 4, groupSize: 1 }, 'cold'));
  const cold = await play(server, client, { ...setting, people: setting.peopleAtFirst }, few, 'cold');
  return { name, server, client, cold, groups: server.directory?.groups ?? (await fill(client.ask, setting, 'here')) };
}

async function play(
  server: MeasuredServer,
  client: Client,
  { mix, people, parallel, roundSeconds }: Setting,
  groups: readonly string[],
  prefix: string,
): Promise<Round> {
  const names = Array.from({ length: people }, (_, index) => index);
  client.takeTimes();
  const before = await server.usage();
  const started = performance.now();
  await inParallel(names, parallel, async index => {
    if (performance.now() - started > roundSeconds * 1_000) return;
    await MIXES[mix].play(client.ask, `${prefix}-${index}`, groups[index % groups.length] ?? '');
  });
  const seconds = (performance.now() - started) / 1_000;
  const after = await server.usage();
  const times = client.takeTimes();
  const perThousand = (seconds: number): number => (seconds / times.length) * 1_000;
  return {
    cpu: perThousand(after.cpuSeconds - before.cpuSeconds),
    databaseCpu:
      after.databaseSeconds === undefined || before.databaseSeconds === undefined
        ? undefined
        : perThousand(after.databaseSeconds - before.databaseSeconds),
    requestsPerSecond: times.length / seconds,
    times,
    longestHoldMs: after.longestHoldMs,
    residentMb: after.residentMb,
  };
}

function figuresOf(cold: Round, rounds: readonly Round[]): Figures {
  const database = rounds.flatMap(({ databaseCpu }) => databaseCpu ?? []);
  const times = summary(rounds.flatMap(round => round.times));
  return {
    cold: cold.cpu,
    warm: summary(rounds.map(round => round.cpu)).median,
    warmDatabase: database.length === 0 ? undefined : summary(database).median,
    requestsPerSecond: summary(rounds.map(round => round.requestsPerSecond)).median,
    medianMs: times.median,
    p99Ms: times.p99,
    longestHoldMs: Math.max(0, ...rounds.map(round => round.longestHoldMs)),
    residentMb: Math.max(0, ...rounds.map(round => round.residentMb)),
  };
}
