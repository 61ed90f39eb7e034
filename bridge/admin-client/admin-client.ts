/** Client of the bridge's admin API: what the Terraform provider and the command line say to a running bridge. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import {
  Activity,
  AppDocument,
  AiUsage,
  AuditChain,
  AuditEntry,
  type CreateCredentialRequest,
  CredentialSummary,
  DoctorCheck,
  Explanation,
  GroupsReport,
  HoldDetail,
  Identity,
  PersonSummary,
  PlanReport,
  RecoveryReport,
  type PlanRequest,
  type EndRecoveryRequest,
  type ReleaseRequest,
  type ReHireRequest,
  type DismissRequest,
  type RetryRequest,
  type SweepRequest,
  type Precondition,
  Removal,
  ServedRequest,
  SetupReport,
  Status,
} from '../contract/admin-api';
import { type MappingStateInput } from '../contract/mapping-state';
import { tokenTextProblem } from '../contract/token-text';
import { AdminError } from './admin-error';
import { notUnderstood, preconditionHeader, readBody, refusal } from './answers';

export interface AdminClientOptions {
  /** Base URL of the bridge, e.g. `http://127.0.0.1:8399`. */
  readonly url: string;
  readonly token: string;
  /** @default 30 seconds */
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
}

/** How long a plan waits for others. */
const LONGEST_TURN_MS = 300_000;

