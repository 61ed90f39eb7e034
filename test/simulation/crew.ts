/** Workers that play histories, one job at a time each; a job that ends its worker is a finding, not the end of the run. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './build/bundle';
import { type Job, type Result } from './histories/job';

interface Waiting {
  readonly job: Job;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

export class Crew {
  readonly #workers = new Set<ChildProcess>();
  readonly #idle: ChildProcess[] = [];
  readonly #waiting: Waiting[] = [];
  readonly #doing = new Map<ChildProcess, Waiting>();
  #ending = false;

  constructor(
    private readonly program: string,
    size: number,
  ) {
    for (let index = 0; index < size; index += 1) this.#hire();
  }

  run(job: Job): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject });
      this.#next();
    });
  }

  end(): void {
    this.#ending = true;
    for (const worker of this.#workers) worker.kill();
  }

  #hire(): void {
    const worker = fork(this.program, [], {
      execArgv: ['--enable-source-maps', '--max-old-space-size=1024', '--max-semi-space-size=64'],
      env: { ...process.env, NODE_PATH: join(ROOT, 'node_modules') },
    });
    this.#workers.add(worker);
    let begun = false;
    worker.on('message', (message: Result | 'ready') => {
      begun = true;
      const done = this.#doing.get(worker);
      this.#doing.delete(worker);
      if (message !== 'ready') done?.resolve(message);
      this.#idle.push(worker);
      this.#next();
    });
    worker.on('exit', code => {
      this.#workers.delete(worker);
      this.#idle.splice(0, Infinity, ...this.#idle.filter(other => other !== worker));
      const lost = this.#doing.get(worker);
      this.#doing.delete(worker);
      if (this.#ending) return;
      lost?.reject(new Error(`the worker ended with ${code} at ${JSON.stringify(lost.job).slice(0, 300)}`));
      if (begun) this.#hire();
      // Another one would not start either.
      else
        for (const waiting of this.#waiting.splice(0))
          waiting.reject(new Error(`no worker starts: it ended with ${code}`));
    });
  }

  #next(): void {
    const worker = this.#idle.pop();
    if (worker === undefined) return;
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#idle.push(worker);
      return;
    }
    this.#doing.set(worker, next);
    worker.send(next.job);
  }
}
