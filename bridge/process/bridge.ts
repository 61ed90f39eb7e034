/** The whole bridge put together: database, Coder, reconciler, HTTP. The one place that knows all parts. */
import { createCredentials } from '../admin/access/credentials';
import { createAuditWatch } from '../audit/watch';
import { createCoderProbe } from '../admin/coder-probe';
import { type AdminDeps } from '../admin/deps';
import { createSeatCount } from '../admin/seats';
import { createAdminRouter } from '../admin/router';
import { readStatus } from '../admin/status';
import { createApp, type Readiness } from '../http/app';
import { createCoderClient, createCredential, isPlainToAnotherHost } from '../coder';
import { configuredCredentials } from './admin-credentials';
import { type Config } from './config';
import { createCredentialKeeper } from './credential-keeper';
import { createDatabaseProbe } from './database-probe';
import { type Log } from '../http/log';
import { createMetrics } from '../http/metrics';
import { createPageRouter } from '../page/page';
import { type OidcOptions } from '../page/sign-in/oidc';
import { createReconciler } from '../reconcile';
import { answerClientError } from '../scim/http/client-error';
import { createScim } from '../scim/routing/router';
import { createStoredApps } from '../scim/access/stored-apps';
import { recordCoercions } from '../scim/access/stored-coercions';
import { listen, type Listening } from '../http/server';
import { DatabaseError } from '../store/database/backend';
import { type Database, openDatabase } from '../store/database/database';
import { BRIDGE_PATIENCE, type PostgresPatience } from '../store/database/postgres-patience';
import { listAllApps } from '../store/apps/apps';
import { UnreadableDocument } from '../store/apps/stored-document';
import { createDirectory, looseSetsOf } from '../store/directory';
import { debugWindowOf, noteRefusedCaller, writeRequests } from '../store/requests/requests';
import { newId } from '../store/database/id';
import { readSetting, writeSetting } from '../store/database/settings';
import { type Telemetry } from '../telemetry/telemetry';
import { Opened } from './opened';
import { reason } from './reason';
import { packageVersion } from './version';

export interface Bridge {
  /** Where it listens: `http://127.0.0.1:8399`. */
  readonly url: string;
  /** What the ready line says. */
  readonly facts: Readonly<Record<string, string>>;
  /** Finishes running requests, gives work back to the queue, closes everything. */
  stop(): Promise<void>;
}

export interface BridgeParts {
  readonly log: Log;
  /** Name of this process among the replicas. @default a new one */
  readonly owner?: string;
  /** @default nothing is sent */
  readonly telemetry?: Telemetry | undefined;
  /** @default what is more than enough for 100,000 people */
  readonly patience?: PostgresPatience | undefined;
}

const SEALED_TOKEN = 'coder-credential';

/** For how long work is somebody's without a word of theirs. */
const LEASE_MS = 15_000;

/**
 * Starts a bridge: it listens when this resolves. Coder need not be there yet.
 * @throws DatabaseError, ListenError
 */
export async function createBridge(config: Config, parts: BridgeParts): Promise<Bridge> {
  const { patience = BRIDGE_PATIENCE } = parts;
  const database = await openDatabase(config.databaseUrl, { alone: true, patience });
  const opened = new Opened();
  opened.add(() => database.close());
  try {
    const listening = await listen(config.listen, answerClientError);
    try {
      return await assemble(config, parts, { database, listening, opened });
    } catch (error) {
      await listening.close(0);
      throw error;
    }
  } catch (error) {
    // What stays open keeps the process from ending, which nobody would start again then.
    await opened.close().catch((failed: unknown) => parts.log.warn({ err: failed }, 'not everything could be closed'));
    throw error;
  }
}

interface Opening {
  readonly database: Database;
  readonly listening: Listening;
  /** Takes what else is opened. */
  readonly opened: Opened;
}