const Credentials = z.object({ credentials: z.array(CredentialSummary) });

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
  putApp(state: MappingStateInput, precondition: Precondition, signal?: AbortSignal): Promise<AppDocument> {
    return this.call(AppDocument, 'PUT', `/apps/${encodeURIComponent(state.app)}`, {
      body: state,
      headers: preconditionHeader(precondition),
      signal,
    });
  }

  /**
   * Removes an app: its tokens stop working, what it gave in Coder is taken back by the policies of the app. Asked again
   * while that goes on, it says how far it is.
   * @returns what is left of it; undefined when nothing is
   */
  async deleteApp(app: string, precondition: Precondition, signal?: AbortSignal): Promise<Removal | undefined> {
    return await this.call(Removal.optional(), 'DELETE', `/apps/${encodeURIComponent(app)}`, {
      headers: preconditionHeader(precondition),
      signal,
    });
  }

  /** What is left of an app that was removed. @throws AdminError `not_found` when nothing is, or the app is declared */
  getRemoval(app: string, signal?: AbortSignal): Promise<Removal> {
    return this.call(Removal, 'GET', `/apps/${encodeURIComponent(app)}/removal`, { signal });
  }

  status(signal?: AbortSignal): Promise<Status> {
    return this.call(Status, 'GET', '/status', { signal });
  }

  /**
   * What would change in Coder; nothing is written. With `state`: as if that document were applied. A bridge that makes as many plans as it
   * makes at once is asked again when it says, for some minutes: Terraform asks for those of all apps at a time.
   */
  async plan(request: PlanRequest, signal?: AbortSignal): Promise<PlanReport> {
    const end = performance.now() + LONGEST_TURN_MS;
    for (;;) {
      try {
        return await this.call(PlanReport, 'POST', '/plan', { body: request, signal });
      } catch (error) {
        if (!(error instanceof AdminError) || error.code !== 'too_many_plans') throw error;
        const pause = (error.againInSeconds ?? 2) * 1_000;
        if (performance.now() + pause > end) throw error;
        await sleep(pause, undefined, { signal }).catch(() => {
          throw error;
        });
      }
    }
  }

  /** Compares everything with Coder now instead of at the next interval. */
  async sweep(app?: string, signal?: AbortSignal): Promise<void> {
    await this.call(z.unknown(), 'POST', '/sweep', { body: { app } satisfies SweepRequest, signal });
  }

  audit(filter: Record<string, string | number | undefined>, signal?: AbortSignal): Promise<{ entries: AuditEntry[] }> {
    const query = new URLSearchParams(
      Object.entries(filter).flatMap(([key, value]) =>
        value === undefined ? [] : [[key, String(value)] as [string, string]],
      ),
    );
    return this.call(z.object({ entries: z.array(AuditEntry) }), 'GET', `/audit?${query.toString()}`, { signal });
  }

  /** Who used AI through Coder's gateway. @param window RFC 3339; the last 30 days without it */
  aiUsage(window: { since?: string | undefined; until?: string | undefined }, signal?: AbortSignal): Promise<AiUsage> {
    const stated = new URLSearchParams();
    for (const [key, value] of Object.entries(window)) if (value !== undefined) stated.set(key, value);
    return this.call(AiUsage, 'GET', `/ai-usage?${stated.toString()}`, { signal });
  }

  /** Hashes the whole trail again. @param anchor `<line>:<hash>` as noted elsewhere */
  auditChain(anchor?: string, signal?: AbortSignal): Promise<AuditChain> {
    const query = anchor === undefined ? '' : `?anchor=${encodeURIComponent(anchor)}`;
    return this.call(AuditChain, 'GET', `/audit/chain${query}`, { signal });
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

  /** What differs between Coder and a database that is older than what it did. */
  recovery(signal?: AbortSignal): Promise<RecoveryReport> {
    return this.call(RecoveryReport, 'GET', '/recovery', { signal });
  }

  /**
   * Lets the bridge go on with the database as it is.
   * @param since of the report that was looked at; undefined: whatever is pending
   */
  endRecovery(by: string, signal?: AbortSignal, reason?: string, since?: string | null): Promise<{ ended: boolean }> {
    return this.call(z.object({ ended: z.boolean() }), 'POST', '/recovery/end', {
      body: { by, reason, since } satisfies EndRecoveryRequest,
      signal,
    });
  }

  /** Lets exactly this plan pass the guard. */
  async releaseHold(id: string, by: string, signal?: AbortSignal, reason?: string): Promise<void> {
    await this.call(z.unknown(), 'POST', `/holds/${encodeURIComponent(id)}/release`, {
      body: { by, reason } satisfies ReleaseRequest,
      signal,
    });
  }

  /** Whether somebody who came back keeps the account of before, or gets a new one in its place. */
  answerReHire(request: ReHireRequest, signal?: AbortSignal): Promise<{ userName: string }> {
    return this.call(z.object({ userName: z.string() }), 'POST', '/re-hires', { body: request, signal });
  }

  /** Takes an entry away that says who would have been locked out by a refused request. @returns its name */
  dismissRefused(app: string, request: DismissRequest, signal?: AbortSignal): Promise<{ dismissed: string }> {
    const path = `/apps/${encodeURIComponent(app)}/refused/dismiss`;
    return this.call(z.object({ dismissed: z.string() }), 'POST', path, { body: request, signal });
  }

  /** Tries parked work again: one key, or all. */
  retry(key?: string, signal?: AbortSignal, by?: string): Promise<{ retried: number }> {
    return this.call(z.object({ retried: z.number() }), 'POST', '/work/retry', {
      body: { key, by } satisfies RetryRequest,
      signal,
    });
  }

  /** Requests, refusals and changes of the last day, hour by hour. */
  activity(signal?: AbortSignal): Promise<Activity> {
    return this.call(Activity, 'GET', '/activity', { signal });
  }

  /** People by a part of their userName, e-mail or Coder username. */
  people(search: string, signal?: AbortSignal): Promise<{ people: PersonSummary[] }> {
    const shape = z.object({ people: z.array(PersonSummary) });
    return this.call(shape, 'GET', `/people?search=${encodeURIComponent(search)}`, { signal });
  }

  /** Which group of the identity provider gives what to how many, and which groups no mapping names. */
  groups(signal?: AbortSignal): Promise<GroupsReport> {
    return this.call(GroupsReport, 'GET', '/groups', { signal });
  }

  /** An open hold with everybody whom it is about. @throws AdminError `not_found` */
  hold(id: string, signal?: AbortSignal): Promise<HoldDetail> {
    return this.call(HoldDetail, 'GET', `/holds/${encodeURIComponent(id)}`, { signal });
  }

  /** How far the connection of an app's identity provider is. */
  setup(app: string, signal?: AbortSignal): Promise<SetupReport> {
    return this.call(SetupReport, 'GET', `/apps/${encodeURIComponent(app)}/setup`, { signal });
  }

  /** Who may do what at the bridge; nothing secret. */
  credentials(signal?: AbortSignal): Promise<{ credentials: CredentialSummary[] }> {
    return this.call(Credentials, 'GET', '/credentials', { signal });
  }

  /** Makes an admin credential by the digest of its secret; with `overlapMs` it takes the place of the one of that name. */
  createCredential(
    request: CreateCredentialRequest,
    signal?: AbortSignal,
  ): Promise<{ credentials: CredentialSummary[] }> {
    return this.call(Credentials, 'POST', '/credentials', { body: request, signal });
  }

  /** Ends an admin credential that was made by command, and the sessions of the page that hang on it. */
  async revokeCredential(name: string, signal?: AbortSignal): Promise<void> {
    await this.call(z.unknown(), 'DELETE', `/credentials/${encodeURIComponent(name)}`, { signal });
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
    // Refused by us: whoever makes the header tells the whole of it.
    const problem = tokenTextProblem(this.options.token);
    if (problem !== undefined) throw new AdminError('unusable_token', `the admin token ${problem}`, 0);
    const url = `${this.options.url.replace(/\/+$/, '')}/admin/v1${path}`;
    const timeout = AbortSignal.timeout(this.options.timeoutMs ?? 30_000);
    let response: Response;
    let body: unknown;
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
      // An answer that breaks off is none: whether it was done is as little known as without a head.
      body = await readBody(response);
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
    if (!response.ok) throw refusal(response, body, this.options.url);
    const parsed = answer.safeParse(body);
    if (!parsed.success) {
      throw new AdminError('unexpected_answer', notUnderstood(this.options.url, body, parsed.error), response.status);
    }
    return parsed.data;
  }
}
