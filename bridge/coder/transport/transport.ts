/**
 * One way to Coder for all calls: kept-alive connections, a limit of calls at once, rate limits known from the headers,
 * retries with jitter where a repetition is safe, and a circuit breaker. Writes that Coder may have seen are repeated only when they are
 * idempotent, and at once: later the world may have moved on, and whoever asked has to look again. So it is with one that was kept.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { type Answer, errorOf, lacksSignature, parseBody, signatureOf, UNSIGNED } from './answers';
import { Connection, type TransportOptions } from './connection';
import { asAway, CoderError, maybeWithEffect } from './errors';
import { type Lane, type Waiting } from './gate';
import { redact } from './redact';

/** Whoever asks for a write, told of what becomes of it before its answer. */
export interface WriteWatch {
  /** It is repeated, and Coder may be at work with the first still, or come to it later. */
  readonly repeated?: (() => void) | undefined;
  /**
   * Asked when something, as Coder's rate limit or calls before it, has kept it for so long that what it was decided by may be so no more, before it
   * is sent. What it asks of Coder it asks first, and the directory last: the other way round that would be old by then.
   * @throws what ends the call, of which nothing has been done unless it is `repeated`
   */
  readonly delayed?: (() => Promise<void>) | undefined;
}

export interface CoderRequest<Read extends z.ZodType> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/api/v2`, with `{name}` for each part that `params` fills. */
  readonly path: string;
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly query?: Readonly<Record<string, string | number | undefined>> | undefined;
  readonly body?: unknown;
  /** How the answer is read. */
  readonly read: Read;
  /** Whether the answer is read as text instead of JSON. @default false */
  readonly text?: boolean | undefined;
  /** Whether repeating the call at once does no harm, though Coder may have seen it. @default true for GET, false for the others */
  readonly idempotent?: boolean | undefined;
  readonly watch?: WriteWatch | undefined;
  /** Another token than the credential's; no second try after 401. */
  readonly token?: string | undefined;
}

export interface Transport {
  send<Read extends z.ZodType>(request: CoderRequest<Read>): Promise<z.output<Read>>;
  /** Version that the last answer stated; undefined before the first one. */
  readonly version: string | undefined;
  /** How far Coder's clock is ahead by the last answer, to a second or so, in milliseconds; undefined where no answer told. */
  readonly clockAheadMs: number | undefined;
  /** What is known of the way to Coder, without a call. */
  readonly health: CoderHealth;
  readonly background: Transport;
  /** For whoever is to be locked out: its calls take the next place that is free, whoever else waits. */
  readonly first: Transport;
  /** Whether people wait to be locked out: then the pause of an open circuit is short. */
  hurry(on: boolean): void;
  /** Each call from now on says so: Coder's audit log keeps it. */
  callAs(userAgent: string): void;
  close(): Promise<void>;
}

export interface CoderHealth {
  /** False from the moment the circuit opens until a call gets through. */
  readonly reachable: boolean;
  /** The last failure, while it is one. */
  readonly problem: string | undefined;
}

/** Whoever comes again waits for one answer, however slow: what has been looked at so often goes as it was then. */
const MOST_LOOKS = 3;

/** @returns what ends a call that was kept, and has whoever asked look again at once */
export function lookAgain(route: string, why: string): CoderError {
  return new CoderError(`${route} was kept for over a second, and ${why}: it is looked at again first`, {
    kind: 'rate_limited',
    route,
    retryAfterMs: 0,
  });
}

function fill(path: string, params: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    // An empty part would make another route of it.
    if (value === undefined || value === '') throw new TypeError(`${path}: no value for ${name}`);
    return encodeURIComponent(value);
  });
}

function queryText(query: CoderRequest<z.ZodType>['query']): string {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
  return given.length === 0
    ? ''
    : `?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString()}`;
}

class LaneTransport implements Transport {
  readonly background: Transport;
  #first: Transport | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly lane: Lane,
    private readonly isFirst = false,
  ) {
    this.background = lane === 'background' ? this : new LaneTransport(connection, 'background');
  }

  get first(): Transport {
    this.#first ??= this.isFirst ? this : new LaneTransport(this.connection, 'request', true);
    return this.#first;
  }

  get version(): string | undefined {
    return this.connection.version;
  }

  get clockAheadMs(): number | undefined {
    const { dated } = this.connection;
    const theirs = dated === undefined ? NaN : Date.parse(dated.header);
    return dated === undefined || Number.isNaN(theirs) ? undefined : theirs - dated.at;
  }

  get health(): CoderHealth {
    return { reachable: this.connection.circuit.closed, problem: this.connection.problem };
  }

  hurry(on: boolean): void {
    this.connection.circuit.hurry(on);
  }

  callAs(userAgent: string): void {
    this.connection.userAgent = userAgent;
  }

  close(): Promise<void> {
    return this.connection.pool.destroy();
  }

  async send<Read extends z.ZodType>(request: CoderRequest<Read>): Promise<z.output<Read>> {
    let isRepeated = false;
    const repeated = (): void => {
      isRepeated = true;
      request.watch?.repeated?.();
    };
    try {
      return await this.sendOn(request, repeated);
    } catch (error) {
      // That the second try came to nothing says nothing of the first.
      throw isRepeated && error instanceof CoderError && error.kind !== 'refused' ? maybeWithEffect(error) : error;
    }
  }

  private async sendOn<Read extends z.ZodType>(
    request: CoderRequest<Read>,
    repeated: () => void,
  ): Promise<z.output<Read>> {
    const { limits } = this.connection;
    const route = `${request.method} ${request.path}`;
    const path = fill(request.path, request.params ?? {});
    const repeatable = request.idempotent ?? request.method === 'GET';
    let refreshed = request.token !== undefined;
    const started = performance.now();
    let decided = started;
    for (let attempt = 0; ; attempt += 1) {
      await this.waitForRateLimit(route, path);
      const token = request.token ?? (await this.connection.options.credential.token());
      let looks = 0;
      let isLooking = false;
      const before = (): (() => Promise<void>) | undefined => {
        const look = request.watch?.delayed;
        const isLate = performance.now() - decided > limits.repeatWithinMs;
        if (look === undefined || !isLate || looks === MOST_LOOKS) return undefined;
        looks += 1;
        return async () => {
          isLooking = true;
          await look();
          isLooking = false;
          decided = performance.now();
        };
      };
      try {
        const answer = await this.tryOnce(request, route, path, token, before);
        return this.read(request, route, answer);
      } catch (error) {
        // What a look says is the end of the call, and nothing to be tried again.
        if (isLooking || !(error instanceof CoderError)) throw error;
        if (error.kind === 'unauthorized' && !refreshed) {
          refreshed = true;
          if (await this.connection.options.credential.refresh(token)) continue;
          throw error;
        }
        if (error.kind === 'rate_limited') {
          const wait = error.retryAfterMs ?? 0;
          if (attempt > limits.retries || wait > limits.rateLimitWaitMs[this.lane]) throw error;
          await sleep(wait + Math.random() * limits.retryPauseMs);
          continue;
        }
        const away = error.kind === 'unreachable' || error.kind === 'timeout';
        if (!away || attempt >= limits.retries) throw error;
        const late = performance.now() - started > limits.repeatWithinMs;
        if (error.maybeDone && (!repeatable || late)) throw error;
        if (error.maybeDone) repeated();
        await sleep(Math.random() * limits.retryPauseMs * 2 ** attempt);
      }
    }
  }

  /** @param before what has to be done first when the call has had to wait */
  private async tryOnce(
    request: CoderRequest<z.ZodType>,
    route: string,
    path: string,
    token: string,
    before: Waiting['before'],
  ): Promise<Answer> {
    const { connection, lane } = this;
    const call = async (): Promise<Answer> => {
      const pause = connection.circuit.admit(Date.now());
      if (pause !== undefined) {
        throw new CoderError(
          `${route} was not tried: ${connection.origin} did not answer ${connection.limits.circuitFailures} calls in a row; the next try is in ${Math.ceil(pause / 1_000)} s${connection.problem === undefined ? '' : `; the last one: ${connection.problem}`}`,
          { kind: 'circuit_open', tls: connection.tls, route, retryAfterMs: pause },
        );
      }
      const started = performance.now();
      let status: number | string = 'unreachable';
      const span = connection.options.trace?.({ method: request.method, path: request.path, lane });
      try {
        const answer = await connection.exchange(
          request.method,
          `${connection.prefix}${path}${queryText(request.query)}`,
          route,
          token,
          request.body,
          span?.headers,
        );
        status = answer.status;
        connection.version = signatureOf(answer) ?? connection.version;
        const now = Date.now();
        const date = answer.header('date');
        if (date !== undefined) connection.dated = { header: date, at: now };
        // Of a 503 it is a proxy's word, often of a page that somebody forgot: the circuit knows sooner that Coder is back.
        const retryAfterMs = connection.rateLimits.learn(path, answer, now);
        if (answer.status >= 200 && answer.status < 300) {
          if (signatureOf(answer) !== undefined) connection.signs = true;
          connection.failing.answered(route, false);
          this.serverAnswered();
          return answer;
        }
        const said = errorOf(route, answer, {
          token,
          retryAfterMs,
          write: request.method !== 'GET',
          signs: connection.signs,
        });
        const failsAtAll = said.kind !== 'unreachable' && connection.failing.answered(route, said.kind === 'failed');
        const error = failsAtAll ? asAway(said) : said;
        if (error.kind === 'unreachable') this.serverSilent(error);
        else this.serverAnswered(error);
        throw error;
      } catch (error) {
        if (error instanceof CoderError && error.status === undefined) {
          status = error.kind;
          this.serverSilent(error);
        }
        throw error;
      } finally {
        const durationMs = Math.round((performance.now() - started) * 100) / 100;
        span?.end(status);
        connection.options.observe?.({ route, status, durationMs });
        connection.options.log?.debug({ route, status, durationMs, lane }, 'coder call');
      }
    };
    return connection.gate.run(lane, call, { first: this.isFirst, before });
  }

  /** Waits for a place in the path's bucket without holding up calls to other paths. */
  private async waitForRateLimit(route: string, path: string): Promise<void> {
    const { rateLimits, limits } = this.connection;
    const longest = limits.rateLimitWaitMs[this.lane];
    const started = Date.now();
    for (;;) {
      const wait = rateLimits.reserve(path, this.lane, Date.now());
      if (wait <= 0) return;
      if (Date.now() - started + wait > longest) {
        throw new CoderError(
          `${route}: Coder's rate limit for this path is used up; the next try is in ${Math.ceil(wait / 1_000)} s`,
          { kind: 'rate_limited', route, retryAfterMs: wait },
        );
      }
      await sleep(wait + Math.random() * limits.retryPauseMs);
    }
  }

  private serverAnswered(error?: CoderError): void {
    const { connection } = this;
    connection.problem = error?.kind === 'unauthorized' ? error.message : undefined;
    if (connection.circuit.succeed())
      connection.options.log?.warn({ origin: connection.origin }, 'coder answers again');
  }

  private serverSilent(error: CoderError): void {
    const { connection } = this;
    connection.problem = error.message;
    connection.tls = error.tls;
    const pauseMs = connection.circuit.fail(Date.now());
    if (pauseMs !== undefined) {
      connection.options.log?.warn(
        { origin: connection.origin, pauseMs, problem: error.message },
        'coder does not answer',
      );
    }
  }

  private read<Read extends z.ZodType>(request: CoderRequest<Read>, route: string, answer: Answer): z.output<Read> {
    const body = request.text === true ? answer.text : parseBody(answer.text);
    // A page says nothing of what Coder did, whatever its status: also where nothing is wanted of the answer.
    const isPage = body === undefined && answer.text.trim() !== '';
    const result = request.read.safeParse(body);
    // Where nothing is wanted of the answer, nothing else tells it from a gateway's.
    const isAnybodys = request.read instanceof z.ZodUnknown && lacksSignature(answer, this.connection.signs);
    if (result.success && !isPage && !isAnybodys) return result.data;
    const issue = result.error?.issues[0];
    const where = isPage
      ? 'body: no JSON'
      : issue === undefined
        ? UNSIGNED
        : `${issue.path.join('.') || 'body'}: ${issue.message}`;
    throw new CoderError(
      `${route} answered ${answer.status} with something else than Coder's API does (${redact(where)}); check the Coder URL and its version`,
      { kind: 'unexpected', route, status: answer.status, maybeDone: request.method !== 'GET' },
    );
  }
}

export function createTransport(options: TransportOptions): Transport {
  return new LaneTransport(new Connection(options), 'request');
}
