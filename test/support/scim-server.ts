/** A SCIM endpoint on a free port over a fresh database, with one or more apps, and a client of it. Nothing of Coder behind it. */
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo } from 'node:net';
import express from 'express';
import { createLog } from '../../bridge/process/log';
import { type MappingStateInput, parseMappingState } from '../../bridge/contract/mapping-state';
import { createScim } from '../../bridge/scim/routing/router';
import { type ScimDeps } from '../../bridge/scim/http/deps';
import { createStoredApps } from '../../bridge/scim/access/stored-apps';
import { recordCoercions } from '../../bridge/scim/access/stored-coercions';
import { answerClientError } from '../../bridge/scim/http/client-error';
import { type MintedToken, mintToken } from '../../bridge/scim/access/token';
import { deleteApp, putApp } from '../../bridge/store/apps/apps';
import { type Database, openDatabase } from '../../bridge/store/database/database';
import { createDirectory } from '../../bridge/store/directory';
import { debugWindowOf, noteRefusedCaller, writeRequests } from '../../bridge/store/requests/requests';
import { type WorkKey } from '../../bridge/store/work/enqueue';

/** An answer, with the body as text and, where it is JSON, as data. */
export interface ScimAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: ScimBody;
}

/** A body as tests look into it: what a test names is there, or the test fails. */
export interface ScimBody {
  [name: string]: unknown;
  schemas: string[];
  id: string;
  userName: string;
  displayName: string;
  active: boolean;
  meta: { resourceType: string; created: string; lastModified: string; location: string; version: string };
  members: { value: string; $ref: string; type: string; display?: string }[];
  groups: { value: string; $ref: string; type: string; display: string }[];
  totalResults: number;
  startIndex: number;
  itemsPerPage: number;
  Resources: ScimBody[];
  nextCursor: string;
  previousCursor: string;
  detail: string;
  status: string;
  scimType: string;
  Operations: {
    method: string;
    bulkId: string;
    location: string;
    version: string;
    status: string;
    response: { scimType: string; detail: string; status: string };
  }[];
}

export interface CallOptions {
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** @default the token of the first app; null sends none */
  readonly token?: string | null;
}

export type Call = (method: string, path: string, options?: CallOptions) => Promise<ScimAnswer>;

export interface ScimServer {
  readonly url: string;
  readonly port: number;
  readonly database: Database;
  readonly token: string;
  /** Keys that converge was asked for, in order. */
  readonly converged: WorkKey[];
  /** Lines of the log as data. */
  readonly log: Record<string, unknown>[];
  /** Moves the clock. */
  advance(milliseconds: number): void;
  now(): number;
  call: Call;
  putApp(state: Partial<MappingStateInput> & { app: string }): Promise<void>;
  removeApp(app: string): Promise<void>;
  /** Declares an app with one new token of it. */
  addApp(app: string, state?: Partial<MappingStateInput>): Promise<MintedToken>;
  close(): Promise<void>;
}

export interface ScimServerOptions {
  /** @default an SQLite database in memory */
  readonly database?: Database;
  /** A token that the database knows already. @default a new one of a new app `main` */
  readonly token?: string;
  /** Keeps neither log lines nor converged keys: for long runs. @default false */
  readonly forgetful?: boolean;
  /** State of the first app, `main`. */
  readonly state?: Partial<MappingStateInput>;
  /** Whether what is asked all the time takes the way in front of express. @default true */
  readonly shortcut?: boolean;
  readonly deps?: Partial<Pick<ScimDeps, 'converge' | 'limits' | 'throttle' | 'directory' | 'observe' | 'log'>>;
}

export async function startScimServer(options: ScimServerOptions = {}): Promise<ScimServer> {
  const database = options.database ?? (await openDatabase(':memory:'));
  const log: Record<string, unknown>[] = [];
  const converged: WorkKey[] = [];
  let shift = 0;
  const now = () => Date.now() + shift;
  const server = createServer({ maxHeaderSize: 32_768 });
  server.on('clientError', answerClientError);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const scim = createScim({
    directory: createDirectory(database, { clock: now }),
    converge: async keys => void (options.forgetful ? 0 : converged.push(...keys)),
    apps: createStoredApps(database),
    recordCoercions: (name, dialect, counts) => recordCoercions(database.db, name, dialect, counts, now()),
    requests: {
      write: records => database.transact(db => writeRequests(db, options.forgetful ? [] : records)),
      debugWindow: name => debugWindowOf(database.db, name),
      refused: (name, reason) => database.transact(db => noteRefusedCaller(db, name, { at: now(), reason })),
    },
    publicUrl: url,
    clock: now,
    log: createLog({
      level: options.forgetful ? 'silent' : 'debug',
      format: 'json',
      secrets: [],
      destination: { write: line => void log.push(JSON.parse(line) as Record<string, unknown>) },
    }),
    ...options.deps,
  });
  const app = express().disable('x-powered-by').disable('etag').use(scim.router);
  server.on('request', (request, response) => {
    if (options.shortcut === false || !scim.shortcut(request, response)) app(request, response);
  });

  const put = async (state: Partial<MappingStateInput> & { app: string }) => {
    const document = parseMappingState({ version: 1, ...state });
    await putApp(database, document, 'any', { actor: 'operator' }, now());
  };
  const addApp = async (name: string, state: Partial<MappingStateInput> = {}) => {
    const token = mintToken();
    const expiresAt = new Date(now() + 365 * 86_400_000).toISOString();
    await put({ app: name, ...state, tokens: { first: { digest: token.digest, expiresAt }, ...state.tokens } });
    return token;
  };
  const token = options.token ?? (await addApp('main', options.state)).token;

  return {
    url,
    port,
    database,
    token,
    converged,
    log,
    now,
    advance: milliseconds => void (shift += milliseconds),
    call: createCall(url, token),
    putApp: put,
    addApp,
    removeApp: async name => void (await deleteApp(database, name, 'any', { actor: 'operator' }, now())),
    async close() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
      if (options.database === undefined) await database.close();
    },
  };
}

/** A client that sends exactly what it is told, paths included. */
export function createCall(url: string, defaultToken: string): Call {
  const { hostname, port } = new URL(url);
  return (method, path, { body, raw, headers = {}, token = defaultToken } = {}) =>
    new Promise((resolve, reject) => {
      const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
      const outgoing = httpRequest(
        {
          hostname,
          port,
          method,
          path: path.startsWith('/scim') || path.startsWith('/apps') ? path : `/scim/v2${path}`,
          agent: false,
          headers: {
            ...(token === null ? {} : { authorization: `Bearer ${token}` }),
            ...(payload === undefined
              ? {}
              : {
                  'content-type': 'application/scim+json',
                  ...('transfer-encoding' in headers ? {} : { 'content-length': Buffer.byteLength(payload) }),
                }),
            ...headers,
          },
        },
        response => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text,
              body: (/json/.test(response.headers['content-type'] ?? '') && text !== ''
                ? JSON.parse(text)
                : undefined) as ScimBody,
            });
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(payload);
    });
}
