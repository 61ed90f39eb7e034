/** Puts a double together and opens its port. */
import { createApi } from './http/api';
import { AuditLog, type AuditRow } from './audit/audit-log';
import { CallLog } from './weather/call-log';
import { createControl } from './control';
import { Faults } from './weather/faults';
import { Flights } from './weather/flights';
import { Hands } from './hands';
import { ApiKeys } from './tokens/keys';
import { DoubleServer } from './http/server';
import { settle, type CoderDoubleOptions } from './settings';
import { snapshot, snapshotUser, type Snapshot, type UserSnapshot } from './state/snapshot';
import { CoderState } from './state/state';
import { Workspaces } from './workspaces/workspaces';
import { type World } from './world';

/** A running double. The verbs that change Coder by hand are those of `Hands`. */
export class CoderDouble extends Hands {
  /** @internal use `startCoderDouble` */
  constructor(
    private readonly server: DoubleServer,
    private readonly inside: World,
    /** Session token of the first owner, `testuser`. */
    readonly token: string,
    readonly calls: CallLog,
    readonly faults: Faults,
  ) {
    super(inside);
  }

  /** Base URL, without `/api/v2`. */
  get url(): string {
    return this.server.url;
  }

  /** What it holds: users, groups, organizations, memberships, roles, sync settings. Change it through the verbs. */
  get state(): CoderState {
    return this.inside.state;
  }

  /** Everything by names. */
  snapshot(): Snapshot {
    return snapshot(this.inside.state);
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
    return this.inside.audit.find(() => true);
  }

  /** Closes the listener and cuts connections, or opens it again on the same port. */
  unreachable(unreachable: boolean): Promise<void> {
    return this.server.setUnreachable(unreachable);
  }

  close(): Promise<void> {
    return this.server.close();
  }
}

/**
 * Starts a Coder with one owner, `testuser`, and the organization `coder`.
 *
 * @throws when the port is taken
 */
export async function startCoderDouble(options: CoderDoubleOptions = {}): Promise<CoderDouble> {
  const settings = settle(options);
  const state = new CoderState(settings);
  const world: World = {
    settings,
    state,
    workspaces: new Workspaces(settings),
    keys: new ApiKeys(settings.clock, settings.chance),
    audit: new AuditLog(settings.clock, settings.chance),
    flights: new Flights(settings.flightMilliseconds, settings.clock),
    deploymentId: settings.chance.uuid(),
    url: '',
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
  const serve = createApi(world);
  const server: DoubleServer = new DoubleServer({ faults, calls, serve, control: request => control(request) });
  const double = new CoderDouble(server, world, token, calls, faults);
  const setUnreachable = (unreachable: boolean) => server.setUnreachable(unreachable);
  const control = createControl({ world, faults, calls, hands: double, setUnreachable });
  await server.listen(options.port ?? 0);
  world.url = server.url;
  return double;
}
