/**
 * Bulk (RFC 7644 §3.7): each operation is a transaction of its own, in the order of the request except that what others refer
 * to by bulkId is made first. In a circle of references users are made without the closing one, which is added after; groups that
 * would contain themselves are refused before one of them is made.
 */
import { type Deleted, type Written, etagOf } from '../../store/directory';
import { type WorkKey } from '../../store/work/enqueue';
import { renewed, requireScope } from '../access/authenticate';
import {
  BULK_RESPONSE_SCHEMA,
  type BulkOperation,
  type BulkRequest,
  type ReadOperation,
  circlesIn,
  readBulkRequest,
  referencesOf,
  replaceReferences,
  resolveId,
  splitPending,
} from '../../scim-language/messages/bulk-message';
import { type ScimDeps } from '../http/deps';
import { type Outcome, answerOf, preconditionOf } from './bulk-answer';
import { type Endpoint, type Precondition } from './endpoint';
import { ScimError, invalidValue, notFound, shown } from '../../scim-language/errors';
import { type RequestContext, writeContext } from '../http/request-context';
import { type Json, type JsonObject, isJsonObject } from '../../scim-language/json';
import { type ScimLimits } from '../http/limits';
import { groupType } from '../../scim-language/schema/resource-types';
import { PATCH_SCHEMA } from '../../scim-language/patch/read-body';
import { awaited, endOfTogether } from './bulk-together';
import { type Attempt, attemptOf, attemptsOf } from './leaving';
import { type NoteRefused, createNoteRefused } from './note-refused';
import { isUnreadable, toScimError } from './refusals';
import { locationOf } from './resource-handlers';
import { type Handler } from '../http/scim-request';

export function createBulk(endpoints: readonly Endpoint[], deps: ScimDeps, limits: ScimLimits): Handler {
  const noteRefused = createNoteRefused(deps);

  /** Reads the message; when it is refused as a whole, for whatever reason, so is everybody's leaving in it. */
  async function readOrNote({ context, body, received }: Parameters<Handler>[0]): Promise<BulkRequest> {
    try {
      if (!endpoints.some(({ scopes }) => context.caller.token.scopes.includes(scopes.write))) {
        for (const { scopes } of endpoints) requireScope(context.caller, scopes.write);
      }
      return readBulkRequest(await body(), limits.maxBulkOperations);
    } catch (cause) {
      const error = toScimError(cause, context.requestId);
      for (const attempt of attemptsOf(await received(), isUnreadable(error)).slice(0, MOST_NOTED))
        await noteRefused(context, attempt, error);
      throw cause;
    }
  }

  return async request => {
    const { context } = request;
    const { operations, failOnErrors } = await readOrNote(request);
    // One request is one plan: the guard judges it when all of it is written.
    const gathering = { ...context, gathers: true };
    const job = new BulkJob(endpoints, gathering, deps, operations, failOnErrors, noteRefused);
    const answers = await job.run();
    const deadlineMs = limits.convergeDeadlineMs;
    if (job.touched.size > 0) {
      await deps.directory.gathered(writeContext(context));
      await deps.converge(awaited(job, deadlineMs), { deadlineMs });
    }
    return { status: 200, body: { schemas: [BULK_RESPONSE_SCHEMA], Operations: answers } };
  };
}

/** Between two times that whom it concerns is told to wait on. */
const WAIT_ON_EVERY_MS = 5_000;

/** Operations of a message that was refused as a whole, that are looked at. */
const MOST_NOTED = 10_000;

/** What a resource still lacks because it refers to one that did not exist. */
interface Unfinished {
  readonly index: number;
  readonly endpoint: Endpoint;
  readonly id: string;
  readonly later: JsonObject;
}

class BulkJob {
  readonly touched = new Set<WorkKey>();
  /** People whom it made, and whom nothing else of it concerns. */
  readonly newcomers = new Set<WorkKey>();
  private readonly outcomes: (Outcome | undefined)[];
  private readonly running = new Set<number>();
  private readonly posts = new Map<string, number>();
  private readonly ids = new Map<string, string>();
  private readonly unfinished: Unfinished[] = [];
  private readonly circles: ReadonlySet<number>;
  private errors = 0;
  /** Why nothing is written now: the app is gone, or has its token no more. */
  private refused: Error | undefined;
  private waitingSince: number;

  constructor(
    private readonly endpoints: readonly Endpoint[],
    private context: RequestContext,
    private readonly deps: ScimDeps,
    private readonly operations: readonly ReadOperation[],
    private readonly failOnErrors: number,
    private readonly noteRefused: NoteRefused,
  ) {
    this.waitingSince = deps.clock();
    this.outcomes = operations.map(() => undefined);
    this.circles = circlesIn(operations, groupType.endpoint);
    operations.forEach(({ operation }, index) => {
      if (!(operation instanceof ScimError) && operation.method === 'POST' && operation.bulkId !== undefined) {
        this.posts.set(operation.bulkId, index);
      }
    });
  }

