/** What the admin API is given by the composition root. */
import { type CoderClient } from '../coder';
import { type Log } from '../http/log';
import { type Reconciler } from '../reconcile';
import { type Database } from '../store/database/database';
import { type Credentials } from './access/credentials';
import { type CoderProbe } from './coder-probe';
import { type SeatCount } from './seats';

export interface AdminDeps {
  readonly database: Database;
  readonly reconciler: Reconciler;
  readonly coder: Pick<CoderClient, 'getUser' | 'deleteUser' | 'listSeenClaims'>;
  readonly probe: CoderProbe;
  readonly seats: SeatCount;
  readonly credentials: Credentials;
  /** Where identity providers reach the bridge, without a slash at the end. */
  readonly publicUrl: string;
  readonly version: string;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /**
   * How long the answer to a new document waits for Coder to agree.
   * @default 10000
   */
  readonly convergeDeadlineMs?: number;
  /** The trace that a request is part of, as the header `traceparent` has it: what it queues is told of it. */
  readonly traceparent?: (() => string | undefined) | undefined;
}
