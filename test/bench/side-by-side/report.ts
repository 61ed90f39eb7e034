/** What was measured, as docs/performance.md shows it: tables and plots with the machine, versions and date. */
import { loadavg } from 'node:os';
import { machine } from './machine';
import { bars } from './plot';
import { type Figures } from './rounds';
import { type HoldsResult, type Result } from './suite';

export const BEGIN = '<!-- Written by `npm run bench`: run it, do not edit. -->';
export const END = '<!-- End of the written part. -->';

export interface Report {
  readonly markdown: string;
  /** By name of the file beside the document. */
  readonly plots: Readonly<Record<string, string>>;
}

export function reportOf(results: readonly Result[], holds: HoldsResult, now: Date): Report {
  const plots: Record<string, string> = {};
  const plot = (name: string, title: string, drawn: string): string => {
    plots[name] = drawn;
    return `### ${title}\n\n![${title}](${name})`;
  };
  const sections = [
    ...results.map(result => [plot(...plotOfResult(result, results.indexOf(result) + 1)), tableOf(result)]),
    [plot(...plotOfHolds(holds)), tableOfHolds(holds)],
  ];
  return {
    markdown: `${BEGIN}

Measured ${now.toISOString().slice(0, 10)} on ${machine()}; load of the machine ${loadavg()[1]?.toFixed(1)} at the end.

${sections.map(parts => `${parts.join('\n\n')}\n`).join('\n')}
${END}`,
    plots,
  };
}

function plotOfResult({ title, figures }: Result, number: number): readonly [string, string, string] {
  const values = [...figures].map(([name, { warm, warmDatabase }]) => ({ name, value: warm, more: warmDatabase }));
  const unit = 'processor seconds of the server (and of its database) per 1,000 requests, warm';
  return [`performance-${number}.svg`, title, bars(title, unit, values)];
}

function tableOf({ figures, setting }: Result): string {
  const rows = [...figures].map(([name, one]) => row([name, ...cellsOf(one)]));
  return [
    '| server | CPU s per 1,000, first 1,000 | CPU s per 1,000, warm | of the database | requests/s | median | 99 % | longest hold | memory |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
    `${setting.rounds} rounds of ${setting.people * 7} requests, or of ${setting.roundSeconds} seconds where that is shorter, ${setting.parallel} at a time, after ${setting.warmUp} that are not counted.`,
  ].join('\n');
}

/** What a table says of a server. */
export function cellsOf(one: Figures): readonly string[] {
  return [
    one.cold.toFixed(2),
    one.warm.toFixed(2),
    one.warmDatabase?.toFixed(2) ?? '–',
    one.requestsPerSecond.toFixed(0),
    `${one.medianMs.toFixed(1)} ms`,
    `${one.p99Ms.toFixed(1)} ms`,
    `${one.longestHoldMs.toFixed(0)} ms`,
    `${one.residentMb.toFixed(0)} MB`,
  ];
}

function plotOfHolds({ title, holds }: HoldsResult): readonly [string, string, string] {
  const values = [...holds].flatMap(([server, all]) =>
    all.map(({ operation, longestMs }) => ({ name: `${operation}, ${server.replace(/^.*, /, '')}`, value: longestMs })),
  );
  return ['performance-holds.svg', title, bars(title, 'longest hold of the event loop, milliseconds', values, 0)];
}

function tableOfHolds({ holds, people, rounds }: HoldsResult): string {
  const rows = [...holds].flatMap(([server, all]) =>
    all.map(one =>
      row([
        `${server}: ${one.operation}`,
        `${one.ms.toFixed(0)} ms`,
        `${one.cpuSeconds.toFixed(2)} s`,
        `${one.longestMs.toFixed(0)} ms`,
        `${one.computedMs.toFixed(0)} ms`,
        `${one.healthMs.toFixed(0)} ms`,
        `${one.deactivationMs.toFixed(0)} ms`,
      ]),
    ),
  );
  return [
    `| a group of ${people.toLocaleString('en')} is … | median | CPU, with what others asked | longest hold | computed | slowest \`/healthz\` | slowest deactivation |`,
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
    `${rounds} rounds of a new group each; two others ask meanwhile, every 2 ms. Computed: processor time between two turns of the event loop, at most.`,
  ].join('\n');
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** Puts the report into the document, in the place of the last one. */
export function intoDocument(document: string, { markdown }: Report): string {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin === -1 || end === -1) throw new Error(`docs/performance.md lacks ${BEGIN} or ${END}`);
  return `${document.slice(0, begin)}${markdown}${document.slice(end + END.length)}`;
}
