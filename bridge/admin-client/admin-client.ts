/**
 * Client of the bridge's admin API: what the Terraform provider and the command line say to a running bridge. A leaf:
 * zod, the platform's fetch, and the mapping state.
 */
import { z } from 'zod';
import { type MappingState, type MappingStateIssue, parseMappingState } from '../contract/mapping-state';

/** E-mail domain of the throw-away people of `coder-scim verify`; `.invalid` is never anybody's (RFC 2606 §2). */
export const THROWAWAY_DOMAIN = 'verify.coder-scim.invalid';

/** An app as the bridge holds it. */
export const AppDocument = z.object({
  /** Counts up with each accepted document; send it back to change exactly this one. */
  generation: z.number().int(),
  state: z.unknown().transform(parseMappingState),
  /** Paste this into the identity provider. */
  scimBaseUrl: z.string(),
  updatedAt: z.string(),
  /** Whether Coder agreed with the declaration when the answer was written. */
  converged: z.boolean(),
});
export type AppDocument = z.output<typeof AppDocument>;

/** One thing that is waiting, held or parked, or a refused request that would have locked somebody out. */
export const PendingItem = z.object({
  key: z.string(),
  app: z.string(),
  subject: z.string().nullable(),
  state: z.enum(['waiting', 'held', 'parked', 'refused']),
  reason: z.string(),
  attempts: z.number(),
  since: z.string(),
});
export type PendingItem = z.output<typeof PendingItem>;

export const HoldSummary = z.object({
  id: z.string(),
  app: z.string(),
  reason: z.string(),
  people: z.number(),
  createdAt: z.string(),
  changes: z.array(z.string()),
});
export type HoldSummary = z.output<typeof HoldSummary>;

export const TokenStatus = z.object({
  name: z.string(),
  expiresAt: z.string(),
  state: z.enum(['active', 'expiring', 'expired']),
  lastUsedAt: z.string().nullable(),
  scopes: z.array(z.string()),
});
export type TokenStatus = z.output<typeof TokenStatus>;

export const AppStatus = z.object({
  app: z.string(),
  identityProvider: z.string(),
  mode: z.string(),
  generation: z.number(),
  scimBaseUrl: z.string(),
  converged: z.boolean(),
  users: z.number(),
  activeUsers: z.number(),
  groups: z.number(),
  waiting: z.number(),
  held: z.number(),
  parked: z.number(),
  /** Refused requests that would have locked somebody out and did not go through since. */
  refused: z.number(),
  lastError: z.string().nullable(),
  lastSweepAt: z.string().nullable(),
  tokens: z.array(TokenStatus),
  coercions: z.array(z.object({ dialect: z.string(), coercion: z.string(), count: z.number(), lastAt: z.string() })),
  /** Attributes that no schema knows and that were dropped. */
  dropped: z.array(z.object({ name: z.string(), count: z.number(), lastAt: z.string() })),
  warnings: z.array(z.string()),
});
export type AppStatus = z.output<typeof AppStatus>;

export const Status = z.object({
  version: z.string(),
  coder: z.object({
    url: z.string(),
    reachable: z.boolean(),
    version: z.string().nullable(),
    account: z.string().nullable(),
    credentialExpiresAt: z.string().nullable(),
    problem: z.string().nullable(),
  }),
  apps: z.array(AppStatus),
  pending: z.array(PendingItem),
  holds: z.array(HoldSummary),
});
export type Status = z.output<typeof Status>;

/** One change that a plan would make, in words and as data. */
export const PlannedChange = z.object({
  app: z.string(),
  subject: z.string(),
  action: z.string(),
  target: z.string().nullable(),
  before: z.string().nullable(),
  after: z.string().nullable(),
  /** Which group and mapping ask for it. */
  because: z.string().nullable(),
  removal: z.boolean(),
});
export type PlannedChange = z.output<typeof PlannedChange>;

export const PlanReport = z.object({
  changes: z.array(PlannedChange),
  adoption: z.object({
    matched: z.array(z.object({ userName: z.string(), coderUsername: z.string(), how: z.string() })),
    created: z.array(z.string()),
    held: z.array(z.object({ userName: z.string(), reason: z.string() })),
    strangers: z.array(z.object({ coderUsername: z.string(), email: z.string(), status: z.string() })),
  }),
  problems: z.array(z.string()),
  hold: HoldSummary.nullable(),
});
export type PlanReport = z.output<typeof PlanReport>;

export const AuditEntry = z.object({
  id: z.number(),
  at: z.string(),
  app: z.string().nullable(),
  actor: z.string(),
  token: z.string().nullable(),
  requestId: z.string().nullable(),
  subject: z.string().nullable(),
  subjectName: z.string().nullable(),
  coderUserId: z.string().nullable(),
  action: z.string(),
  target: z.string().nullable(),
  idpGroup: z.string().nullable(),
  mapping: z.string().nullable(),
  before: z.string().nullable(),
  after: z.string().nullable(),
  result: z.string(),
  detail: z.string().nullable(),
});
export type AuditEntry = z.output<typeof AuditEntry>;

