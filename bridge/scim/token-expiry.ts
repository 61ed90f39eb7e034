/** Announces that a token nears its end, in time for a new one to be made and both to be used side by side. */
import { type KnownToken } from './apps';
import { type ScimLimits } from './limits';

const DAY_MS = 86_400_000;

/** Whether the token expires within the announced time. */
export function expiresSoon(token: KnownToken, now: number, { tokenWarningDays }: ScimLimits): boolean {
  return token.expiresAt - now <= tokenWarningDays * DAY_MS;
}

/** Headers of each answer to a token that nears its end. */
export function expiryHeaders(token: KnownToken, now: number, limits: ScimLimits): Record<string, string> {
  return expiresSoon(token, now, limits)
    ? { 'x-coder-scim-token-expires': new Date(token.expiresAt).toISOString() }
    : {};
}
