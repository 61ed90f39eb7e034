/** What was measured, as docs/performance.md shows it: tables and plots with the machine, versions and date. */
import { cpus, loadavg, totalmem } from 'node:os';
import { bars } from './plot';
import { type Result } from './suite';

export const BEGIN = '<!-- Written by `npm run bench`: run it, do not edit. -->';
export const END = '<!-- End of the written part. -->';

export interface Report {
  readonly markdown: string;
  /** By name of the file beside the document. */
  readonly plots: Readonly<Record<string, string>>;
}

export function reportOf(results: readonly Result[], now: Date): Report {
  const [cpu] = cpus();
  const plots: Record<string, string> = {};
  const sections = results.map(({ title, setting, figures }, index) => {
    const file = `performance-${index + 1}.svg`;
    plots[file] = bars(
      title,
      'processor seconds of the server per 1,000 requests, warm',
      [...figures].map(([name, { warm }]) => ({ name, value: warm })),
    );
    const rows = [...figures].map(([name, one]) =>
      [
        name,
        one.cold.toFixed(2),
        one.warm.toFixed(2),
        one.requestsPerSecond.toFixed(0),
        `${one.medianMs.toFixed(1)} ms`,
        `${one.p99Ms.toFixed(1)} ms`,
        `${one.longestHoldMs.toFixed(0)} ms`,
        `${one.residentMb.toFixed(0)} MB`,
      ].join(' | '),
    );
    return `### ${title}

![${title}](${file})

| server | CPU s per 1,000, first 1,000 | CPU s per 1,000, warm | requests/s | median | 99 % | longest hold | memory |
|---|---|---|---|---|---|---|---|
${rows.map(row => `| ${row} |`).join('\n')}

${setting.rounds} rounds of ${setting.people * 7} requests, ${setting.parallel} at a time.
`;
  });
  const machine = `${cpus().length} × ${cpu?.model.trim() ?? 'unknown processor'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${process.platform} ${process.arch}`;
  return {
    markdown: `${BEGIN}

Measured ${now.toISOString().slice(0, 10)} on ${machine}, Node ${process.versions.node}, load ${loadavg()[1]?.toFixed(1)} at the end.

${sections.join('\n')}
${END}`,
    plots,
  };
}

/** Puts the report into the document, in the place of the last one. */
export function intoDocument(document: string, { markdown }: Report): string {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin === -1 || end === -1) throw new Error(`docs/performance.md lacks ${BEGIN} or ${END}`);
  return `${document.slice(0, begin)}${markdown}${document.slice(end + END.length)}`;
}
