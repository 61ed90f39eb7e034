/** What a person reads of a run. */
import { type Finding } from './histories/job';
import { say } from './histories/step';
import { type Explained, type RunReport } from './simulation';
import { type Strike } from './world/weather';

const LONGEST = 240;
const write = (line: string) => void process.stdout.write(`${line}\n`);

const MOST_OF_ONE = 5;

/** The first few of each scenario, and how many more there are. */
export function printFindings(findings: readonly Finding[]): void {
  const printed = new Map<string, number>();
  for (const finding of findings) {
    const count = (printed.get(finding.of) ?? 0) + 1;
    printed.set(finding.of, count);
    if (count <= MOST_OF_ONE) printFinding(finding);
  }
  for (const [of, count] of printed)
    if (count > MOST_OF_ONE) write(`\n✗ ${of}: ${count - MOST_OF_ONE} more histories fail`);
}

function printFinding({ of, strikes, violations }: Finding): void {
  write(`\n✗ ${of}${strikes.length === 0 ? ', in good weather' : `, with ${strikes.map(shown).join(', ')}`}`);
  for (const { promise, text } of violations) write(`    ${promise}: ${text}`);
}

function shown({ point, fault }: Strike): string {
  return `${fault} at point ${point}`;
}

export function explainFinding({ finding, violation, result: { explained } }: Explained): void {
  if (explained === undefined) return;
  const { scenario, trace } = explained;
  write(`\n── ${violation.promise}: ${violation.text}\n   from ${finding.of}; as small as it gets:`);
  write(`   ${scenario.replicas ?? 1} bridge(s); given:`);
  for (const step of scenario.given) write(`     ${say(step)}`);
  write('   then, in bad weather:');
  for (const step of scenario.when) write(`     ${say(step)}`);
  write('   what happened (seconds):');
  for (const line of trace) write(`   ${line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line}`);
}

export function printSummary(report: RunReport): void {
  const { scenarios, points, exhaustive, random, randomSeconds, findings } = report;
  const rate = randomSeconds > 0 ? Math.round((random / randomSeconds) * 60) : 0;
  write(
    `\n${scenarios} scenarios, ${points} points, ${exhaustive} histories with one fault; ${random} histories by chance${rate > 0 ? ` (${rate} a minute)` : ''}: ${findings.length === 0 ? 'every promise held' : `${findings.length} histories violate a promise`}`,
  );
  const byPromise = new Map<string, number>();
  for (const { violations } of findings)
    for (const promise of new Set(violations.map(one => one.promise)))
      byPromise.set(promise, (byPromise.get(promise) ?? 0) + 1);
  for (const [promise, count] of [...byPromise].sort((a, b) => b[1] - a[1])) write(`  ${promise}: ${count}`);
}
