/** A credential that keeps its name and gets another secret: the one before is refused from the apply on. A warning, since it may be meant. */
import { isObject, type ObjectValue, type Report, type Value } from '../plugin';

const CREDENTIALS = [
  { attribute: 'tokens', what: 'token' },
  { attribute: 'oauth_clients', what: 'OAuth client' },
] as const;

export function warnOfRotation(planned: ObjectValue, prior: ObjectValue, report: Report): void {
  for (const { attribute, what } of CREDENTIALS) {
    const [before, now] = [digestsOf(prior[attribute]), digestsOf(planned[attribute])];
    const staying = new Set(Object.values(now));
    for (const [name, digest] of Object.entries(before)) {
      const next = now[name];
      // A secret that is declared under another name works on.
      if (next === undefined || next === digest || staying.has(digest)) continue;
      report.warning(
        `${what} ${JSON.stringify(name)} gets another secret under its name`,
        'The one that it has now is refused as soon as this is applied, and nothing that the identity provider sends arrives before it has the other. To change without a gap: declare a second one beside it, give it to the identity provider, and remove this one in a later apply.',
        [attribute, name, 'digest'],
      );
    }
  }
}

/** Digests that are known, by name. */
export function digestsOf(declared: Value | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(isObject(declared ?? null) ? (declared as ObjectValue) : {}).flatMap(([name, entry]) => {
      const digest = isObject(entry) ? entry['digest'] : null;
      return typeof digest === 'string' ? [[name, digest]] : [];
    }),
  );
}
