/** One request from its arrival to its answer: control path or fault, then Coder, then the log. It knows no socket. */
import { type Clock } from '../state/clock';
import { type CallLog } from '../weather/call-log';
import { type Fault, type Faults } from '../weather/faults';
import { type Answer } from './answer';

export interface Request {
  readonly method: string;
  /** Whole path, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly ip: string;
}

export function headerOf({ headers }: Request, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

export interface Served {
  readonly answer: Answer;
  /** Username of the caller, or null. */
  readonly user: string | null;
}

export interface ExchangeParts {
  readonly faults: Faults;
  readonly calls: CallLog;
  readonly clock: Clock;
  /** On every answer of Coder, refusals and failures included. */
  readonly signature: Readonly<Record<string, string>>;
  /** Answers of Coder. */
  serve(request: Request): Promise<Served>;
  /** Answers below `/__double/`, which faults and the log leave alone. */
  control(request: Request): Promise<Answer>;
}

const CONTROL = '/__double/';
const FAILED = 'An internal server error occurred.';

/** Splits the target of a request line, `/path?query`. */
export function splitTarget(target: string): Pick<Request, 'path' | 'query'> {
  const mark = target.indexOf('?');
  if (mark === -1) return { path: target, query: new URLSearchParams() };
  return { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
}

export class Exchange {
  constructor(private readonly parts: ExchangeParts) {}

  /** @returns the answer, or undefined when the connection is to be cut */
  async handle(request: Request): Promise<Answer | undefined> {
    const { faults, calls, clock } = this.parts;
    const { method, path, query } = request;
    const traced = request.headers['traceparent'];
    const traceparent = typeof traced === 'string' ? traced : undefined;
    const at = clock.now();
    if (path.startsWith(CONTROL)) return this.parts.control(request);
    const log = (user: string | null, status: number) =>
      calls.add({ method, path, query: query.toString(), user, status, ms: clock.now() - at, at, traceparent });
    if (faults.holding) await faults.pass(method, path);
    const { delay, fault } = faults.decide(method, path);
    if (delay > 0) await clock.sleep(delay);
    const served = await this.serveWith(fault, request);
    log(served?.user ?? null, served?.answer.status ?? 0);
    return served?.answer;
  }

  private async serveWith(fault: Fault | undefined, request: Request): Promise<Served | undefined> {
    const { signature } = this.parts;
    if (fault?.kind === 'fail') {
      const { status, message = FAILED, page, foreign = false } = fault;
      if (page !== undefined) return { user: null, answer: { status, raw: page, contentType: 'text/html' } };
      return { user: null, answer: { status, body: { message }, ...(!foreign && { headers: signature }) } };
    }
    if (fault?.kind === 'rate-limit') return { user: null, answer: rateLimited(fault.retryAfterSeconds, signature) };
    if (fault?.kind === 'drop' && !fault.afterDoing) return undefined;
    const served = await this.parts.serve(request);
    if (fault?.kind === 'drop') return undefined;
    if (fault?.kind !== 'fail-after-doing') return served;
    return {
      user: served.user,
      answer: { status: fault.status ?? 500, body: { message: FAILED }, headers: signature },
    };
  }
}

function rateLimited(retryAfterSeconds: number, signature: ExchangeParts['signature']): Answer {
  return {
    status: 429,
    body: { message: "You've been rate limited for sending more than 512 requests in 1m0s." },
    headers: {
      ...signature,
      'retry-after': String(retryAfterSeconds),
      'x-ratelimit-limit': '512',
      'x-ratelimit-remaining': '0',
    },
  };
}
