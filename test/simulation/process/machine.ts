/**
 * A bridge as a process that can be killed at any point: its timers, its database handle, its connections and its calls to
 * Coder belong to it, and end with it. What was not committed is lost.
 */
import { type RequestListener } from 'node:http';
import { type Owner, scheduler } from '../time/scheduler';

/** Thrown into a process that is no more, so that it gets no further. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

export class Machine implements Owner {
  alive = true;
  standsUntil = 0;
  /** Set when the bridge serves. */
  listener: RequestListener | undefined;
  readonly #atEnd = new Set<() => void>();

  constructor(
    readonly name: string,
    readonly disk: Disk,
    readonly coder: CoderLine,
  ) {}

  /** Runs when the process is killed, unless taken back. @returns takes it back */
  atEnd(run: () => void): () => void {
    this.#atEnd.add(run);
    return () => void this.#atEnd.delete(run);
  }

  /** Stopped, suspended with its machine, or starved: for so long nothing of it runs. */
  standStill(ms: number): void {
    this.standsUntil = scheduler().now + ms;
  }

  kill(): void {
    if (!this.alive) return;
    this.alive = false;
    this.disk.abandon(this);
    for (const run of this.#atEnd) run();
    this.#atEnd.clear();
  }
}

/** What outlives processes: the database. */
export interface Disk {
  /** Undoes what the process had not committed. */
  abandon(machine: Machine): void;
}

export interface CoderCall {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | null;
}

export interface CoderAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** The way of a process to Coder. */
export interface CoderLine {
  call(machine: Machine, call: CoderCall): Promise<CoderAnswer>;
}

/** The process in which this runs. @throws outside of one */
export function currentMachine(): Machine {
  const { owner } = scheduler();
  if (owner instanceof Machine) return owner;
  throw new Error('this runs in no process');
}
