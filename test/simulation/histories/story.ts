/** What is told in a history: what is there in good weather, and what happens then. */
import { type CoderDoubleOptions } from '../../support/coder-double';
import { type Step } from './step';

export const PROMISES = [
  'leaver-out',
  'guard-holds',
  'leavers-pass',
  'never-touched',
  'exact-identity',
  'answer-means-done',
  'truth',
  'workspaces-follow',
  'no-orphans',
  'only-declared',
  /** Whoever is in gets in, to the account that has the person's roles and groups. */
  'lets-in',
  /** When the weather is good again, everything comes to its end without anybody's help. */
  'settles',
] as const;
export type PromiseName = (typeof PROMISES)[number];

export interface Story {
  /** Short words with hyphens; printed, and given to `--scenario`. */
  readonly name: string;
  /** What it is about before all. Every promise is checked in every history. */
  readonly promise: PromiseName;
  /** Tried at every point in each run of the tests. */
  readonly core?: boolean;
  readonly coder?: CoderDoubleOptions;
  /** @default 1 */
  readonly replicas?: number;
  /** @default 'person': the first owner's token */
  readonly account?: 'person' | 'service';
  readonly given: readonly Step[];
  readonly when: readonly Step[];
  /** People who may end up held for a cause that the history gives; nobody else may. */
  readonly mayHold?: readonly string[] | 'everybody';
  /** Many things in good weather, which faults would only make others. @default false: each fault strikes at each point */
  readonly calm?: boolean;
  /** How long calls take, and the order of what happens at one instant, are drawn, always alike. @default false: all calls take the same, first come, first served */
  readonly shuffled?: boolean;
}
