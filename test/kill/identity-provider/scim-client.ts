/** An identity provider's requests: each is answered, or it is not, which says nothing of whether it was done. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Random } from '../random';
import { Tally } from '../tally';

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** An earlier try of the same request was left without an answer: it may have been done by then. */
  readonly repeated: boolean;
}

export interface Counts {
  /** Tries sent. */
  requests: number;
  /** Requests that were given up without an answer. */
  givenUp: number;
  /** Tries that the bridge answered with 500 or more. */
  serverErrors: number;
}

const TRIES = 12;
const PATIENCE_MS = 30_000;

export class ScimClient {
  readonly counts: Counts = { requests: 0, givenUp: 0, serverErrors: 0 };
  /** Requests with an answer that says that it is done. */
  readonly acknowledged = new Tally();
  readonly serverErrors: string[] = [];

  /**
   * @param target URL of a bridge that is up, undefined when none is
   * @param giveUp share of the tries without an answer that are not repeated
   */
  constructor(
    private readonly target: () => string | undefined,
    private readonly token: string,
    private readonly random: Random,
    private readonly giveUp: number,
    /** Told of each answer, and of each request that was given up. */
    private readonly heard: (line: string) => void = () => undefined,
  ) {}

  /** Sends until it is answered. @returns undefined when it was given up */
  async send(method: string, path: string, body?: unknown): Promise<Answer | undefined> {
    const sent = Date.now();
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      const answer = await this.try(method, path, body);
      if (answer !== undefined) {
        if (answer.status < 400) this.acknowledged.add();
        this.heard(
          say(
            sent,
            method,
            path,
            body,
            `${answer.status} at try ${attempt}${typeof answer.body['id'] === 'string' ? ` ${answer.body['id']}` : ''}`,
          ),
        );
        return { ...answer, repeated: attempt > 1 };
      }
      if (this.random.chance(this.giveUp)) break;
      await sleep(this.random.between(30, 100 * attempt));
    }
    this.counts.givenUp += 1;
    this.heard(say(sent, method, path, body, 'given up'));
    return undefined;
  }

  /** Sends until it is answered, without end: for readings. @throws Error when it is refused */
  async read(path: string): Promise<Readonly<Record<string, unknown>>> {
    for (;;) {
      const answer = await this.try('GET', path);
      if (answer === undefined) await sleep(100);
      else if (answer.status === 200) return answer.body;
      else throw new Error(`GET ${path} answered ${answer.status}: ${JSON.stringify(answer.body).slice(0, 400)}`);
    }
  }

  /** URL of a bridge that is up, as soon as there is one: a connection that is refused is no request. */
  private async whereTo(): Promise<string> {
    for (;;) {
      const url = this.target();
      if (url !== undefined) return url;
      await sleep(10);
    }
  }

  private async try(method: string, path: string, body?: unknown): Promise<Omit<Answer, 'repeated'> | undefined> {
    const url = await this.whereTo();
    this.counts.requests += 1;
    try {
      const response = await fetch(`${url}/scim/v2${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/scim+json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      const text = await response.text();
      if (response.status >= 500 || response.status === 429) {
        this.counts.serverErrors += 1;
        this.serverErrors.push(`${method} ${path} answered ${response.status}: ${text.slice(0, 300)}`);
        return undefined;
      }
      return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
    } catch {
      return undefined;
    }
  }
}

function say(sent: number, method: string, path: string, body: unknown, outcome: string): string {
  const time = (instant: number): string => new Date(instant).toISOString().slice(11, 23);
  return `${time(sent)} to ${time(Date.now())} ${method} ${path} ${JSON.stringify(body) ?? ''} ${outcome}`;
}
