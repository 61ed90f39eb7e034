/** The kept-alive connections to one Coder, and what is known about it: version, health, rate limits. */
import * as tls from 'node:tls';
import { Pool } from 'undici';
import { type Answer, networkErrorOf } from './answers';
import { CoderError } from './errors';
import { Circuit, Failing } from './circuit';
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

/** An exchange as a part of a trace. */
export interface CallTrace {
  /** What carries the trace on to Coder. */
  readonly headers: Readonly<Record<string, string>>;
  /** @param status of the answer, or the kind of the error when none came */
  end(status: number | string): void;
}

export interface TransportOptions {
  readonly url: string;
  readonly credential: Credential;
  readonly log?: CoderLog | undefined;
  readonly limits?: Partial<CoderLimits> | undefined;
  /** Certificates (PEM) of authorities that are trusted beside the usual ones. */
  readonly certificates?: string | undefined;
  readonly observe?: ((exchange: CoderExchange) => void) | undefined;
  /** Called as an exchange begins; undefined where it is part of no trace. */
  readonly trace?:
    | ((call: { readonly method: string; readonly path: string; readonly lane: string }) => CallTrace | undefined)
    | undefined;
}

/** What both lanes share. */
export class Connection {
  readonly limits: CoderLimits;
  readonly pool: Pool;
  readonly gate: Gate;
  readonly rateLimits = new RateLimits();
  readonly circuit: Circuit;
  readonly failing = new Failing();
  readonly origin: string;
  readonly prefix: string;
  version: string | undefined;
  /** Whether a good answer of this Coder has arrived with its version, which a proxy may take out: until one has, it is not missed. */
  signs = false;
  /** The last answer's own time (RFC 9110 §6.6.1), and when it was here, in milliseconds. */
  dated: { readonly header: string; readonly at: number } | undefined;
  /** What Coder's audit log knows the bridge's calls by. */
  userAgent = 'coder-scim';
  problem: string | undefined;
  /** The last problem was one of TLS. */
  tls = false;

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
      connect: {
        timeout: this.limits.connectTimeoutMs,
        ...(options.certificates === undefined ? {} : { ca: [...trustedAuthorities(), options.certificates] }),
      },
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
    traced?: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    try {
      const response = await this.pool.request({
        method,
        path,
        signal: AbortSignal.timeout(this.limits.wholeAnswerTimeoutMs),
        headers: {
          'coder-session-token': token,
          accept: 'application/json',
          'user-agent': this.userAgent,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...traced,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await readText(response.body, route, this.limits.answerBytes);
      return {
        status: response.statusCode,
        text,
        header: name => {
          const value = response.headers[name];
          return Array.isArray(value) ? value[0] : value;
        },
      };
    } catch (error) {
      if (error instanceof CoderError) throw error;
      throw networkErrorOf(route, this.origin, error, method !== 'GET');
    }
  }
}

/** The whole body as text, up to a bound. @throws CoderError when it is longer */
async function readText(body: AsyncIterable<Buffer>, route: string, most: number): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.length;
    // Leaving the loop ends the connection: nothing more of it is read.
    if (length > most)
      throw new CoderError(
        `${route} was answered with more than ${Math.round(most / 1_048_576)} MiB: check the Coder URL and what stands in front of it`,
        { kind: 'unexpected', route, maybeDone: !route.startsWith('GET ') },
      );
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Whom Node trusts by default, what NODE_EXTRA_CA_CERTS adds included where Node tells (22.15 and newer). */
function trustedAuthorities(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (kind: 'default') => string[] };
  return getCACertificates?.('default') ?? tls.rootCertificates;
}
