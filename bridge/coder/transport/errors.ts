/** The one error of the Coder client, what it means for the work that met it, and no secret in its text. */

/**
 * - `unreachable` no connection, or a gateway without one (502 to 504, 520 to 530), or 500 on whatever is asked; `timeout` no answer in time; `circuit_open` not even tried, Coder failed too often
 * - `rate_limited` 429, or known to become one; `retryAfterMs` says when
 * - `unauthorized` 401: the bridge's own token is dead, not the person's fault
 * - `forbidden` 403; `licence` 403 because a Premium feature is missing
 * - `not_found_or_forbidden` 404: Coder does not tell the two apart
 * - `refused` 400, 409, 413, 417, 428: Coder understood and said no; `reason` says which no
 * - `unsupported` this version of Coder has no such route or field
 * - `failed` any other 5xx; `unexpected` an answer that is not Coder's (a page of a proxy or firewall with whatever status, a shape that can not be read)
 * - `incomplete_listing` a listing that ended before its own count
 */
export type CoderErrorKind =
  | 'unreachable'
  | 'timeout'
  | 'rate_limited'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found_or_forbidden'
  | 'refused'
  | 'licence'
  | 'unsupported'
  | 'failed'
  | 'unexpected'
  | 'incomplete_listing'
  | 'circuit_open';

/** Which no, read from the texts that Coder's releases use; `other` for all the rest. */
export type RefusalReason =
  | 'user-exists'
  | 'email-conflict'
  | 'username-taken'
  | 'username-invalid'
  | 'email-invalid'
  | 'name-invalid'
  | 'oidc-not-configured'
  | 'no-organization'
  | 'owner-role-first'
  | 'own-account'
  | 'has-workspaces'
  | 'build-active'
  | 'role-unknown'
  | 'role-not-assignable'
  | 'site-role-sync'
  | 'organization-role-sync'
  | 'organization-sync'
  | 'already-member'
  | 'not-in-organization'
  | 'concurrent-change'
  | 'invalid-id'
  | 'group-exists'
  | 'group-name-invalid'
  | 'display-name-invalid'
  | 'everyone-group'
  | 'role-exists'
  | 'role-name-reserved'
  | 'permissions-invalid'
  | 'reference-unknown'
  | 'other';

/** One field that Coder names as wrong. */
export interface Validation {
  readonly field: string;
  readonly detail: string;
}

export interface CoderErrorDetails {
  readonly kind: CoderErrorKind;
  /** Method and path with ids replaced, e.g. `PUT /users/{user}/roles`. */
  readonly route: string;
  readonly status?: number | undefined;
  readonly reason?: RefusalReason | undefined;
  /** Coder's own words. */
  readonly answer?: string | undefined;
  readonly validations?: readonly Validation[] | undefined;
  readonly retryAfterMs?: number | undefined;
  /** True when Coder may have done the work although no good answer came. */
  readonly maybeDone?: boolean | undefined;
  /** The certificate, or the lack of TLS, is what keeps Coder from being reached. */
  readonly tls?: boolean | undefined;
  readonly cause?: unknown;
}

const RETRYABLE: ReadonlySet<CoderErrorKind> = new Set([
  'unreachable',
  'timeout',
  'rate_limited',
  'unauthorized',
  'failed',
  'unexpected',
  'incomplete_listing',
  'circuit_open',
]);

// What another look at Coder can cure.
const CURED_BY_READING: ReadonlySet<RefusalReason> = new Set([
  'user-exists',
  'already-member',
  'not-in-organization',
  'concurrent-change',
  'group-exists',
  'owner-role-first',
]);

export class CoderError extends Error {
  override readonly name = 'CoderError';
  readonly kind: CoderErrorKind;
  readonly route: string;
  readonly status: number | undefined;
  readonly reason: RefusalReason | undefined;
  readonly answer: string | undefined;
  readonly validations: readonly Validation[];
  readonly retryAfterMs: number | undefined;
  readonly maybeDone: boolean;
  /** The certificate, or the lack of TLS, is what keeps Coder from being reached. */
  readonly tls: boolean;
  /** Whether the same call may succeed later with nothing changed on this side. */
  readonly retryable: boolean;

