/** How hard the client may lean on Coder. */
import { type Lane } from './gate';

export interface CoderLimits {
  /** Calls at once. @default 16 */
  readonly concurrency: number;
  /** How many of them may be background calls. @default half */
  readonly backgroundConcurrency: number;
  /** Longest wait for the head, and between parts of the body, of an answer. @default 20000 */
  readonly answerTimeoutMs: number;
  /** Longest time for a whole answer, however steadily it trickles. @default 60000 */
  readonly wholeAnswerTimeoutMs: number;
  /** Longest answer that is read. @default 64 MiB, which is a group of some 100,000 members */
  readonly answerBytes: number;
  /** @default 5000 */
  readonly connectTimeoutMs: number;
  /** How often a call that may be repeated is repeated. @default 2 */
  readonly retries: number;
  /**
   * How long after its start a write that Coder may have seen is still repeated as it was. What somebody did in Coder since then would be
   * undone by it. @default 1000
   */
  readonly repeatWithinMs: number;
  /** First pause before a repetition; doubles, with full jitter. @default 100 */
  readonly retryPauseMs: number;
  /** How long a call waits for a rate limit before it fails with `rate_limited`, by lane. @default 2000 and 70000 */
  readonly rateLimitWaitMs: Readonly<Record<Lane, number>>;
  /** Unanswered calls in a row that open the circuit. @default 5 */
  readonly circuitFailures: number;
  /** @default 1000 */
  readonly circuitPauseMs: number;
  /** While people wait to be locked out the pause is never longer than the first. @default 30000 */
  readonly circuitLongestPauseMs: number;
}

export const DEFAULT_LIMITS: CoderLimits = {
  concurrency: 16,
  backgroundConcurrency: 8,
  answerTimeoutMs: 20_000,
  wholeAnswerTimeoutMs: 60_000,
  answerBytes: 64 * 1024 * 1024,
  connectTimeoutMs: 5_000,
  retries: 2,
  repeatWithinMs: 1_000,
  retryPauseMs: 100,
  rateLimitWaitMs: { request: 2_000, background: 70_000 },
  circuitFailures: 5,
  circuitPauseMs: 1_000,
  circuitLongestPauseMs: 30_000,
};
