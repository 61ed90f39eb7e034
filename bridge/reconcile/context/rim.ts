/** What every part of the rim works with. */
import { type CoderClient } from '../../coder';
import { type Database } from '../../store/database/database';
import { type Recovery } from '../recovery/recovery';
import { type ContextSource } from './context';
import { type KeyedMutex } from './mutex';
import { type SeenAccounts } from './seen-accounts';
import { type SettledTime } from './settled-time';
import { type Clock, type ConvergedWork, type Log, type Spans } from '../types';

/** EndedWork options that the parts look at. */
export interface RimOptions {
  readonly maxAttempts: number;
  readonly backoffMs: number;
  readonly leaseMs: number;
}

export interface Rim {
  readonly database: Database;
  readonly coder: CoderClient;
  readonly clock: Clock;
  /** By which time what is kept for a time only is removed. */
  readonly settled: SettledTime;
  readonly log: Log;
  /** Name of this process among the replicas. */
  readonly owner: string;
  readonly context: ContextSource;
  /** Accounts as they were a moment ago. */
  readonly accounts: SeenAccounts;
  /** Whether anything may be given or taken: a restored database must be looked at first. */
  readonly recovery: Recovery;
  /** One at a time for each name, in this process. */
  readonly mutex: KeyedMutex;
  /** Keys of work that this process told to be parked, or tried on for a leaver, with why: tried again with each sweep, it is told once. */
  readonly parked: Map<string, string>;
  readonly options: RimOptions;
  /** Aborted when the process is to end: nothing is waited for any more that the next one may do. */
  readonly ending: AbortSignal;
  /** Told of each piece of work that is done. */
  readonly observe: (done: ConvergedWork) => void;
  /** Undefined while nothing is traced. */
  readonly spans: Spans | undefined;
}
