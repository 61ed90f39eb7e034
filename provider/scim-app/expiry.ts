/** Tokens whose time is over or nearly so. A warning, never an error: it must not be in the way of an urgent removal. */
import { isObject, type Report, type Value } from '../plugin';

const WARNING_DAYS = 30;
const DAY_MS = 86_400_000;

/** @param tokens value of the attribute */
export function warnOfExpiry(tokens: Value | undefined, report: Report, now: number): void {
  for (const [name, token] of Object.entries(isObject(tokens) ? tokens : {})) {
    const expiresAt = isObject(token) ? token['expires_at'] : null;
    if (typeof expiresAt !== 'string') continue;
    const days = (Date.parse(expiresAt) - now) / DAY_MS;
    if (!(days < WARNING_DAYS)) continue;
    const path = ['tokens', name, 'expires_at'];
    const next =
      'Make another with `coder-scim token create`, declare it beside this one, and give it to the identity provider.';
    if (days <= 0) {
      report.warning(
        `token ${JSON.stringify(name)} has expired`,
        `It expired at ${expiresAt}: the bridge refuses it. ${next}`,
        path,
      );
    } else {
      report.warning(
        `token ${JSON.stringify(name)} expires in less than ${WARNING_DAYS} days`,
        `It expires at ${expiresAt}. ${next}`,
        path,
      );
    }
  }
}
