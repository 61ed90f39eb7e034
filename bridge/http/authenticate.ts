/** Lets in who shows a credential that may do what is asked; who fails too often waits, who shows a right one never does. */
import { type Request, type RequestHandler } from 'express';
import { ADMIN_SCOPES } from '../contract/admin-api';
import { type Caller, mayCall, type NeededScopes, setCaller } from './caller';
import { type Log } from './log';
import { plainAddress } from './source';
import { Throttle } from './throttle';
import { Refusal } from './refusal';

/** The caller whose secret this is; a text, why a secret that is known is not taken; undefined for one that is not known. */
export type FindCaller = (secret: string) => Promise<Caller | string | undefined>;

export interface AuthenticateOptions {
  readonly find: FindCaller;
  /** Which scopes the request wants; undefined where there is nothing, which is said to those alone who are let in. */
  readonly needs: (request: Request) => NeededScopes | undefined;
  readonly log: Log;
  readonly clock: () => number;
  /** What the credential opens, for the error text. */
  readonly what: string;
}

export function createAuthenticate({ find, needs, log, clock, what }: AuthenticateOptions): RequestHandler {
  const throttle = new Throttle();
  return async (request, response, next) => {
    const shown = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    const caller = shown === undefined ? undefined : await find(shown);
    if (typeof caller === 'object') {
      setCaller(response, caller);
      refuseScope(caller, needs(request), request);
      next();
      return;
    }
    const source = plainAddress(request.ip ?? request.socket.remoteAddress ?? 'unknown');
    const wait = throttle.fail([source], clock());
    log.warn({ source, throttled: wait > 0, path: request.baseUrl }, 'admin caller refused');
    if (wait > 0) {
      throw new Refusal(429, 'too_many_failures', `too many wrong credentials from this address: wait ${wait} s`, {
        headers: { 'retry-after': String(wait) },
      });
    }
    const got = shown === undefined ? 'no bearer token was shown' : (caller ?? 'the bearer token is not the right one');
    throw new Refusal(
      401,
      'unauthorized',
      `${got}: ${what} wants an admin credential (CODER_SCIM_ADMIN_TOKEN, or one of \`coder-scim admin-token create\`)`,
      { headers: { 'www-authenticate': 'Bearer realm="coder-scim admin"' } },
    );
  };
}

function refuseScope(caller: Caller, needed: NeededScopes | undefined, { method, baseUrl, path }: Request): void {
  if (needed === undefined || mayCall(caller, needed, ADMIN_SCOPES)) return;
  const wanted = needed === 'all' ? `all of ${ADMIN_SCOPES.join(', ')}` : needed.join(' or ');
  throw new Refusal(
    403,
    'missing_scope',
    `credential ${JSON.stringify(caller.name)} has scope ${[...caller.scopes].join(', ')}: ${method} ${baseUrl}${path} wants ${wanted}`,
  );
}
