/**
 * Puts virtual time and seeded chance in the place of the machine's own, for everything in this process. Imported first of
 * all, so that no module holds on to the real ones.
 */
import crypto from 'node:crypto';
import timersPromises from 'node:timers/promises';
import { Random } from './random';
import { type Event, scheduler, virtualNow } from './scheduler';

let chance = new Random(0);

/** From now on chance is drawn by this seed. */
export function seedChance(seed: number): void {
  chance = new Random(seed);
}

/** What setTimeout gives back. */
class VirtualTimer {
  event: Event | undefined;

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return false;
  }

  close(): this {
    cancel(this);
    return this;
  }
}

function cancel(timer: unknown): void {
  if (timer instanceof VirtualTimer && timer.event !== undefined) timer.event.cancelled = true;
}

/** As Node has it: whole milliseconds, one at least. */
function wholeMs(ms: number | undefined): number {
  return Math.max(1, Math.trunc(Number(ms) || 0));
}

type Callback = (...values: unknown[]) => void;

function startTimer(run: Callback, ms: number | undefined, ...values: unknown[]): VirtualTimer {
  const timer = new VirtualTimer();
  timer.event = scheduler().after(wholeMs(ms), () => run(...values));
  return timer;
}

function startInterval(run: Callback, ms: number | undefined, ...values: unknown[]): VirtualTimer {
  const timer = new VirtualTimer();
  const again = () => {
    timer.event = scheduler().after(wholeMs(ms), () => {
      again();
      run(...values);
    });
  };
  again();
  return timer;
}

function startImmediate(run: Callback, ...values: unknown[]): VirtualTimer {
  const timer = new VirtualTimer();
  timer.event = scheduler().after(0, () => run(...values));
  return timer;
}

function promised<T>(
  start: (resolve: () => void) => VirtualTimer,
  value: T,
  signal: AbortSignal | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      cancel(timer);
      reject(new DOMException('The operation was aborted', 'AbortError'));
    };
    const timer = start(() => {
      signal?.removeEventListener('abort', abort);
      resolve(value);
    });
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}

const RealDate = Date;

class VirtualDate extends RealDate {
  constructor(...values: unknown[]) {
    if (values.length === 0) super(virtualNow());
    else super(...(values as [number]));
  }

  static override now(): number {
    return virtualNow();
  }
}

function randomBytes(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  chance.fill(bytes);
  return bytes;
}

function randomUUID(): string {
  const bytes = randomBytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** From here on this process has no time but a history's. For the processes of the crew alone: what it replaces is shared with everybody else in one. */
export function installVirtualTime(): void {
  Object.assign(globalThis, {
    setTimeout: startTimer,
    clearTimeout: cancel,
    setInterval: startInterval,
    clearInterval: cancel,
    setImmediate: startImmediate,
    clearImmediate: cancel,
    Date: VirtualDate,
  });
  Object.assign(timersPromises, {
    setTimeout: <T>(ms: number, value: T, options?: { signal?: AbortSignal }) =>
      promised(resolve => startTimer(resolve, ms), value, options?.signal),
    setImmediate: <T>(value: T) => promised(resolve => startImmediate(resolve), value, undefined),
  });
  Object.assign(crypto, { randomBytes, randomUUID, randomInt: (below: number) => chance.below(below) });
  // The stand-in for the HTTP client has time-outs of its own.
  AbortSignal.timeout = () => new AbortController().signal;
  Math.random = () => chance.next();
  performance.now = virtualNow;
}
