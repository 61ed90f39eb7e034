/** Announces that a token or an OAuth client nears its end, in time for a new one to be made and both to be used side by side. */
import { wasWithin } from '../../contract/was-within';
import { type Caller } from './authenticate';
import { type ScimDeps } from '../http/deps';
import { type ScimLimits } from '../http/limits';

const DAY_MS = 86_400_000;
const NOTHING: Readonly<Record<string, string>> = {};

/** Gives the headers that announce the end of a token or client that nears it; the log is told once a day for each. */
export type AnnounceExpiry = (caller: Caller) => Readonly<Record<string, string>>;

export function createAnnounceExpiry(
  { clock, log }: Pick<ScimDeps, 'clock' | 'log'>,
  { tokenWarningDays }: ScimLimits,
): AnnounceExpiry {
  const told = new Map<string, number>();

  return ({ app, token, tokenId }) => {
    const now = clock();
    if (token.declaredUntil - now > tokenWarningDays * DAY_MS) return NOTHING;
    const expiresAt = new Date(token.declaredUntil).toISOString();
    const key = `${token.kind}:${token.app}/${token.name}`;
    if (!wasWithin(now, told.get(key), DAY_MS)) {
      if (told.size >= 1_000) told.clear();
      told.set(key, now);
      const [what, command] = token.kind === 'token' ? ['scim token', 'token'] : ['oauth client', 'oauth-client'];
      log.warn(
        { app: app.app, tokenName: token.name, tokenId, expiresAt },
        `${what} expires soon: make a new one with "coder-scim ${command} create", declare it beside this one, then change it in the identity provider`,
      );
    }
    return { 'x-coder-scim-token-expires': expiresAt };
  };
}
