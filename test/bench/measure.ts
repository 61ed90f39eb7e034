/** Measuring for benchmarks: medians of interleaved runs, and a table to print. Ratios count, machines are noisy. */

export interface Measured {
  readonly median: number;
  readonly p99: number;
}

/** Milliseconds of one run. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

/** Runs all pieces of work in turn, so that what disturbs the machine disturbs them alike. The first tenth is warming up. */
export async function measureInTurn<K extends string>(
  works: Readonly<Record<K, (run: number) => Promise<unknown>>>,
  runs: number,
): Promise<Record<K, Measured>> {
  const names = Object.keys(works) as K[];
  const times = new Map<K, number[]>(names.map(name => [name, []]));
  const warmUp = Math.ceil(runs / 10);
  for (let run = 0; run < runs + warmUp; run += 1) {
    for (const name of names) {
      const time = await timed(() => works[name](run));
      if (run >= warmUp) times.get(name)?.push(time);
    }
  }
  return Object.fromEntries(names.map(name => [name, summary(times.get(name) ?? [])])) as Record<K, Measured>;
}

export function summary(times: readonly number[]): Measured {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { median: at(0.5), p99: at(0.99) };
}

/** Milliseconds with three significant figures. */
export function ms(value: number): string {
  return `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} ms`;
}

/** Prints rows in columns, with a mark where a limit is broken. */
export function printTable(title: string, rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)));
  console.log(`\n${title}`);
  for (const row of rows)
    console.log(`  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}
