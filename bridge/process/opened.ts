/** What was opened, and how each is closed again: the last one first. */
export class Opened {
  readonly #closers: (() => Promise<unknown>)[] = [];

  add(close: () => Promise<unknown>): void {
    this.#closers.unshift(close);
  }

  /** Closes everything: what can not be closed keeps nothing else open. @throws what the first of those said */
  async close(): Promise<void> {
    const failed: unknown[] = [];
    for (const close of this.#closers.splice(0)) await close().catch((error: unknown) => failed.push(error));
    if (failed.length > 0) throw failed[0];
  }
}
