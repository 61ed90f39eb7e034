/**
 * The bridge's own admin API on a free loopback port, with a database of its own and nobody behind it: what a reconciler
 * would say is said by the test.
 */
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer, type Socket } from 'node:net';
import express from 'express';
import { type AdminDeps } from '../../bridge/admin/deps';
import { createCredentials } from '../../bridge/admin/access/credentials';
import { createAdminRouter } from '../../bridge/admin/router';
import { AdminClient } from '../../bridge/admin-client/admin-client';
import { type HoldSummary, type PendingItem, type PlanReport } from '../../bridge/contract/admin-api';
import { type MappingStateIssue } from '../../bridge/contract/mapping-state';
import { digestHex } from '../../bridge/http/caller';
import { createLog } from '../../bridge/process/log';
import { TooManyPlans } from '../../bridge/reconcile';
import { listAllApps, listApps, purgeApp } from '../../bridge/store/apps/apps';
import { createReadReach } from '../../bridge/store/apps/reach';
import { type Database, openDatabase } from '../../bridge/store/database/database';
import { convergence } from '../admin/scripted-reconciler';
import { createUser } from '../../bridge/store/directory/users';
import { freshSqlite, type FreshDatabase } from '../support/databases';

export const ADMIN_TOKEN = 'admin-token-of-the-provider-tests';

export class AdminApi {
  /** Plans that wait for an operator; with one, its app has not converged. */
  holds: HoldSummary[] = [];
  /** What the bridge says an apply would do; undefined: Coder does not answer. */
  foreseen: PlanReport | undefined = {
    changes: [],
    adoption: { matched: [], created: [], held: [], strangers: [] },
    problems: [],
    holds: [],
    seats: null,
  };
  /** How often a plan is refused since others are made, before there is a place for it. */
  plansBefore = 0;
  /** What a bridge with other rules finds wrong in the document of a plan. */
  mistakes: readonly MappingStateIssue[] = [];
  /** What is not done yet, as the bridge would list it. */
  pending: PendingItem[] = [];
  /** Why nothing is given and nothing taken; null: all is. */
  recovery: string | null = null;
  /** Whether that is for an operator to end. */
  recoveryPending = false;
  /** Ids of Coder groups by name: those that are there. Undefined: Coder does not answer. */
  groups: Readonly<Record<string, string>> | undefined = { developers: 'id-of-developers' };
  /** Where the identity provider finds it. Counts when it listens again. */
  publicUrl = 'https://scim.example.test';
  /** The list of apps can not be made, as where one of them has a document that can not be read. */
  isListBroken = false;
  /** How many of the next writes are done and not answered: the connection breaks instead. */
  answersToLose = 0;
  /** How much of their answers comes before that: nothing, or the head and a part of the body. */
  loses: 'all' | 'body' = 'all';
  /** How often the status was asked for. */
  statusReads = 0;
  /** How often somebody connected and got no answer. */
  knocks = 0;
  private server: TcpServer | undefined;
  private readonly connections = new Set<Socket>();

  private constructor(
    private readonly fresh: FreshDatabase,
    private readonly database: Database,
    private port: number,
  ) {}