  constructor(message: string, details: CoderErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = details.kind;
    this.route = details.route;
    this.status = details.status;
    this.reason = details.reason ?? (details.kind === 'refused' ? 'other' : undefined);
    this.answer = details.answer;
    this.validations = details.validations ?? [];
    this.retryAfterMs = details.retryAfterMs;
    this.maybeDone = details.maybeDone ?? false;
    this.tls = details.tls ?? false;
    this.retryable = RETRYABLE.has(details.kind) || (this.reason !== undefined && CURED_BY_READING.has(this.reason));
  }
}

/** The same failure, of which another look has told that it did nothing. */
export function withoutEffect(error: CoderError): CoderError {
  return new CoderError(error.message, { ...error, cause: error.cause, maybeDone: false });
}

/** The same of a call that came after another one for the same, of which that is not known. */
export function maybeWithEffect(error: CoderError): CoderError {
  return new CoderError(error.message, { ...error, cause: error.cause, maybeDone: true });
}

/** The same of a Coder that fails at whatever is asked of it: it is away, and the call is not at fault. */
export function asAway(error: CoderError): CoderError {
  return new CoderError(error.message, { ...error, cause: error.cause, kind: 'unreachable' });
}

/**
 * A look at what became of a call. Where nothing can be seen either, a call that may have been done stays one.
 * @throws CoderError of the call, when that is unclear; else of the look
 */
export async function lookAfter<T>(call: CoderError, look: Promise<T>): Promise<T> {
  try {
    return await look;
  } catch (error) {
    throw call.maybeDone && error instanceof CoderError ? call : error;
  }
}

/** Whether nobody heard the answer of a call that may have reached Coder: Coder may be at work with it still, or come to it later. */
export function isUnheard(error: unknown): error is CoderError {
  return error instanceof CoderError && error.maybeDone && (error.kind === 'timeout' || error.kind === 'unreachable');
}

/** Whether something is not there, or may not be seen: Coder answers a missing right like a missing thing. */
export function isMissing(error: unknown): error is CoderError {
  return error instanceof CoderError && error.kind === 'not_found_or_forbidden';
}

/** Whether an error is a refusal with one of these reasons. */
export function isRefusal(
  error: unknown,
  ...reasons: RefusalReason[]
): error is CoderError & { readonly kind: 'refused'; readonly reason: RefusalReason } {
  return (
    error instanceof CoderError &&
    error.kind === 'refused' &&
    error.reason !== undefined &&
    (reasons.length === 0 || reasons.includes(error.reason))
  );
}

/**
 * What is to become of a piece of work.
 * - `retry`: Coder or the way to it is at fault, or the bridge's token; try again after `afterMs`, and do not count it as a try
 * - `failed`: this call failed; read again and try again with back-off, a bounded number of times
 * - `terminal`: the same call will be refused again until something changes; hold it with its reason
 */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly afterMs: number; readonly error: CoderError }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'terminal'; readonly error: CoderError };

const DEFAULT_RETRY_MS: Partial<Record<CoderErrorKind, number>> = {
  unreachable: 2_000,
  timeout: 2_000,
  circuit_open: 2_000,
  rate_limited: 60_000,
  unauthorized: 15_000,
};

/** The outcome that an error means; an error of another origin is `failed`. */
export function outcomeOf(error: unknown): Exclude<Outcome, { kind: 'done' }> {
  if (!(error instanceof CoderError)) return { kind: 'failed', error };
  const pause = DEFAULT_RETRY_MS[error.kind];
  if (pause !== undefined) return { kind: 'retry', afterMs: error.retryAfterMs ?? pause, error };
  return error.retryable ? { kind: 'failed', error } : { kind: 'terminal', error };
}
