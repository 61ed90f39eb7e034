/** What a run came to, and how it is told. */
import { type Counts } from './identity-provider/scim-client';

export interface KillReport {
  readonly kills: number;
  /** Kills that came while the bridge had a call to Coder under way whose answer it never got. */
  readonly killsInCalls: number;
  /** How often the database server was restarted under load. */
  readonly restarts: number;
  /** How often Coder was away for long. */
  readonly longOutages: number;
  readonly scim: Counts & { readonly acknowledged: number };
  readonly operations: ReadonlyMap<string, number>;
  readonly coderCalls: number;
  readonly coderWrites: number;
  readonly people: number;
  readonly groups: number;
  /** What was acknowledged and is not so. */
  readonly lost: readonly string[];
  readonly differences: readonly string[];
  readonly duplicates: readonly string[];
  /** What is still waiting, held or parked. */
  readonly pending: readonly string[];
  /** Pieces of work that were parked under way and were retried on command. */
  readonly parked: number;
  /** Writes that a sweep of the converged world causes. */
  readonly writesAfterSweep: number;
  readonly convergedAfterMs: number;
  readonly seconds: number;
  readonly startMs: number;
  /** For each difference: what was said of the person, and what the audit trail tells. */
  readonly accounts: readonly string[];
  /** Distinct errors that bridges logged, with how often. */
  readonly errors: ReadonlyMap<string, number>;
  readonly serverErrors: readonly string[];
}

/** Whether nothing was lost and Coder is as it should be. */
export function isGood(report: KillReport): boolean {
  return [report.lost, report.differences, report.duplicates, report.pending].every(list => list.length === 0);
}

export function print(report: KillReport): void {
  const { scim } = report;
  const rows: [string, string | number][] = [
    ['kills', `${report.kills}, ${report.killsInCalls} of them while Coder's answer was on its way`],
    ['restarts of Postgres', report.restarts],
    ['long outages of Coder', report.longOutages],
    ['SCIM requests sent', scim.requests],
    ['  acknowledged', scim.acknowledged],
    ['  given up without an answer', scim.givenUp],
    ['  answered 5xx', scim.serverErrors],
    ['calls to Coder', `${report.coderCalls}, ${report.coderWrites} writes`],
    ['directory at the end', `${report.people} people, ${report.groups} groups`],
    ['lost acknowledged requests', report.lost.length],
    ['differences in Coder', report.differences.length],
    ['accounts twice', report.duplicates.length],
    ['left waiting, held or parked', report.pending.length],
    ['parked under way', report.parked],
    ['writes of a sweep afterwards', report.writesAfterSweep],
    ['start of a bridge (median)', `${report.startMs.toFixed(0)} ms`],
    ['converged after the weather cleared', `${(report.convergedAfterMs / 1_000).toFixed(1)} s`],
    ['time', `${report.seconds.toFixed(0)} s`],
  ];
  console.log('');
  for (const [what, value] of rows) console.log(`  ${what.padEnd(36)} ${value}`);
  console.log(`  ${[...report.operations].map(([name, count]) => `${name} ${count}`).join(', ')}`);
  show('lost', report.lost);
  show('differences', report.differences);
  for (const line of report.accounts) console.log(`  ${line}`);
  show('twice', report.duplicates);
  show('pending', report.pending);
  show('answered 5xx', report.serverErrors);
  show(
    'logged as errors',
    [...report.errors].sort(([, a], [, b]) => b - a).map(([message, count]) => `${count} × ${message}`),
  );
  console.log(
    isGood(report) ? '\n✓ nothing lost, nothing different, nobody twice' : '\n✗ Coder is not as it should be',
  );
}

function show(title: string, lines: readonly string[]): void {
  if (lines.length === 0) return;
  console.log(`\n${title}:`);
  for (const line of lines.slice(0, 40)) console.log(`  ${line}`);
  if (lines.length > 40) console.log(`  … and ${lines.length - 40} more`);
}
