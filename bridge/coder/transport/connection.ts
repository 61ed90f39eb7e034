/** The kept-alive connections to one Coder, and what is known about it: version, health, rate limits. */
import { Pool } from 'undici';
import { type Answer, networkErrorOf } from './answers';
import { Circuit } from './circuit';
import { type Credential } from './credential';
import { Gate } from './gate';
import { type CoderLimits, DEFAULT_LIMITS } from './limits';
import { RateLimits } from './rate-limit';

/** What the client tells a logger; pino fits. */
export interface CoderLog {
  debug(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
}

/** One finished exchange, for metrics. */
export interface CoderExchange {
  readonly route: string;
  /** Status, or the kind of the error when no answer came. */
  readonly status: number | string;
  readonly durationMs: number;
}

export interface TransportOptions {
  readonly url: string;
  readonly credential: Credential;
  readonly log?: CoderLog | undefined;
  readonly limits?: Partial<CoderLimits> | undefined;
  readonly observe?: ((exchange: CoderExchange) => void) | undefined;
}

/** What both lanes share. */
export class Connection {
  readonly limits: CoderLimits;
  readonly pool: Pool;
  readonly gate: Gate;
  readonly rateLimits = new RateLimits();
  readonly circuit: Circuit;
  readonly origin: string;
  readonly prefix: string;
  version: string | undefined;
  problem: string | undefined;

  constructor(readonly options: TransportOptions) {
    this.limits = {
      ...DEFAULT_LIMITS,
      ...(options.limits?.concurrency === undefined
        ? {}
        : { backgroundConcurrency: Math.max(1, Math.floor(options.limits.concurrency / 2)) }),
      ...options.limits,
    };
    const url = new URL(options.url);
    this.origin = url.origin;
    this.prefix = `${url.pathname.replace(/\/+$/, '')}/api/v2`;
    this.pool = new Pool(url.origin, {
      connections: this.limits.concurrency,
      pipelining: 1,
      keepAliveTimeout: 30_000,
      headersTimeout: this.limits.answerTimeoutMs,
      bodyTimeout: this.limits.answerTimeoutMs,
      connect: { timeout: this.limits.connectTimeoutMs },
    });
    this.gate = new Gate(this.limits.concurrency, this.limits.backgroundConcurrency);
    this.circuit = new Circuit({
      failures: this.limits.circuitFailures,
      firstPauseMs: this.limits.circuitPauseMs,
      longestPauseMs: this.limits.circuitLongestPauseMs,
    });
  }

  /** One exchange on the wire. @throws CoderError when there was none */
  async exchange(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    route: string,
    token: string,
    body: unknown,
  ): Promise<Answer> {
    try {
      const response = await this.pool.request({
        method,
        path,
        headers: {
          'coder-session-token': token,
          accept: 'application/json',
          'user-agent': 'coder-scim',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.body.text();
      return {
        status: response.statusCode,
        text,
        header: name => {
          const value = response.headers[name];
          return Array.isArray(value) ? value[0] : value;
        },
      };
    } catch (error) {
      throw networkErrorOf(route, this.origin, error, method !== 'GET');
    }
  }
}
