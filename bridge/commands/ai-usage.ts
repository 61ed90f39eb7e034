/** `coder-scim ai-usage`: who did what with which AI tool, by subject of the directory. */
import { type AiUsage, type AiUser } from '../contract/admin-api';
import { instant } from './audit';
import { type ClientOptions, type Commands, printJson } from './command';
import { EXIT } from './terminal/exit-code';
import { type Cell, renderTable } from './terminal/table';
import { type Paint, printable } from './terminal/terminal';

interface AiUsageOptions extends ClientOptions {
  readonly since?: string;
  readonly until?: string;
}

export function addAiUsage(commands: Commands): void {
  commands.addClient<AiUsageOptions>({
    usage: 'ai-usage',
    summary: "who used AI through Coder's gateway",
    description:
      "Show who used AI through Coder's AI gateway, by subject of the directory: calls in a window of time, sessions, tokens, what was spent, models, groups. The bridge's account must be owner or auditor; where Coder does not say, exit code 1",
    examples: [
      ['coder-scim ai-usage --since 7d', 'the last week'],
      [
        'coder-scim ai-usage --since 2026-03-01T00:00:00Z --until 2026-04-01T00:00:00Z --json',
        'one month, with SCIM id, externalId and groups of each',
      ],
    ],
    options: command =>
      command
        .option(
          '--since <when>',
          'from this time on: RFC 3339, UTC without a zone, or a duration such as 7d (default: 30 days before the end)',
        )
        .option('--until <when>', 'before this time: the same (default: now)'),
    run: async ({ client, terminal, paint }, options) => {
      const now = Date.now();
      const window = {
        since: instant(options.since, '--since', now),
        until: instant(options.until, '--until', now),
      };
      const usage = await client.aiUsage(window, terminal.signal);
      if (options.json) printJson(terminal, usage);
      else terminal.write(renderAiUsage(usage, paint, terminal.columns));
      return usage.problem === null ? EXIT.ok : EXIT.no;
    },
  });
}

/** The usage as a person reads it. */
export function renderAiUsage(
  { since, until, problem, spendProblem, people }: AiUsage,
  paint: Paint,
  columns?: number,
): string {
  const window = `${since.slice(0, 16).replace('T', ' ')} to ${until.slice(0, 16).replace('T', ' ')} UTC`;
  if (problem !== null) return `${paint('bad', 'not known')}  ${printable(problem)}\n`;
  if (people.length === 0) return `nobody used AI through Coder's gateway, ${window}\n`;
  const count = (n: number) => n.toLocaleString('en');
  const rows = people.map((person): Cell[] => [
    nameOf(person),
    count(person.calls),
    count(person.sessions),
    count(person.tokens.input),
    count(person.tokens.output),
    dollars(person.spendMicros),
    person.models.join(', '),
    person.clients.join(', '),
    [...new Set(person.subjects.flatMap(({ groups }) => groups))].join(', '),
  ]);
  const table = renderTable(
    ['WHO', 'CALLS', 'SESSIONS', 'TOKENS IN', 'OUT', 'SPENT', 'MODELS', 'CLIENTS', 'GROUPS'],
    rows,
    {
      paint,
      columns,
    },
  );
  const notes = [
    'tokens are those of the sessions as a whole: Coder does not divide them by time',
    spendProblem === null
      ? 'spent is what groups of Coder pay for, about, in US dollars'
      : `what was spent is not known: ${printable(spendProblem)}`,
  ];
  return `${paint('strong', window)}\n${table}${notes.map(note => `  ${paint('faint', note)}\n`).join('')}`;
}

/** To the cent; less than one is said, so that it does not read as nothing. */
function dollars(micros: number | null): string {
  if (micros === null) return '?';
  return micros > 0 && micros < 10_000
    ? '<$0.01'
    : (micros / 1_000_000).toLocaleString('en', { style: 'currency', currency: 'USD' });
}

function nameOf({ subjects, coderUsername }: AiUser): Cell {
  const names = [...new Set(subjects.map(({ userName }) => userName))];
  return names.length === 0 ? { text: `${coderUsername} (of no directory)`, style: 'warn' } : names.join(', ');
}
