/** Settles what an earlier process began, as soon as this one works: until nothing is open, or Coder can't be asked for now. */
import { CALL_MAY_LAST_MS } from '../../store/journal/journal';
import { type Rim } from '../context/rim';
import { removeUndeclared } from './remove-undeclared';
import { settleBegun } from './settle-begun';

export class SettleAtStart {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(private readonly rim: Rim) {}

  start(): void {
    this.#running ??= this.#endWork().finally(() => {
      this.#running = undefined;
    });
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#running;
    clearTimeout(this.#timer);
  }

  async #endWork(): Promise<void> {
    const { rim } = this;
    try {
      if ((await rim.recovery.holds()) !== undefined) {
        this.#again(CALL_MAY_LAST_MS);
        return;
      }
      const { unwanted, againAt } = await settleBegun(rim, await rim.context.get());
      if (unwanted && (await rim.recovery.advance())) await removeUndeclared(rim, { cause: { actor: 'bridge' } });
      if (againAt !== undefined) this.#again(againAt - rim.clock.now());
    } catch (error) {
      rim.log.debug({ err: error }, 'what an earlier process began to make is settled later');
      this.#again(CALL_MAY_LAST_MS);
    }
  }

  #again(ms: number): void {
    this.#timer = setTimeout(() => this.start(), Math.min(Math.max(ms, 1_000), CALL_MAY_LAST_MS));
    this.#timer.unref();
  }
}
