/**
 * Sign-in by OpenID Connect: authorization code with PKCE, state and nonce. What belongs to one sign-in follows from an id in a cookie
 * and a key of the installation, so that any replica can finish what another one began.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type * as OpenIdClient from 'openid-client';
import { type Configuration } from 'openid-client';
import { type AdminScope } from '../../contract/admin-api';
import { digestHex } from '../../http/caller';
import { type Database } from '../../store/database/database';
import { secretKey } from '../../store/database/settings';

export interface OidcOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  /** Separated by spaces. */
  readonly scopes: string;
  readonly groupsClaim: string;
  /** Groups whose people see the page. */
  readonly viewers: readonly string[];
  /** Groups whose people decide there as well. */
  readonly operators: readonly string[];
}

/** Somebody whom the OpenID provider knows, and what their groups let them do; nothing: no scope. */
export interface OidcPerson {
  /** For the audit trail: the e-mail address, unless the provider calls it unverified, else the subject after `oidc:`. */
  readonly name: string;
  readonly subject: string;
  readonly groups: readonly string[];
  readonly scopes: readonly AdminScope[];
}

export interface Oidc {
  /** Begins a sign-in. @returns the id for the cookie, and where to send the browser */
  begin(): Promise<{ readonly id: string; readonly url: string }>;
  /** Ends one. @param query what came back. @throws what the OpenID provider or its answer has wrong */
  finish(id: string, query: string): Promise<OidcPerson>;
}

const KEY = 'page-sign-in';
const TIMEOUT_S = 10;

/** @param redirectUri where the OpenID provider sends the browser back to */
export function createOidc(options: OidcOptions, database: Database, redirectUri: string): Oidc {
  let known: Promise<Configuration> | undefined;

  /** Asked once; asked again after a failure. Loaded only where somebody signs in by it. */
  async function provider(): Promise<{ client: typeof OpenIdClient; configuration: Configuration }> {
    const client = await import('openid-client');
    known ??= client
      .discovery(new URL(options.issuer), options.clientId, options.clientSecret, undefined, {
        timeout: TIMEOUT_S,
        // Plain http is for a trial on one machine: the configuration said so.
        execute: options.issuer.startsWith('http:') ? [client.allowInsecureRequests] : [],
      })
      .catch((error: unknown) => {
        known = undefined;
        throw error;
      });
    return { client, configuration: await known };
  }

  async function partsOf(id: string): Promise<{ verifier: string; state: string; nonce: string }> {
    const key = await secretKey(database.db, KEY);
    const part = (name: string) => createHmac('sha256', key).update(`${name} ${id}`).digest('base64url');
    return { verifier: part('verifier'), state: part('state'), nonce: part('nonce') };
  }

  return {
    async begin() {
      const id = randomBytes(32).toString('base64url');
      const { verifier, state, nonce } = await partsOf(id);
      const { client, configuration } = await provider();
      const url = client.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: options.scopes,
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      return { id, url: url.href };
    },
    async finish(id, query) {
      const { verifier, state, nonce } = await partsOf(id);
      const { client, configuration } = await provider();
      const current = new URL(redirectUri);
      current.search = query;
      const tokens = await client.authorizationCodeGrant(configuration, current, {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      });
      let claims: Readonly<Record<string, unknown>> = tokens.claims() ?? {};
      const subject = String(claims['sub']);
      if (claims[options.groupsClaim] === undefined && configuration.serverMetadata().userinfo_endpoint !== undefined)
        claims = { ...(await client.fetchUserInfo(configuration, tokens.access_token, subject)), ...claims };
      return personOf(options, subject, claims);
    },
  };
}

/** Of all that decides who somebody is and what they may do: another one where any of that is another. The order of groups decides nothing. */
export function digestOf({ issuer, clientId, groupsClaim, viewers, operators }: OidcOptions): string {
  const parts = [issuer, clientId, groupsClaim, [...viewers].sort(), [...operators].sort()];
  return digestHex(JSON.stringify(parts));
}

/** What the claims make of somebody. */
export function personOf(
  { groupsClaim, viewers, operators }: Pick<OidcOptions, 'groupsClaim' | 'viewers' | 'operators'>,
  subject: string,
  claims: Readonly<Record<string, unknown>>,
): OidcPerson {
  const stated = claims[groupsClaim];
  const groups = (Array.isArray(stated) ? stated : [stated]).filter(group => typeof group === 'string');
  const isIn = (wanted: readonly string[]) => groups.some(group => wanted.includes(group));
  const email = claims['email'];
  // An address that the provider calls unverified is what somebody wrote of themselves.
  const proven = typeof email === 'string' && email.includes('@') && claims['email_verified'] !== false;
  return {
    name: proven ? email : `oidc:${subject}`,
    subject,
    groups,
    scopes: isIn(operators) ? ['read', 'operate'] : isIn(viewers) ? ['read'] : [],
  };
}