/** One SCIM request as it was served. */
export const ServedRequest = z.object({
  id: z.number(),
  at: z.string(),
  app: z.string(),
  requestId: z.string(),
  token: z.string(),
  method: z.string(),
  path: z.string(),
  status: z.number(),
  scimType: z.string().nullable(),
  detail: z.string().nullable(),
  coercions: z.array(z.string()),
  changes: z.array(z.string()),
  milliseconds: z.number(),
  /** Only of requests within a debug window, without secrets. */
  body: z.string().nullable(),
});
export type ServedRequest = z.output<typeof ServedRequest>;

export const Identity = z.object({
  app: z.string(),
  scimId: z.string(),
  externalId: z.string().nullable(),
  userName: z.string(),
  email: z.string().nullable(),
  coderUserId: z.string().nullable(),
  coderUsername: z.string().nullable(),
  how: z.string().nullable(),
});
export type Identity = z.output<typeof Identity>;

export const Explanation = z.object({
  app: z.string(),
  scimId: z.string(),
  userName: z.string(),
  active: z.boolean(),
  coderUserId: z.string().nullable(),
  coderUsername: z.string().nullable(),
  status: z.string().nullable(),
  held: z.string().nullable(),
  /** What the person should have, and why. */
  entitlements: z.array(
    z.object({
      kind: z.enum(['site-role', 'organization', 'organization-role', 'group']),
      organization: z.string().nullable(),
      target: z.string(),
      because: z.array(z.object({ idpGroup: z.string(), mapping: z.string() })),
      present: z.boolean().nullable(),
    }),
  ),
  recent: z.array(AuditEntry),
});
export type Explanation = z.output<typeof Explanation>;

export const DoctorCheck = z.object({
  name: z.string(),
  state: z.enum(['ok', 'warning', 'failed', 'skipped']),
  detail: z.string(),
  next: z.string().nullable(),
});
export type DoctorCheck = z.output<typeof DoctorCheck>;

const ErrorBody = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    issues: z.array(z.object({ path: z.array(z.union([z.string(), z.number()])), message: z.string() })).optional(),
    generation: z.number().optional(),
  }),
});

/** The bridge refused, or could not be asked. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  constructor(
    /** `unreachable`, `unauthorized`, `not_found`, `invalid_mapping_state`, `mapping_state_version`, `generation_conflict`, … */
    readonly code: string,
    message: string,
    /** HTTP status, 0 when there was no answer. */
    readonly status: number,
    readonly issues: readonly MappingStateIssue[] = [],
    /** The generation that the bridge has, on `generation_conflict`. */
    readonly generation?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface AdminClientOptions {
  /** Base URL of the bridge, e.g. `http://127.0.0.1:8399`. */
  readonly url: string;
  readonly token: string;
  /** @default 30 seconds */
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
}

/** What is known of the document that a write replaces. */
export type Precondition = { readonly generation: number } | 'absent' | 'any';

/** Verbs of the admin API. Every one throws AdminError. */
export class AdminClient {
  constructor(private readonly options: AdminClientOptions) {}

  getApp(app: string, signal?: AbortSignal): Promise<AppDocument> {
    return this.call(AppDocument, 'GET', `/apps/${encodeURIComponent(app)}`, { signal });
  }

  listApps(signal?: AbortSignal): Promise<{ apps: AppDocument[] }> {
    return this.call(z.object({ apps: z.array(AppDocument) }), 'GET', '/apps', { signal });
  }

  /** Replaces the whole document of an app, provided that it is as the precondition says. */
  putApp(state: z.input<typeof MappingState>, precondition: Precondition, signal?: AbortSignal): Promise<AppDocument> {
    return this.call(AppDocument, 'PUT', `/apps/${encodeURIComponent(state.app)}`, {
      body: state,
      headers: preconditionHeader(precondition),
      signal,
    });
  }

  /** Removes an app: its tokens stop working, what it gave in Coder is taken back by the policies of the app. */
  async deleteApp(app: string, precondition: Precondition, signal?: AbortSignal): Promise<void> {
    await this.call(z.unknown(), 'DELETE', `/apps/${encodeURIComponent(app)}`, {
      headers: preconditionHeader(precondition),
      signal,
    });
  }

  status(signal?: AbortSignal): Promise<Status> {
    return this.call(Status, 'GET', '/status', { signal });
  }

  /** What would change in Coder; nothing is written. With `state`: as if that document were applied. */
  plan(request: { app?: string | undefined; state?: unknown }, signal?: AbortSignal): Promise<PlanReport> {
    return this.call(PlanReport, 'POST', '/plan', { body: request, signal });
  }

  /** Compares everything with Coder now instead of at the next interval. */
  async sweep(app?: string, signal?: AbortSignal): Promise<void> {
    await this.call(z.unknown(), 'POST', '/sweep', { body: { app }, signal });
  }