  async run(): Promise<JsonObject[]> {
    let next = 0;
    while (next < this.operations.length && !this.stopped()) {
      await this.renew();
      const end = this.failOnErrors === 0 ? endOfTogether(this.operations, this.outcomes, next) : next + 1;
      if (end === next + 1) await this.perform(next);
      else await Promise.all(Array.from({ length: end - next }, (_, place) => this.perform(next + place)));
      next = end;
      for (let open = this.unfinished.pop(); open !== undefined; open = this.unfinished.pop()) await this.finish(open);
    }
    if (this.stopped()) await this.noteUntried();
    return this.operations.flatMap(({ method, bulkId }, index) => {
      const outcome = this.outcomes[index];
      return outcome === undefined ? [] : [answerOf(method, bulkId, outcome)];
    });
  }

  /** Goes on by what is declared now: a Bulk may take a minute. */
  private async renew(): Promise<void> {
    try {
      this.context = { ...this.context, caller: await renewed(this.deps.apps, this.context.caller) };
      this.refused = undefined;
      await this.haveThemWait();
    } catch (cause) {
      this.refused = cause instanceof Error ? cause : new Error(String(cause));
    }
  }

  /** Nobody is dealt with before the last operation, however long it all takes. */
  private async haveThemWait(): Promise<void> {
    const now = this.deps.clock();
    if (this.touched.size === 0 || now - this.waitingSince < WAIT_ON_EVERY_MS) return;
    this.waitingSince = now;
    await this.deps.directory.gathering(writeContext(this.context));
  }

  /** Whoever would have left by an operation that was not reached any more stays in, as if it had been refused. */
  private async noteUntried(): Promise<void> {
    const why = new ScimError(
      400,
      undefined,
      `not tried, as the Bulk ended after ${this.failOnErrors} errors (failOnErrors)`,
    );
    for (const [index, { stated }] of this.operations.entries()) {
      const attempt = this.outcomes[index] === undefined ? this.attemptOf(stated) : undefined;
      if (attempt !== undefined) await this.noteRefused(this.context, attempt, why);
    }
  }

  private stopped(): boolean {
    return this.failOnErrors > 0 && this.errors >= this.failOnErrors;
  }

  private async perform(index: number): Promise<void> {
    const operation = this.operations[index]?.operation;
    if (operation === undefined || this.outcomes[index] !== undefined || this.running.has(index)) return;
    this.running.add(index);
    try {
      if (this.refused !== undefined) throw this.refused;
      if (operation instanceof ScimError) throw operation;
      // RFC 7644 §3.7.1: a circle that can not be resolved is 409.
      if (this.circles.has(index)) {
        throw new ScimError(
          409,
          undefined,
          `bulkId ${shown(operation.bulkId)}: groups that refer to each other in a circle would contain themselves, so none of them is made`,
        );
      }
      const pending = await this.prepare(operation);
      if (this.stopped()) return;
      this.outcomes[index] = await this.write(index, operation, pending);
    } catch (cause) {
      await this.fail(index, cause, this.statedLocation(operation));
    } finally {
      this.running.delete(index);
    }
  }

  /** Makes what the operation refers to first. @returns bulkIds that are being made already, further up in a circle */
  private async prepare(operation: BulkOperation): Promise<ReadonlySet<string>> {
    const pending = new Set<string>();
    for (const bulkId of referencesOf(operation)) {
      const index = this.posts.get(bulkId);
      if (index === undefined) throw invalidValue('bulkId', bulkId, 'the bulkId of a POST in the same request');
      if (this.running.has(index)) {
        pending.add(bulkId);
        continue;
      }
      await this.perform(index);
      if (!this.ids.has(bulkId))
        throw invalidValue('bulkId', bulkId, 'a POST that succeeded; it failed, so this was not tried');
    }
    return pending;
  }

