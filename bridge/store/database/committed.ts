/** What a transaction came to, before it is known to have reached the disk. */
export interface Committed<T> {
  readonly value: T;
  /** Resolves once the commit, and with it everything before it, is on the disk; rejects when it can not be written there. */
  readonly durable: () => Promise<void>;
}