  audit(filter: Record<string, string | number | undefined>, signal?: AbortSignal): Promise<{ entries: AuditEntry[] }> {
    const query = new URLSearchParams(
      Object.entries(filter).flatMap(([key, value]) =>
        value === undefined ? [] : [[key, String(value)] as [string, string]],
      ),
    );
    return this.call(z.object({ entries: z.array(AuditEntry) }), 'GET', `/audit?${query.toString()}`, { signal });
  }

  /** The last SCIM requests: the newest first, or after an id the oldest first. */
  requests(
    query: { app?: string | undefined; after?: number | undefined; limit?: number | undefined },
    signal?: AbortSignal,
  ): Promise<{ requests: ServedRequest[] }> {
    const stated = new URLSearchParams();
    for (const [key, value] of Object.entries(query)) if (value !== undefined) stated.set(key, String(value));
    return this.call(z.object({ requests: z.array(ServedRequest) }), 'GET', `/requests?${stated.toString()}`, {
      signal,
    });
  }

  /** Keeps bodies of an app's requests for so long; 0 stops, and forgets those that were kept. */
  debug(app: string, milliseconds: number, signal?: AbortSignal): Promise<{ until: string | null }> {
    return this.call(z.object({ until: z.string().nullable() }), 'POST', `/apps/${encodeURIComponent(app)}/debug`, {
      body: { milliseconds },
      signal,
    });
  }

  identities(app?: string, signal?: AbortSignal): Promise<{ identities: Identity[] }> {
    const query = app === undefined ? '' : `?app=${encodeURIComponent(app)}`;
    return this.call(z.object({ identities: z.array(Identity) }), 'GET', `/identities${query}`, { signal });
  }

  explain(user: string, signal?: AbortSignal): Promise<{ people: Explanation[] }> {
    return this.call(z.object({ people: z.array(Explanation) }), 'GET', `/explain?user=${encodeURIComponent(user)}`, {
      signal,
    });
  }

  doctor(signal?: AbortSignal): Promise<{ checks: DoctorCheck[] }> {
    return this.call(z.object({ checks: z.array(DoctorCheck) }), 'GET', '/doctor', { signal });
  }

  /** Lets exactly this plan pass the guard. */
  async releaseHold(id: string, by: string, signal?: AbortSignal): Promise<void> {
    await this.call(z.unknown(), 'POST', `/holds/${encodeURIComponent(id)}/release`, { body: { by }, signal });
  }

  /** Tries parked work again: one key, or all. */
  retry(key?: string, signal?: AbortSignal): Promise<{ retried: number }> {
    return this.call(z.object({ retried: z.number() }), 'POST', '/work/retry', { body: { key }, signal });
  }

  /** Deletes the account of a throw-away person of `coder-scim verify`; refuses every other account. */
  async deleteThrowaway(coderUserId: string, signal?: AbortSignal): Promise<void> {
    await this.call(z.unknown(), 'DELETE', `/throwaway/${encodeURIComponent(coderUserId)}`, { signal });
  }

  private async call<T extends z.ZodType>(
    answer: T,
    method: string,
    path: string,
    request: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal | undefined },
  ): Promise<z.output<T>> {
    const url = `${this.options.url.replace(/\/+$/, '')}/admin/v1${path}`;
    const timeout = AbortSignal.timeout(this.options.timeoutMs ?? 30_000);
    let response: Response;
    try {
      response = await (this.options.fetch ?? fetch)(url, {
        method,
        headers: {
          authorization: `Bearer ${this.options.token}`,
          accept: 'application/json',
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...request.headers,
        },
        body: request.body === undefined ? null : JSON.stringify(request.body),
        signal: request.signal ? AbortSignal.any([request.signal, timeout]) : timeout,
      });
    } catch (cause) {
      const reason =
        cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : String(cause);
      throw new AdminError(
        'unreachable',
        `bridge at ${this.options.url} does not answer: ${reason}`,
        0,
        [],
        undefined,
        { cause },
      );
    }
    const body = await readBody(response);
    if (!response.ok) throw refusal(response.status, body, this.options.url);
    const parsed = answer.safeParse(body);
    if (!parsed.success) {
      throw new AdminError(
        'unexpected_answer',
        `bridge at ${this.options.url} gave an answer of another version: ${z.prettifyError(parsed.error)}`,
        response.status,
      );
    }
    return parsed.data;
  }
}

function preconditionHeader(precondition: Precondition): Record<string, string> {
  if (precondition === 'any') return {};
  return precondition === 'absent' ? { 'if-none-match': '*' } : { 'if-match': `"${precondition.generation}"` };
}

async function readBody(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function refusal(status: number, body: unknown, url: string): AdminError {
  const parsed = ErrorBody.safeParse(body);
  if (parsed.success) {
    const { code, message, issues, generation } = parsed.data.error;
    return new AdminError(code, message, status, issues, generation);
  }
  return new AdminError(
    'unexpected_answer',
    `${url} answered ${status} without an error of the admin API: is this a coder-scim bridge?`,
    status,
  );
}
