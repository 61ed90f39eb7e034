import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, ROOT } from './build/bundle';
import { MUTANTS } from './build/mutants';
import { Crew } from './crew';
import { type Finding } from './histories/job';
import { SCENARIOS } from './scenarios';
import { runSimulation } from './simulation';

function told({ of, strikes, violations }: Finding): string {
  const where = strikes.map(({ point, fault }) => `${fault} at point ${point}`).join(', ') || 'good weather';
  return `${of} (${where}): ${violations.map(({ promise, text }) => `${promise}: ${text}`).join('; ')}`;
}

test('the core scenarios keep every promise, whatever goes wrong at whatever point, and so do 400 histories by chance', async () => {
  const { findings, scenarios, random } = await runSimulation({
    seeds: 400,
    from: 1,
    core: true,
    calm: false,
    exhaustive: true,
    explain: false,
  });
  expect(scenarios).toBeGreaterThan(10);
  expect(random).toBe(400);
  expect(findings.map(told)).toEqual([]);
}, 1_800_000);

test('the same seed plays the same history, event by event', async () => {
  const crew = new Crew(await bundle(), 2);
  try {
    const job = { kind: 'explain', of: 'seed-11', strikes: [{ point: 5, fault: 'killed' }] } as const;
    // Another history before it, in one of the two processes.
    await crew.run({ kind: 'random', from: 3, count: 2 });
    const [first, second] = await Promise.all([crew.run(job), crew.run(job)]);
    expect(first.explained?.trace.length).toBeGreaterThan(20);
    expect(second.explained?.trace).toEqual(first.explained?.trace);
  } finally {
    crew.end();
  }
});

test('each mutant fits the product as it is, and names scenarios that there are', () => {
  const names = new Set(SCENARIOS.map(({ name }) => name));
  const unfit = MUTANTS.flatMap(({ name, edits, noticedBy }) => [
    ...edits
      .filter(({ file, find }) => !readFileSync(join(ROOT, file), 'utf8').includes(find))
      .map(({ file, find }) => `${name}: ${file} has no ${JSON.stringify(find)}`),
    ...noticedBy.filter(scenario => !names.has(scenario)).map(scenario => `${name}: no scenario ${scenario}`),
  ]);
  expect(unfit).toEqual([]);
});

test('each scenario has a name of its own', () => {
  const names = SCENARIOS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(40);
});
