/** The Coder of a history: the double, in this process, behind a network that the weather acts on. */
import { createCoderDouble, type CoderDouble, type CoderDoubleOptions } from '../../support/coder-double';
import { type CoderAnswer, type CoderCall, type CoderLine, type Machine } from '../process/machine';
import { type Random } from '../time/random';
import { scheduler } from '../time/scheduler';
import { type Fault, STANDS_MS, type Weather } from './weather';
import { type Trace } from './trace';

export const CODER_URL = 'http://coder.invalid';

/** A call of the bridge that Coder has dealt with. */
export interface Answered {
  readonly method: string;
  /** Below `/api/v2`. */
  readonly path: string;
  /** As it was written. */
  readonly answer: string;
}

export interface DoneWrite {
  readonly method: string;
  /** Below `/api/v2`. */
  readonly path: string;
  readonly status: number;
  readonly body: unknown;
  readonly answer: unknown;
}

const LATENCY_MS = 2;
const SECONDS = 4_000;
const TIMEOUT_MS = 20_000;
const OVERDUE_MS = 30_000;
const AWAY_MS = 25_000;

class LineError extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

export class Coder implements CoderLine {
  /** Told of each call that changed something, right after Coder has done it. */
  readonly onWrite: ((write: DoneWrite) => void)[] = [];
  readonly onAnswer: ((answered: Answered) => void)[] = [];
  calls = 0;

  private constructor(
    readonly double: CoderDouble,
    private readonly weather: Weather,
    private readonly trace: Trace,
    private readonly jitter: Random | undefined,
  ) {}

  /** @param jitter draws how long calls take; undefined: all take the same */
  static start(
    options: CoderDoubleOptions,
    parts: { readonly weather: Weather; readonly trace: Trace; readonly jitter: Random | undefined },
  ): Coder {
    const double = createCoderDouble({ rateLimitPerMinute: 0, flightMilliseconds: 1, ...options });
    return new Coder(double, parts.weather, parts.trace, parts.jitter);
  }

  /** Nothing of it is in the bridge's reach. */
  get isAway(): boolean {
    return this.weather.away || scheduler().now < this.weather.awayUntil;
  }

  call(machine: Machine, call: CoderCall): Promise<CoderAnswer> {
    this.calls += 1;
    const where = call.path.replace(/^\/api\/v2/, '').split('?')[0] ?? '';
    const what = `${call.method} ${where}`;
    return new Promise((resolve, reject) => {
      const answer = (ms: number, settled: CoderAnswer | LineError) => {
        scheduler().after(ms, () => (settled instanceof LineError ? reject(settled) : resolve(settled)), machine);
      };
      if (this.isAway) {
        this.weather.troubles += 1;
        answer(1, new LineError('ECONNREFUSED'));
        return;
      }
      const fault = this.weather.at(call.method === 'GET' ? 'read' : 'write', what);
      if (fault !== undefined) this.trace.say(() => `    ⚡ ${what}: ${WORDS[fault]}`);
      const early = this.#beforeDoing(fault, machine);
      if (early === 'nothing') return;
      if (early !== undefined) {
        answer(LATENCY_MS, early);
        return;
      }
      if (fault === 'overdue' || fault === 'killed-overdue') {
        if (fault === 'overdue') answer(LATENCY_MS, new LineError('UND_ERR_SOCKET'));
        else machine.kill();
        scheduler().outside(OVERDUE_MS, () => {
          this.trace.say(() => `    Coder takes up ${what} ${call.body ?? ''}`);
          void this.#serve(call, where);
        });
        return;
      }
      if (fault === 'stands') machine.standStill(STANDS_MS);
      const send = () => {
        scheduler().outside(fault === 'late' ? SECONDS : this.#latency(), () => {
          void this.#serve(call, where).then(done => {
            this.trace.say(() =>
              call.method === 'GET' ? undefined : `    Coder ${what} ${call.body ?? ''} → ${done.status}`,
            );
            if (fault === 'lost-away' || fault === 'killed-away') this.weather.awayUntil = scheduler().now + AWAY_MS;
            if (fault === 'killed' || fault === 'killed-away') {
              machine.kill();
              return;
            }
            if (fault === 'lost' || fault === 'lost-away') answer(LATENCY_MS, new LineError('UND_ERR_SOCKET'));
            else if (fault === 'silent') answer(TIMEOUT_MS, new LineError('UND_ERR_HEADERS_TIMEOUT'));
            else if (fault === 'fails-after') answer(LATENCY_MS, failure(500));
            else answer(fault === 'slow' ? SECONDS : this.#latency(), done);
          });
        });
      };
      // What stands still sends nothing, and what is killed meanwhile never does.
      const leaves = machine.standsUntil - scheduler().now;
      if (leaves <= 0) send();
      else scheduler().outside(leaves, () => void (machine.alive && send()));
    });
  }

  #latency(): number {
    return this.jitter === undefined ? LATENCY_MS : 1 + this.jitter.below(8);
  }

  #beforeDoing(fault: Fault | undefined, machine: Machine): CoderAnswer | LineError | 'nothing' | undefined {
    switch (fault) {
      case 'killed-before':
        machine.kill();
        return 'nothing';
      case 'refused':
        return new LineError('ECONNREFUSED');
      case 'cut':
        return new LineError('UND_ERR_SOCKET');
      case 'fails':
        return failure(500);
      case 'unavailable':
        return failure(503);
      case 'busy':
        return { ...failure(429), headers: { 'content-type': 'application/json', 'retry-after': '1' } };
      default:
        return undefined;
    }
  }

  async #serve(call: CoderCall, where: string): Promise<CoderAnswer> {
    const answer = await this.double.handle({
      method: call.method,
      path: call.path,
      headers: call.headers,
      body: call.body ?? '',
    });
    if (answer.status < 300)
      for (const told of this.onAnswer) told({ method: call.method, path: where, answer: answer.body });
    if (call.method !== 'GET' && answer.status < 300) {
      const write: DoneWrite = {
        method: call.method,
        path: where,
        status: answer.status,
        body: call.body === undefined || call.body === null ? undefined : (JSON.parse(call.body) as unknown),
        answer: answer.body === '' ? undefined : (JSON.parse(answer.body) as unknown),
      };
      for (const told of this.onWrite) told(write);
    }
    return { status: answer.status, text: answer.body, headers: answer.headers };
  }
}

function failure(status: number): CoderAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    text: JSON.stringify({ message: 'An internal server error occurred.' }),
  };
}

export const WORDS: Readonly<Record<Fault, string>> = {
  refused: 'no connection',
  cut: 'connection broke before Coder saw it',
  lost: 'done, and the answer was lost',
  'lost-away': 'done, the answer was lost, and Coder is away for 25 seconds',
  silent: 'done, and the answer came too late',
  fails: '500, not done',
  unavailable: '503, not done',
  'fails-after': 'done, and answered 500',
  busy: '429, not done',
  late: 'arrived four seconds late',
  slow: 'answered four seconds late',
  overdue: 'connection broke, and Coder takes it up half a minute later',
  'killed-overdue': 'the bridge was killed, and Coder takes it up half a minute later',
  'killed-before': 'the bridge was killed before it left',
  killed: 'done, and the bridge was killed',
  'killed-away': 'done, the bridge was killed, and Coder is away for 25 seconds',
  stands: 'the bridge stands still for 20 seconds before it leaves',
};