  static async start(): Promise<AdminApi> {
    const fresh = freshSqlite();
    const api = new AdminApi(fresh, await openDatabase(fresh.url), 0);
    await api.listen();
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** A client beside Terraform: another operator. */
  get client(): AdminClient {
    return new AdminClient({ url: this.url, token: ADMIN_TOKEN });
  }

  /** The identity provider of the app has sent somebody. */
  async addPerson(app: string, userName: string): Promise<void> {
    await this.database.transact(async db => {
      const cause = { actor: 'scim', requestId: 'test' } as const;
      return await createUser(
        { db, app, now: Date.now(), dueAt: Date.now(), cause, reach: createReadReach() },
        { userName, active: true },
      );
    });
  }

  /** Deals with what was deleted, where nothing holds it: nobody of it is left. */
  async purge(): Promise<void> {
    for (const app of await listAllApps(this.database.db)) {
      const held = [...this.holds, ...this.pending].some(item => item.app === app.name);
      if (!held) await purgeApp(this.database.db, app);
    }
  }

  /** Answers again, on the port it had. */
  async listen(): Promise<void> {
    await this.hangUp();
    const app = express();
    app.get('/admin/v1/status', (_request, _response, next) => {
      this.statusReads++;
      next();
    });
    app.get('/admin/v1/apps', (_request, response, next) => {
      if (!this.isListBroken) next();
      else response.status(500).json({ error: { code: 'internal', message: 'a document can not be read' } });
    });
    app.post('/admin/v1/plan', (_request, response, next) => {
      if (this.mistakes.length === 0) return next();
      const error = { code: 'invalid_mapping_state', message: 'the mapping state is refused', issues: this.mistakes };
      response.status(422).json({ error });
    });
    app.put('/admin/v1/*path', (request, response, next) => {
      if (this.answersToLose > 0) {
        this.answersToLose--;
        response.json = body => {
          if (this.loses === 'all') request.socket.destroy();
          else {
            response.set('content-length', String(JSON.stringify(body).length)).status(200);
            response.write('{"app"', () => request.socket.destroy());
          }
          return response;
        };
      }
      next();
    });
    app.use('/admin/v1', createAdminRouter(this.deps()));
    // As the bridge answers everywhere else.
    app.use((request, response) => {
      const error = { code: 'not_found', message: `there is nothing at ${request.path}`, requestId: 'none' };
      response.status(404).json({ error });
    });
    await this.open(createServer(app));
  }

  /** Takes connections on its port and breaks them, as what stands before a bridge that starts may do. */
  async breakConnections(): Promise<void> {
    await this.hangUp();
    const server = createTcpServer(socket => {
      this.knocks++;
      socket.destroy();
    });
    await this.open(server);
  }

  private async open(server: TcpServer): Promise<void> {
    server.on('connection', (socket: Socket) => {
      this.connections.add(socket);
      socket.on('close', () => this.connections.delete(socket));
    });
    await new Promise<void>(resolve => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  /** Nobody answers on its port any more. */
  async hangUp(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    for (const socket of this.connections) socket.destroy();
    if (server !== undefined) await new Promise(resolve => server.close(resolve));
  }

  async stop(): Promise<void> {
    await this.hangUp();
    await this.database.close();
    await this.fresh.drop();
  }

  private async groupIds(app: string): Promise<Record<string, string> | null> {
    const { groups } = this;
    if (groups === undefined) return null;
    const stored = (await listApps(this.database.db)).find(({ name }) => name === app);
    const mappings = Object.entries(stored?.state.groupMappings ?? {});
    return Object.fromEntries(
      mappings.flatMap(([key, { group }]) => (groups[group] === undefined ? [] : [[key, groups[group]]])),
    );
  }

  private deps(): AdminDeps {
    const { database } = this;
    const status = async () => ({
      apps: (await listApps(database.db)).map(({ name }) =>
        convergence(name, {
          converged: ![...this.holds, ...this.pending].some(item => item.app === name),
          waiting: this.pending.filter(item => item.app === name && item.state === 'waiting').length,
        }),
      ),
      ending: [],
      pending: this.pending,
      heldFor: [],
      holds: this.holds,
      leftOver: [],
      recovery: this.recovery,
      recoveryPending: this.recoveryPending,
      auditProblem: null,
    });
    const never = () => Promise.reject(new Error('not asked for by the provider'));
    return {
      database,
      reconciler: {
        start: () => undefined,
        stop: () => Promise.resolve(),
        converge: () => this.purge(),
        sweep: () => Promise.resolve(),
        status,
        leftOf: async app => ({
          pending: this.pending.filter(item => item.app === app),
          hold: this.holds.find(hold => hold.app === app) ?? null,
        }),
        answerReHire: never,
        planWorld: () => {
          this.plansBefore--;
          if (this.plansBefore >= 0) return Promise.reject(new TooManyPlans(2, 1));
          return this.foreseen === undefined ? never() : Promise.resolve(this.foreseen);
        },
        explain: never,
        hold: never,
        groups: never,
        releaseHold: never,
        retry: never,
        groupIds: app => this.groupIds(app),
        recoveryProblem: () => null,
        recovery: never,
        endRecovery: never,
        doctorChecks: never,
        identities: never,
        aiUsage: never,
        audit: never,
      },
      coder: { getUser: never, deleteUser: never, listSeenClaims: never },
      seats: { read: async () => null },
      probe: {
        state: () =>
          Promise.resolve({
            url: 'http://coder.example.test',
            reachable: true,
            version: 'v2.36.0',
            account: 'bridge',
            credentialExpiresAt: null,
            problem: null,
          }),
      },
      credentials: createCredentials(
        database,
        [{ name: 'terraform', digest: digestHex(ADMIN_TOKEN), scopes: ['declare'], expiresAt: undefined }],
        () => Date.now(),
      ),
      publicUrl: this.publicUrl,
      version: '9.9.9',
      log: createLog({ level: 'silent', format: 'json', secrets: [] }),
      clock: () => Date.now(),
      convergeDeadlineMs: 200,
    };
  }
}
