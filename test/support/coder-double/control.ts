/**
 * The control path of the standalone program, for other processes on the same machine:
 *
 * - `POST /__double/oidc-login` `{claims}`: plays a browser sign-in, answers `{signedIn, status, text, token?, userId?}`
 * - `POST /__double/faults` one rule or a list of them (`{kind, match?, times?, probability?, …}`, see faults.ts);
 *   `{kind: 'unreachable', ms}` closes the listener for that long
 * - `DELETE /__double/faults`: no more faults
 * - `POST /__double/tokens` `{user, name?, scopes?, lifetimeSeconds?}`: a token for a user, answers `{token}`
 * - `GET /__double/state`: who is in Coder, by name
 * - `GET /__double/calls`: what was asked of it; `DELETE /__double/calls` forgets
 */
import { ok, routeNotFound, type Answer } from './http/answer';
import { type CallLog } from './weather/call-log';
import { type Claims } from './state/entities';
import { type FaultRule, type Faults } from './weather/faults';
import { type Hands } from './hands';
import { type Request } from './http/server';
import { snapshot } from './state/snapshot';
import { type World } from './world';

export interface Controlled {
  readonly world: World;
  readonly faults: Faults;
  readonly calls: CallLog;
  readonly hands: Hands;
  setUnreachable(unreachable: boolean): Promise<void>;
}

type ControlRule = FaultRule | { readonly kind: 'unreachable'; readonly ms: number };

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;

export function createControl(double: Controlled): (request: Request) => Promise<Answer> {
  const setFault = (rule: ControlRule): void => {
    if (rule.kind !== 'unreachable') return double.faults.add(rule);
    const reopen = () => void double.setUnreachable(false);
    setTimeout(() => void double.setUnreachable(true).then(() => setTimeout(reopen, rule.ms)), 20);
  };

  const actions: Readonly<Record<string, (body: unknown) => Answer>> = {
    'POST /__double/oidc-login': body => ok(double.hands.oidcLogin((body as { claims: Claims }).claims)),
    'POST /__double/faults': body => {
      for (const rule of Array.isArray(body) ? (body as ControlRule[]) : [body as ControlRule]) setFault(rule);
      return { status: 204 };
    },
    'DELETE /__double/faults': () => {
      double.faults.clear();
      return { status: 204 };
    },
    'POST /__double/tokens': body => {
      const { user, ...wanted } = body as { user: string; name?: string; scopes?: string[]; lifetimeSeconds?: number };
      return ok({ token: double.hands.issueToken(user, wanted) });
    },
    'GET /__double/state': () => ok(snapshot(double.world.state)),
    'GET /__double/calls': () => ok({ calls: double.calls.all(), writes: double.calls.countWrites() }),
    'DELETE /__double/calls': () => {
      double.calls.reset();
      return { status: 204 };
    },
  };

  return request => {
    const action = actions[`${request.method} ${request.path}`];
    if (!LOOPBACK.test(request.ip) || !action) return Promise.resolve(routeNotFound());
    try {
      return Promise.resolve(action(request.body === '' ? {} : JSON.parse(request.body)));
    } catch (problem) {
      return Promise.resolve(ok({ message: problem instanceof Error ? problem.message : String(problem) }, 400));
    }
  };
}
