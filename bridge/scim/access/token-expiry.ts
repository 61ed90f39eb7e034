/** Announces that a token nears its end, in time for a new one to be made and both to be used side by side. */
import { type Caller } from './authenticate';
import { type ScimDeps } from '../http/deps';
import { type ScimLimits } from '../http/limits';

const DAY_MS = 86_400_000;
const NOTHING: Readonly<Record<string, string>> = {};

/** Gives the headers that announce the end of a token that nears it; the log is told once a day for each token. */
export type AnnounceExpiry = (caller: Caller) => Readonly<Record<string, string>>;

export function createAnnounceExpiry(
  { clock, log }: Pick<ScimDeps, 'clock' | 'log'>,
  { tokenWarningDays }: ScimLimits,
): AnnounceExpiry {
  const told = new Map<string, number>();

  return ({ app, token, tokenId }) => {
    const now = clock();
    if (token.expiresAt - now > tokenWarningDays * DAY_MS) return NOTHING;
    const expiresAt = new Date(token.expiresAt).toISOString();
    if (now - (told.get(token.digest) ?? -Infinity) >= DAY_MS) {
      if (told.size >= 1_000) told.clear();
      told.set(token.digest, now);
      log.warn(
        { app: app.app, tokenName: token.name, tokenId, expiresAt },
        'scim token expires soon: make a new one with "coder-scim token create", declare it beside this one, then change it in the identity provider',
      );
    }
    return { 'x-coder-scim-token-expires': expiresAt };
  };
}
