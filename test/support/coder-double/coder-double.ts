/** Puts a double together, and opens its port when it is to have one. */
import { createApi } from './http/api';
import { AuditLog, type AuditRow } from './audit/audit-log';
import { CallLog } from './weather/call-log';
import { createControl } from './control';
import { Faults } from './weather/faults';
import { Flights } from './weather/flights';
import { Hands } from './hands';
import { ApiKeys } from './tokens/keys';
import { renderAnswer, type RenderedAnswer, signatureOf } from './http/answer';
import { Exchange, splitTarget } from './http/exchange';
import { DoubleServer } from './http/server';
import { settle, type CoderDoubleOptions } from './settings';
import { snapshot, snapshotUser, type Snapshot, type UserSnapshot } from './state/snapshot';
import { CoderState } from './state/state';
import { Workspaces } from './workspaces/workspaces';
import { type World } from './world';

/** A request that is answered in this process, as a client would send it. */
export interface PlainRequest {
  readonly method: string;
  /** With the query: `/api/v2/users?q=ann`. */
  readonly path: string;
  /** Names in any case. @default none, so nobody is known to be asking */
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text. @default '' */
  readonly body?: string;
}

/** A connection that was refused or cut: whether the work was done is not known. */
export class ConnectionLost extends Error {
  constructor(request: PlainRequest) {
    super(`the double cut the connection of ${request.method} ${request.path}`);
    this.name = 'ConnectionLost';
  }
}

interface DoubleParts {
  readonly world: World;
  readonly token: string;
  readonly calls: CallLog;
  readonly faults: Faults;
  readonly exchange: Exchange;
  readonly server: DoubleServer;
}

/** A running double. The verbs that change Coder by hand are those of `Hands`. */
export class CoderDouble extends Hands {
  /** Session token of the first owner, `testuser`. */
  readonly token: string;
  readonly calls: CallLog;
  readonly faults: Faults;
  private reachable = true;
  private listens = false;

  /** @internal use `startCoderDouble` or `createCoderDouble` */
  constructor(private readonly parts: DoubleParts) {
    super(parts.world);
    this.token = parts.token;
    this.calls = parts.calls;
    this.faults = parts.faults;
  }

  /** Base URL, without `/api/v2`. */
  get url(): string {
    return this.parts.world.url;
  }

  /**
   * Answers without a socket. It waits for nothing but the clock: with `flightMilliseconds: 0`, no latency and no
   * slowness the answer comes in microtasks alone.
   *
   * @throws ConnectionLost where a socket would have been cut or not been opened
   */
  async handle(request: PlainRequest): Promise<RenderedAnswer> {
    if (!this.reachable) throw new ConnectionLost(request);
    const { method, path, headers = {}, body = '' } = request;
    const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    const answer = await this.parts.exchange.handle({
      method,
      ...splitTarget(path),
      headers: Object.fromEntries(named) as Record<string, string>,
      body,
      ip: '127.0.0.1',
    });
    if (!answer) throw new ConnectionLost(request);
    return renderAnswer(answer);
  }

  /** What it holds: users, groups, organizations, memberships, roles, sync settings. Change it through the verbs. */
  get state(): CoderState {
    return this.parts.world.state;
  }

  /** Everything by names. */
  snapshot(): Snapshot {
    return snapshot(this.parts.world.state);
  }

  /** One user by names. @throws when there is no such user */
  describe(user: string): UserSnapshot {
    return snapshotUser(this.findUser(user));
  }

  /** Usernames, ordered. */
  membersOf(group: string, organization?: string): string[] {
    return [...this.findGroup(group, organization).members].map(user => user.username);
  }

  /** Rows of the audit log, newest first. */
  auditRows(): AuditRow[] {
    return this.parts.world.audit.find(() => true);
  }

  /** Closes the listener and cuts connections, or opens it again on the same port. */
  async unreachable(unreachable: boolean): Promise<void> {
    this.reachable = !unreachable;
    if (!this.listens) return;
    if (unreachable) await this.parts.server.close();
    else await this.parts.server.reopen();
  }

  /** @throws when the port is taken */
  async listen(port: number): Promise<void> {
    await this.parts.server.listen(port);
    this.listens = true;
    this.parts.world.url = this.parts.server.url;
  }

  close(): Promise<void> {
    return this.parts.server.close();
  }
}

/** Base URL of a double that has no port. */
const NOWHERE = 'http://coder.invalid';

/** A Coder in this process alone, with one owner, `testuser`, and the organization `coder`; ask it by `handle`. */
export function createCoderDouble(options: CoderDoubleOptions = {}): CoderDouble {
  const settings = settle(options);
  const state = new CoderState(settings);
  const world: World = {
    settings,
    state,
    workspaces: new Workspaces(settings),
    keys: new ApiKeys(settings.clock, settings.chance),
    audit: new AuditLog(settings.clock, settings.chance),
    interceptions: [],
    flights: new Flights(settings.flightMilliseconds, settings.clock),
    deploymentId: settings.chance.uuid(),
    url: NOWHERE,
  };
  const owner = state.addUser({
    username: 'testuser',
    email: 'testuser@coder.com',
    name: 'Test User',
    loginType: 'password',
    status: 'active',
    roles: ['owner'],
  });
  state.join(owner, state.defaultOrganization);
  owner.lastSeenAt = state.time();
  world.audit.recordSignIn(owner, 'login');
  const { token } = world.keys.issue(owner, options.token === undefined ? {} : { token: options.token });

  const calls = new CallLog();
  const faults = new Faults();
  const { clock } = settings;
  const exchange: Exchange = new Exchange({
    faults,
    calls,
    clock,
    signature: signatureOf(settings),
    serve: createApi(world),
    control: request => control(request),
  });
  const double = new CoderDouble({ world, token, calls, faults, exchange, server: new DoubleServer(exchange) });
  const setUnreachable = (unreachable: boolean) => double.unreachable(unreachable);
  const control = createControl({ world, faults, calls, hands: double, setUnreachable });
  return double;
}

/**
 * Starts a Coder, as `createCoderDouble` makes it, that listens on 127.0.0.1.
 *
 * @throws when the port is taken
 */
export async function startCoderDouble(options: CoderDoubleOptions = {}): Promise<CoderDouble> {
  const double = createCoderDouble(options);
  await double.listen(options.port ?? 0);
  return double;
}
