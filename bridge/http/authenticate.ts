/** Lets in who shows the admin token; who fails too often waits, who shows the right token never does. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type RequestHandler } from 'express';
import { type Log } from './log';
import { Throttle } from './throttle';
import { Refusal } from './refusal';

export interface AuthenticateOptions {
  /** Any of these is right. */
  readonly tokens: readonly string[];
  readonly log: Log;
  readonly clock: () => number;
  /** What the credential opens, for the error text. */
  readonly what: string;
}

export function createAuthenticate({ tokens, log, clock, what }: AuthenticateOptions): RequestHandler {
  const wanted = tokens.map(digest);
  const throttle = new Throttle();
  return (request, _response, next) => {
    const shown = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    if (shown !== undefined && matches(wanted, digest(shown))) {
      next();
      return;
    }
    const source = request.ip ?? request.socket.remoteAddress ?? 'unknown';
    const wait = throttle.fail([source], clock());
    log.warn({ source, throttled: wait > 0, path: request.baseUrl }, 'admin caller refused');
    if (wait > 0) {
      throw new Refusal(429, 'too_many_failures', `too many wrong credentials from this address: wait ${wait} s`, {
        headers: { 'retry-after': String(wait) },
      });
    }
    const got = shown === undefined ? 'no bearer token was shown' : 'the bearer token is not the right one';
    throw new Refusal(401, 'unauthorized', `${got}: ${what} wants the bridge's admin token (CODER_SCIM_ADMIN_TOKEN)`, {
      headers: { 'www-authenticate': 'Bearer realm="coder-scim admin"' },
    });
  };
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest();
}

// Every token is compared, whichever fits: the time tells nothing.
function matches(wanted: readonly Buffer[], shown: Buffer): boolean {
  return wanted.map(token => timingSafeEqual(token, shown)).includes(true);
}