  private async write(index: number, operation: BulkOperation, pending: ReadonlySet<string>): Promise<Outcome> {
    const endpoint = this.endpointOf(operation);
    requireScope(this.context.caller, endpoint.scopes.write);
    if (operation.method === 'POST') {
      const { now, later } = splitPending(operation.data, pending);
      const { resource, touched } = await endpoint.create(this.context, this.resolve(now));
      this.touch(touched);
      if (endpoint.name === 'User' && resource.document['active'] !== false)
        this.newcomers.add(`person:${resource.id}`);
      this.noteChange(`${endpoint.type.name} ${resource.id} made`);
      if (operation.bulkId !== undefined) this.ids.set(operation.bulkId, resource.id);
      if (Object.keys(later).length > 0) this.unfinished.push({ index, endpoint, id: resource.id, later });
      return this.outcome(201, endpoint, resource.id, resource.version);
    }
    const id = resolveId(operation.id ?? '', bulkId => this.ids.get(bulkId));
    const when = preconditionOf(operation.version);
    const written = await this.change(endpoint, operation, id, when);
    if (written === undefined) {
      // Gone by an earlier request, which may not have had its answer: who asks again learns it when it is done.
      if (
        operation.method === 'DELETE' &&
        endpoint.name === 'User' &&
        (await this.deps.directory.wasUser(this.context.app, id))
      )
        this.touch([`person:${id}`]);
      throw notFound(endpoint.type.name, id);
    }
    this.touch(written.touched);
    // Who was made and then changed is waited for: that may be somebody who leaves again.
    this.newcomers.delete(`person:${id}`);
    this.noteChange(`${endpoint.type.name} ${id} ${operation.method === 'DELETE' ? 'deleted' : 'changed'}`);
    return operation.method === 'DELETE'
      ? { status: 204, location: locationOf(this.context, endpoint, id) }
      : this.outcome(200, endpoint, id, written.resource.version);
  }

  private change(
    endpoint: Endpoint,
    { method, data }: BulkOperation,
    id: string,
    when: Precondition,
  ): Promise<Written | Deleted | undefined> {
    switch (method) {
      case 'PUT':
        return endpoint.replace(this.context, id, this.resolve(data), when);
      case 'PATCH':
        return endpoint.patch(this.context, id, this.resolve(data), when);
      default:
        return endpoint.remove(this.context, id, when);
    }
  }

  /** Adds what closes a circle. The resource exists by now; a failure is told in its place. */
  private async finish({ index, endpoint, id, later }: Unfinished): Promise<void> {
    try {
      for (const bulkId of referencesOf({ id: undefined, data: later })) {
        if (!this.ids.has(bulkId))
          throw invalidValue('bulkId', bulkId, 'a POST that succeeded; the resource was made without it');
      }
      const body = { schemas: [PATCH_SCHEMA], Operations: [{ op: 'add', value: this.resolve(later) }] };
      const written = await endpoint.patch(this.context, id, body, {});
      if (written === undefined) throw notFound(endpoint.type.name, id);
      this.touch(written.touched);
      this.outcomes[index] = this.outcome(201, endpoint, id, written.resource.version);
    } catch (cause) {
      await this.fail(index, cause, locationOf(this.context, endpoint, id));
    }
  }

  /** What an operation attempts, about whoever it means by now. */
  private attemptOf(stated: Json): Attempt | undefined {
    const attempt = attemptOf(stated);
    if (attempt?.id === undefined) return attempt;
    return { ...attempt, id: resolveId(attempt.id, bulkId => this.ids.get(bulkId)) };
  }

  private async fail(index: number, cause: unknown, location?: string): Promise<void> {
    const error = toScimError(cause, this.context.requestId);
    if (error.status >= 500) {
      this.deps.log.error(
        { requestId: this.context.requestId, app: this.context.app, error: cause },
        'bulk operation failed',
      );
    }
    const attempt = this.attemptOf(this.operations[index]?.stated ?? null);
    if (attempt !== undefined) await this.noteRefused(this.context, attempt, error);
    this.errors += 1;
    this.outcomes[index] = { status: error.status, error, ...(location === undefined ? {} : { location }) };
  }

  /** RFC 7644 §3.7: each answer but that of a failed POST has a location. */
  private statedLocation(operation: BulkOperation | ScimError): string | undefined {
    if (operation instanceof ScimError || operation.id === undefined) return undefined;
    const endpoint = this.endpoints.find(({ type }) => type.endpoint === operation.endpoint);
    return (
      endpoint &&
      locationOf(
        this.context,
        endpoint,
        resolveId(operation.id, bulkId => this.ids.get(bulkId)),
      )
    );
  }

  private endpointOf({ endpoint, method }: BulkOperation): Endpoint {
    const found = this.endpoints.find(({ type }) => type.endpoint === endpoint);
    if (found !== undefined) return found;
    throw new ScimError(
      404,
      undefined,
      `${method} ${endpoint}: wanted a path below ${this.endpoints.map(({ type }) => type.endpoint).join(' or ')}`,
    );
  }

  private resolve(data: JsonObject): JsonObject {
    if (this.ids.size === 0) return data;
    const resolved = replaceReferences(data, bulkId => this.ids.get(bulkId));
    return isJsonObject(resolved) ? resolved : data;
  }

  private outcome(status: number, endpoint: Endpoint, id: string, version: number): Outcome {
    return { status, location: locationOf(this.context, endpoint, id), version: etagOf(version) };
  }

  /** For people who look at the request: the first hundred. */
  private noteChange(text: string): void {
    if (this.context.changes.length < 100) this.context.changes.push(text);
  }

  private touch(keys: readonly WorkKey[]): void {
    for (const key of keys) this.touched.add(key);
  }
}
