/** Signing in and out: by OpenID Connect where one is configured, else by an admin credential. */
import express, { type Request, type Response, type Router } from 'express';
import { plainAddress } from '../../http/source';
import { Throttle } from '../../http/throttle';
import { type PageDeps } from '../deps';
import { bareLayout } from '../layout';
import { readCookie } from './cookies';
import { createOidc } from './oidc';
import { refuseOtherSites } from './same-site';
import { type Sessions } from './session';
import { credentialForm, oidcLink } from './views';

const STEP_MS = 10 * 60_000;

export function addSignIn(router: Router, deps: PageDeps, sessions: Sessions, base: string): void {
  const show = (response: Response, status: number, to: string, problem?: string) =>
    response
      .status(status)
      .send(
        bareLayout(
          base,
          'Sign in',
          deps.oidc === undefined ? credentialForm(base, to, problem) : oidcLink(base, deps.oidc.issuer, to, problem),
        ),
      );
  router.get('/sign-in', (request, response) => {
    show(response, 200, wayBack(queryOf(request).get('to')));
  });
  if (deps.oidc === undefined) addCredentialSignIn(router, deps, sessions, base, show);
  else addOidcSignIn(router, { ...deps, oidc: deps.oidc }, sessions, base, show);
}

type Show = (response: Response, status: number, to: string, problem?: string) => void;

function addCredentialSignIn(router: Router, deps: PageDeps, sessions: Sessions, base: string, show: Show): void {
  const throttle = new Throttle();
  router.post('/sign-in', express.urlencoded({ extended: false, limit: 10_000 }), async (request, response) => {
    refuseOtherSites(request, deps.publicUrl);
    const body = (request.body ?? {}) as Record<string, unknown>;
    const to = wayBack(body['to']);
    const secret = typeof body['credential'] === 'string' ? body['credential'].trim() : '';
    const caller = secret === '' ? undefined : await deps.credentials.find(secret);
    if (typeof caller === 'object' && caller.scopes.has('read')) {
      await sessions.begin(response, {
        name: caller.name,
        scopes: [...caller.scopes],
        credential: caller.digest,
        expiresAt: caller.expiresAt,
        how: 'by admin credential',
      });
      response.redirect(303, `${base}${to}`);
      return;
    }
    const source = plainAddress(request.ip ?? 'unknown');
    const wait = throttle.fail([source], deps.clock());
    deps.log.warn({ source, throttled: wait > 0 }, 'sign-in to the page refused');
    if (wait > 0) {
      response.setHeader('retry-after', String(wait));
      show(response, 429, to, `too many wrong credentials from this address: wait ${wait} s`);
    } else if (typeof caller === 'object')
      show(
        response,
        403,
        to,
        `credential ${JSON.stringify(caller.name)} has no scope read: the page wants one that has`,
      );
    else show(response, 401, to, caller ?? 'this is no admin credential that the bridge knows');
  });
}

function addOidcSignIn(
  router: Router,
  deps: PageDeps & { readonly oidc: NonNullable<PageDeps['oidc']> },
  sessions: Sessions,
  base: string,
  show: Show,
): void {
  const { publicUrl, log } = deps;
  const oidc = createOidc(deps.oidc, deps.database, `${publicUrl}/ui/sign-in/callback`);
  const cookie = 'coder-scim-sign-in';
  const options = {
    path: `${base}/sign-in`,
    httpOnly: true,
    sameSite: 'lax',
    secure: publicUrl.startsWith('https://'),
  } as const;
  router.get('/sign-in/oidc', async (request, response) => {
    const to = wayBack(queryOf(request).get('to'));
    try {
      const { id, url } = await oidc.begin();
      response.cookie(cookie, `${id}.${Buffer.from(to).toString('base64url')}`, { ...options, maxAge: STEP_MS });
      response.redirect(303, url);
    } catch (error) {
      log.warn({ error }, 'the OpenID provider could not be asked');
      show(response, 502, to, `the OpenID provider could not be asked: ${messageOf(error)}`);
    }
  });
  router.get('/sign-in/callback', async (request, response) => {
    const [id = '', way = ''] = (readCookie(request, cookie) ?? '').split('.');
    const to = wayBack(Buffer.from(way, 'base64url').toString());
    response.clearCookie(cookie, options);
    if (id === '') {
      show(response, 400, to, 'this sign-in was begun elsewhere, or too long ago: begin again');
      return;
    }
    try {
      const person = await oidc.finish(id, request.url.split('?', 2)[1] ?? '');
      if (person.scopes.length === 0) {
        log.warn({ subject: person.subject, groups: person.groups.length }, 'sign-in to the page refused: no group');
        show(
          response,
          403,
          to,
          `${person.name} is in no group that may see this page: the claim ${JSON.stringify(deps.oidc.groupsClaim)} had ${person.groups.length} groups, wanted one of CODER_SCIM_OIDC_VIEWERS or CODER_SCIM_OIDC_OPERATORS`,
        );
        return;
      }
      await sessions.begin(response, {
        name: person.name,
        scopes: person.scopes,
        how: `by ${deps.oidc.issuer}, subject ${person.subject}`,
      });
      response.redirect(303, `${base}${to}`);
    } catch (error) {
      log.warn({ error }, 'sign-in to the page failed');
      show(response, 403, to, `the sign-in did not succeed: ${messageOf(error)}`);
    }
  });
}

/** A path below the page, such as `/people?search=a`; everything else is its beginning. */
function wayBack(stated: unknown): string {
  const path = typeof stated === 'string' ? stated : '';
  return /^\/[A-Za-z0-9][A-Za-z0-9/._~%@:+,;=&?-]*$/.test(path) && !path.startsWith('/sign-') ? path : '';
}

function queryOf({ url }: Request): URLSearchParams {
  return new URLSearchParams(url.split('?', 2)[1] ?? '');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
