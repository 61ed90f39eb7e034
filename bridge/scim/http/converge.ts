/** What SCIM asks of the rest of the bridge after a write; the reconciler implements it. */
import { type WorkKey } from '../../store/work/enqueue';
import { type Work } from '../../store/work/work';

/**
 * Makes Coder agree with the directory about these keys, as far as it can before the deadline. Never rejects: the keys are
 * in the queue already, and what is not done in time is done later.
 */
export type Converge = (keys: readonly WorkKey[], options: ConvergeOptions) => Promise<void>;

export interface ConvergeOptions {
  readonly deadlineMs: number;
  /** Those of the keys that were taken from the queue when they were put into it. @default none */
  readonly claimed?: readonly Work[];
}
