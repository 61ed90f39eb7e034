/** The names of attributes that were dropped, as counters beside those of coercions: few, whatever is sent. */
import { DROPPED_PREFIX } from '../../store/requests/coercions';
import { type RequestContext } from './request-context';

/** Names of one app that are counted by themselves since the start; what comes after them is counted together. */
const MOST_NAMES = 50;
const DROPPED = /^unknownAttributes (.+)$/s;

/** Gives the counters of one request: `dropped:shoeSize` once. */
export function createDroppedNames(): (context: RequestContext) => ReadonlyMap<string, number> {
  const known = new Map<string, Set<string>>();
  return ({ app, coerced }) => {
    const counts = new Map<string, number>();
    for (const entry of coerced) {
      const name = DROPPED.exec(entry)?.[1];
      if (name === undefined) continue;
      const names = known.get(app) ?? new Set<string>();
      known.set(app, names);
      if (names.size < MOST_NAMES) names.add(name);
      const key = `${DROPPED_PREFIX}${names.has(name) ? name : 'others'}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return counts;
  };
}
