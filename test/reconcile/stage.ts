/** A reconciler between a directory and a Coder double of their own; everything ends with the test. */
import { type CoderClient, createCoderClient, createCredential } from '../../bridge/coder';
import { type CoderLimits } from '../../bridge/coder/transport/limits';
import { type JsonObject } from '../../bridge/scim-language/json';
import { type MappingState, type MappingStateInput, parseMappingState } from '../../bridge/contract/mapping-state';
import { createReconciler, type Reconciler, type ReconcilerOptions } from '../../bridge/reconcile';
import { putApp } from '../../bridge/store/apps/apps';
import { type Database, openDatabase } from '../../bridge/store/database/database';
import { createDirectory, type Directory, type WriteContext } from '../../bridge/store/directory';
import { type WorkKey } from '../../bridge/store/work/enqueue';
import { type CoderDouble, type CoderDoubleOptions, startCoderDouble } from '../support/coder-double';
import { until } from '../support/until';

const ends: (() => Promise<unknown>)[] = [];

/** Longer than any machine takes; what is not done by then shows as what is missing. */
export const AMPLE_MS = 100_000;

/** What ends with the test, after everything that is started later. */
export function atEnd(end: () => Promise<unknown>): void {
  ends.push(end);
}

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

export const silentLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export const APP = 'okta';

export interface StageOptions extends ReconcilerOptions {
  readonly coder?: CoderDoubleOptions;
  /** Token of the bridge's account. @default the owner's */
  readonly token?: (double: CoderDouble) => string;
  readonly double?: CoderDouble;
  readonly databaseUrl?: string;
  readonly now?: () => number;
  /** How the client leans on Coder. */
  readonly limits?: Partial<CoderLimits>;
}

export interface Stage {
  readonly coder: CoderDouble;
  /** What the reconciler asks Coder with. */
  readonly client: CoderClient;
  readonly database: Database;
  readonly directory: Directory;
  readonly reconciler: Reconciler;
  /** Declares an app and waits until it is dealt with. */
  declare(state: Partial<MappingStateInput>): Promise<MappingState>;
  /** Writes to the directory as a SCIM request does, and converges what it touched. */
  write<T extends { readonly touched: readonly WorkKey[] } | undefined>(task: Promise<T>): Promise<NonNullable<T>>;
  createUser(userName: string, more?: JsonObject): Promise<string>;
  setActive(id: string, active: boolean): Promise<void>;
  createGroup(displayName: string, members?: readonly string[], more?: JsonObject): Promise<string>;
  join(group: string, ...users: string[]): Promise<void>;
  leave(group: string, ...users: string[]): Promise<void>;
  /** Works the queue until nothing is due any more. @param by another bridge. @default the stage's own */
  settle(by?: Reconciler): Promise<void>;
  readonly context: WriteContext;
}

function startClient(coder: CoderDouble, options: StageOptions): CoderClient {
  const client = createCoderClient({
    url: coder.url,
    credential: createCredential({ token: options.token?.(coder) ?? coder.token }),
    limits: { retryPauseMs: 1, ...options.limits },
  });
  atEnd(() => client.close());
  return client;
}

/** A bridge on a database: another one there, or the next after a restart. */
export function startReconciler(
  database: Database,
  coder: CoderDouble,
  options: StageOptions = {},
  client = startClient(coder, options),
): Reconciler {
  const reconciler = createReconciler({
    database,
    coder: client,
    log: silentLog,
    ...(options.now === undefined ? {} : { clock: { now: options.now } }),
    options: { sweepIntervalMs: 0, backoffMs: 5, pollMs: 10, ...options },
  });
  atEnd(() => reconciler.stop());
  return reconciler;
}

export async function startStage(options: StageOptions = {}): Promise<Stage> {
  const coder = options.double ?? (await startCoderDouble({ rateLimitPerMinute: 0, ...options.coder }));
  if (options.double === undefined) atEnd(() => coder.close());
  const database = await openDatabase(options.databaseUrl ?? ':memory:');
  atEnd(() => database.close());
  const client = startClient(coder, options);
  const reconciler = startReconciler(database, coder, options, client);
  const directory = createDirectory(database);
  const context: WriteContext = { app: APP, cause: { actor: 'scim', requestId: 'request-1', token: 'push' } };

  const stage: Stage = {
    coder,
    client,
    database,
    directory,
    reconciler,
    context,
    async declare(state) {
      const full = parseMappingState({ version: 1, app: APP, ...state });
      await putApp(database, full, 'any', { actor: 'declaration', requestId: 'apply-1' }, Date.now());
      await reconciler.converge([`app:${full.app}`], { deadlineMs: AMPLE_MS });
      await stage.settle();
      return full;
    },
    async write(task) {
      const written = await task;
      if (written === undefined) throw new Error('nothing was written');
      await reconciler.converge(written.touched, { deadlineMs: AMPLE_MS });
      return written;
    },
    async createUser(userName, more = {}) {
      const email = /@/.test(userName) ? userName : `${userName}@example.com`;
      const { resource } = await stage.write(
        directory.createUser(context, {
          schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
          userName,
          active: true,
          emails: [{ value: email, primary: true }],
          ...more,
        }),
      );
      return resource.id;
    },
    async setActive(id, active) {
      await stage.write(directory.updateUser(context, id, current => ({ ...current.document, active })));
    },
    async createGroup(displayName, members = [], more = {}) {
      const { resource } = await stage.write(
        directory.createGroup(
          context,
          { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName, ...more },
          members.map(value => ({ value })),
        ),
      );
      return resource.id;
    },
    async join(group, ...users) {
      await stage.write(
        directory.updateGroup(context, group, () => ({
          memberChanges: [{ kind: 'add', members: users.map(value => ({ value })) }],
        })),
      );
    },
    async leave(group, ...users) {
      await stage.write(
        directory.updateGroup(context, group, () => ({ memberChanges: [{ kind: 'remove', values: users }] })),
      );
    },
    async settle(by = reconciler) {
      for (let round = 0; round < 400; round += 1) {
        const due = await database.db
          .selectFrom('work')
          .select(['key', 'due_at'])
          .where('parked_at', 'is', null)
          .where('priority', '<', 9)
          .orderBy('priority')
          .limit(500)
          .execute();
        if (due.length === 0) return;
        await database.db.updateTable('work').set({ due_at: 0 }).where('parked_at', 'is', null).execute();
        await by.converge(
          due.map(row => row.key as WorkKey),
          { deadlineMs: AMPLE_MS },
        );
      }
      const left = await database.db.selectFrom('work').select(['key', 'error', 'attempts']).execute();
      throw new Error(`work does not come to an end: ${JSON.stringify(left.slice(0, 5))}`);
    },
  };
  return stage;
}

/** Has the timer look that runs without a sweep too; each call waits until it has. */
export function lookerOf(stage: Stage): () => Promise<void> {
  const timers = jest.spyOn(globalThis, 'setTimeout');
  atEnd(async () => timers.mockRestore());
  // Half a minute or so; a connection to Coder has timers of a minute.
  const looks = () => timers.mock.calls.filter(([, ms = 0]) => ms > 10_000 && ms < 50_000);
  stage.reconciler.start();
  atEnd(() => stage.reconciler.stop());
  return async () => {
    const before = looks();
    (before.at(-1)?.[0] as () => void)();
    await until('the look to end', () => looks().length > before.length);
  };
}
