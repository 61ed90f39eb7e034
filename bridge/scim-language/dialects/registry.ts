/** Dialects by identity provider, and what gives another identity provider away. */
import { authentik } from './authentik';
import { cyberark } from './cyberark';
import { type Dialect, strict } from './dialect';
import { entra } from './entra';
import { google } from './google';
import { jumpcloud } from './jumpcloud';
import { keycloak } from './keycloak';
import { okta } from './okta';
import { onelogin } from './onelogin';
import { ping } from './ping';

const DIALECTS = {
  generic: strict,
  okta,
  entra,
  onelogin,
  jumpcloud,
  ping,
  google,
  authentik,
  keycloak,
  cyberark,
} satisfies Readonly<Record<string, Dialect>>;

/** An identity provider that has a dialect. */
export type IdentityProvider = keyof typeof DIALECTS;

/** The dialect of an app: chosen by what its declaration says, never by what a request looks like. */
export function dialectOf(identityProvider: IdentityProvider): Dialect {
  return DIALECTS[identityProvider];
}

const SIGNS: readonly (readonly [IdentityProvider, RegExp])[] = [
  ['okta', /\bokta\b/i],
  ['onelogin', /onelogin/i],
  ['jumpcloud', /jumpcloud/i],
  ['ping', /\bping(?:federate|one|identity)/i],
  ['authentik', /authentik/i],
  ['keycloak', /keycloak/i],
  ['cyberark', /cyberark|\bidaptive\b/i],
  ['google', /\bgoogle\b/i],
];

/** What a request shows of the one who sent it. */
export interface Appearance {
  readonly userAgent: string | undefined;
  readonly query: URLSearchParams;
}

/**
 * The identity provider that a request looks like, when it looks like another one than is declared. It is reported and
 * changes nothing: dialects are never guessed.
 */
export function looksLikeAnother(declared: IdentityProvider, appearance: Appearance): IdentityProvider | undefined {
  const seen = appearanceOf(appearance);
  return seen === undefined || seen === declared ? undefined : seen;
}

// Entra sends no User-Agent; its flag in the tenant URL gives it away.
function appearanceOf({ userAgent, query }: Appearance): IdentityProvider | undefined {
  if ([...query.keys()].some(name => /^aadOptscim/i.test(name))) return 'entra';
  return userAgent === undefined ? undefined : SIGNS.find(([, sign]) => sign.test(userAgent))?.[0];
}
