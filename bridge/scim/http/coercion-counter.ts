/**
 * Adds up coercions between writes, so that a request costs no second transaction: the first is written at once, further
 * ones of the same app at most once a second.
 */
import { type ScimDeps } from './deps';

const INTERVAL_MS = 1_000;

export type CountCoercions = (app: string, dialect: string, counts: ReadonlyMap<string, number>) => void;

export function createCoercionCounter({
  recordCoercions,
  log,
}: Pick<ScimDeps, 'recordCoercions' | 'log'>): CountCoercions {
  const pending = new Map<string, { app: string; dialect: string; counts: Map<string, number> }>();
  const resting = new Set<string>();

  function write(key: string): void {
    const entry = pending.get(key);
    if (entry === undefined) {
      resting.delete(key);
      return;
    }
    pending.delete(key);
    resting.add(key);
    recordCoercions(entry.app, entry.dialect, entry.counts).catch((error: unknown) => {
      log.warn({ app: entry.app, error }, 'coercions could not be counted');
    });
    setTimeout(() => write(key), INTERVAL_MS).unref();
  }

  return (app, dialect, counts) => {
    if (counts.size === 0) return;
    const key = `${app}/${dialect}`;
    const entry = pending.get(key) ?? { app, dialect, counts: new Map<string, number>() };
    for (const [name, count] of counts) entry.counts.set(name, (entry.counts.get(name) ?? 0) + count);
    pending.set(key, entry);
    if (!resting.has(key)) write(key);
  };
}