async function assemble(
  config: Config,
  { log, owner = newId(), telemetry }: BridgeParts,
  { database, listening, opened }: Opening,
): Promise<Bridge> {
  const clock = () => Date.now();
  const tracer = telemetry?.tracer;
  const publicUrl = config.publicUrl ?? listening.url;
  let stopping = false;
  const ending = new AbortController();

  const metrics = createMetrics({
    status: () => readStatus(admin),
    circuitClosed: () => coder.health.reachable,
    mirror: telemetry?.metrics,
  });
  const coder = createCoderClient({
    url: config.coderUrl,
    credential: createCredential(
      config.coderTokenFile === undefined ? { token: config.coderToken } : { file: config.coderTokenFile },
      { store: sealedTokenStore(database) },
    ),
    log,
    certificates: config.coderCertificates,
    limits: { concurrency: config.coderConcurrency },
    observe: exchange => metrics.coderCalled(exchange),
    trace: tracer?.coderCall,
  });
  opened.add(() => coder.close());
  // The last metrics are read from the database.
  if (telemetry !== undefined) opened.add(() => telemetry.stop());
  const auditWatch = createAuditWatch({
    database,
    exports: config.auditExport,
    authorization: config.auditExportAuthorization,
    webhook: config.webhookUrl === undefined ? undefined : { url: config.webhookUrl, secret: config.webhookSecret },
    version: packageVersion(),
    owner,
    log,
    clock,
    observe: {
      sealed: line => metrics.auditSealed(line),
      exported: (destination, behind) => metrics.auditExported(destination, behind),
    },
  });
  const keeper = createCredentialKeeper({ coder, database, owner, renew: config.renewToken, log, clock });
  const seats = createSeatCount(coder, clock);
  const probe = createCoderProbe({ url: config.coderUrl, coder, expiresAt: () => keeper.expiresAt(), clock });
  const reconciler = createReconciler({
    database,
    coder,
    log,
    options: {
      owner,
      leaseMs: LEASE_MS,
      sweepIntervalMs: config.sweepIntervalMs,
      auditRetentionMs: config.auditRetentionMs,
    },
    observe: done => metrics.converged(done),
    spans: tracer,
  });
  const scim = createScim({
    directory: createDirectory(database, { claimant: { owner, leaseMs: LEASE_MS } }),
    converge: (keys, options) => reconciler.converge(keys, options),
    apps: createStoredApps(database),
    recordCoercions: (app, dialect, counts) => recordCoercions(database.db, app, dialect, counts, clock()),
    ...(config.keepRequests
      ? {
          requests: {
            write: records => database.transact(db => writeRequests(db, records)),
            debugWindow: app => debugWindowOf(database.db, app),
            refused: (app, reason) => database.transact(db => noteRefusedCaller(db, app, { at: clock(), reason })),
          },
        }
      : {}),
    publicUrl,
    clock,
    log,
    limits: { convergeDeadlineMs: config.requestDeadlineMs },
    trustedProxies: config.trustedProxies,
    observe: served => {
      metrics.scimServed(served);
      tracer?.scimServed(served);
    },
    traceparent: tracer?.traceparent,
  });
  const credentials = createCredentials(database, configuredCredentials(config), clock);
  const version = packageVersion();
  const admin: AdminDeps = {
    database,
    reconciler,
    coder,
    probe,
    seats,
    credentials,
    publicUrl,
    version,
    log,
    clock,
    traceparent: tracer?.traceparent,
  };

  const databaseProblem = createDatabaseProbe(database, clock);
  const readiness = async (): Promise<Readiness> => {
    // The token may be in the database: without it, what is asked of Coder says nothing of Coder.
    const problemOfDatabase = await databaseProblem();
    const recovery = reconciler.recoveryProblem();
    if (problemOfDatabase !== null)
      return { database: problemOfDatabase, coder: 'not asked without the database', recovery };
    return { database: null, coder: (await probe.state()).problem, recovery };
  };
  listening.serve(
    createApp({
      scim,
      admin: createAdminRouter(admin),
      page: createPageRouter({ ...admin, oidc: oidcOptions(config), stopping: ending.signal }),
      readiness,
      metrics: () => metrics.render(),
      credentials,
      trustedProxies: config.trustedProxies,
      stopping: () => stopping,
      traced: tracer?.traced,
      log,
      clock,
    }),
  );
  await tellUnreadable(database, log);
  const loose = looseSetsOf(database);
  loose.tell = error => log.error({ err: error }, 'what a change of a large group leaves to do is tried again');
  opened.add(() => loose.stop());
  opened.add(() => auditWatch.stop());
  opened.add(() => Promise.all([reconciler.stop(), keeper.stop()]));
  loose.wake();
  reconciler.start();
  keeper.start();
  auditWatch.start();
  warnOfPlainHttp(config, publicUrl, log);

  return {
    url: listening.url,
    facts: {
      version,
      url: listening.url,
      scim: `${publicUrl}/scim/v2`,
      database: database.backend,
      coder: config.coderUrl,
    },
    async stop() {
      stopping = true;
      ending.abort();
      await listening.close(config.shutdownTimeoutMs);
      await opened.close();
    },
  };
}

/** How people sign in to the page; undefined: by an admin credential. */
function oidcOptions(config: Config): OidcOptions | undefined {
  const { oidcIssuer: issuer, oidcClientId: clientId } = config;
  if (issuer === undefined || clientId === undefined) return undefined;
  return {
    issuer,
    clientId,
    clientSecret: config.oidcClientSecret,
    scopes: config.oidcScopes,
    groupsClaim: config.oidcGroupsClaim,
    viewers: config.oidcViewers,
    operators: config.oidcOperators,
  };
}

/** A document that can't be read keeps everything from being given and taken, since accounts may be shared: said at once, and not at the first request. */
async function tellUnreadable({ db }: Database, log: Log): Promise<void> {
  try {
    await listAllApps(db);
  } catch (error) {
    if (error instanceof UnreadableDocument)
      log.error({ err: error }, 'nothing is given and nothing taken until every document can be read');
    // What has no code is a mistake of ours, and is told as one.
    else if (typeof (error as { code?: unknown }).code !== 'string') throw error;
    else throw new DatabaseError(`database can not be used: ${reason(error)}`, { cause: error });
  }
}

/** A renewed Coder token is kept sealed in the database when there is no file to write it to. */
function sealedTokenStore({ db }: Database) {
  return {
    read: () => readSetting(db, SEALED_TOKEN),
    write: (sealed: string) => writeSetting(db, SEALED_TOKEN, sealed),
  };
}

// Bearer tokens over plain HTTP can be read on the way.
function warnOfPlainHttp({ listen: { host }, coderUrl }: Config, publicUrl: string, log: Log): void {
  if (isPlainToAnotherHost(coderUrl))
    log.warn(
      { coder: coderUrl },
      "Coder is called over plain http on another machine: the bridge's token travels in the clear; set CODER_URL to https://",
    );
  const loopback = /^(127\.|localhost$|::1$)/.test(host);
  if (loopback || publicUrl.startsWith('https://')) return;
  log.warn(
    { host, publicUrl },
    'listening beyond this machine without an https public URL: tokens travel in the clear unless a proxy ends TLS; set CODER_SCIM_PUBLIC_URL',
  );
}
