/** What of a request's time is the bridge's own: the whole, less the time in which at least one call to Coder was under way. */
import { type LoggedCall } from '../support/coder-double';

/** Milliseconds in which at least one of these was under way; their ends are when Coder had answered. */
export function timeInCoder(calls: readonly Pick<LoggedCall, 'at' | 'ms'>[]): number {
  const spans = calls.map(({ at, ms }) => ({ from: at, to: at + ms })).sort((one, other) => one.from - other.from);
  let total = 0;
  let until = -Infinity;
  for (const { from, to } of spans) {
    total += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return total;
}
