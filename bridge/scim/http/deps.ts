/** What the SCIM side is given by the composition root. */
import { type Logger } from 'pino';
import { type Directory } from '../../store/directory';
import { type DebugWindow, type RequestRecord } from '../../store/requests/requests';
import { type Apps } from '../access/apps';
import { type Converge } from './converge';
import { type ScimLimits } from './limits';
import { type ThrottleOptions } from '../../http/throttle';

/** One served request, for metrics. */
export interface Served {
  /** Undefined when the caller is not known. */
  readonly app: string | undefined;
  readonly method: string;
  /** Path with placeholders, such as `/Users/:id`; `unknown` for others. */
  readonly route: string;
  readonly status: number;
  readonly milliseconds: number;
}

export interface ScimDeps {
  readonly directory: Directory;
  readonly converge: Converge;
  readonly apps: Apps;
  /** How often each coercion was needed; called at most once a second for each app. */
  readonly recordCoercions: (app: string, dialect: string, counts: ReadonlyMap<string, number>) => Promise<void>;
  /**
   * Where the last requests are kept.
   * @default nowhere
   */
  readonly requests?: {
    /** Called at most once a second. */
    write(records: readonly RequestRecord[]): Promise<void>;
    /** The window in which bodies of the app are kept, open or over. */
    debugWindow(app: string): Promise<DebugWindow | undefined>;
    /**
     * Somebody whose credential is none of the app came to its address; called at most every ten seconds for each app.
     * @param reason in words that name no secret
     */
    refused(app: string, reason: string): Promise<void>;
  };
  /** Where identity providers reach the bridge, without a slash at the end: `https://scim.example.com`. */
  readonly publicUrl: string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly log: Logger;
  readonly limits?: Partial<ScimLimits>;
  readonly throttle?: ThrottleOptions;
  /**
   * How many entries of X-Forwarded-For are believed, from its end.
   * @default 0
   */
  readonly trustedProxies?: number;
  readonly observe?: (served: Served) => void;
  /** The trace that a request is part of, as the header `traceparent` has it: what it queues is told of it. */
  readonly traceparent?: (() => string | undefined) | undefined;
}
