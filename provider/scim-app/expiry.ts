/** Tokens and OAuth clients whose time is over or nearly so. A warning, never an error: it must not be in the way of an urgent removal. */
import { isObject, type ObjectValue, type Report } from '../plugin';

const WARNING_DAYS = 30;
const DAY_MS = 86_400_000;

const CREDENTIALS = [
  { attribute: 'tokens', what: 'token', command: 'coder-scim token create' },
  { attribute: 'oauth_clients', what: 'OAuth client', command: 'coder-scim oauth-client create' },
] as const;

/** @param values of the resource */
export function warnOfExpiry(values: ObjectValue, report: Report, now: number): void {
  for (const { attribute, what, command } of CREDENTIALS) {
    const declared = values[attribute] ?? null;
    for (const [name, entry] of Object.entries(isObject(declared) ? declared : {})) {
      const expiresAt = isObject(entry) ? entry['expires_at'] : null;
      if (typeof expiresAt !== 'string') continue;
      const days = (Date.parse(expiresAt) - now) / DAY_MS;
      if (!(days < WARNING_DAYS)) continue;
      const path = [attribute, name, 'expires_at'];
      const next = `Make another with \`${command}\`, declare it beside this one, and give it to the identity provider.`;
      if (days <= 0) {
        report.warning(
          `${what} ${JSON.stringify(name)} has expired`,
          `It expired at ${expiresAt}: the bridge refuses it. ${next}`,
          path,
        );
      } else {
        report.warning(
          `${what} ${JSON.stringify(name)} expires in less than ${WARNING_DAYS} days`,
          `It expires at ${expiresAt}. ${next}`,
          path,
        );
      }
    }
  }
}
