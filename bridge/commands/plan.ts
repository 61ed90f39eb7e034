/** `coder-scim plan [FILE]`: what would change in Coder; nothing is written. */
import { type PlanReport } from '../contract/admin-api';
import { parseMappingState } from '../contract/mapping-state';
import { gatherAlike } from './terminal/fold-repeats';
import { type ClientContext, type ClientOptions, type Commands, printJson, readJsonFile } from './command';
import { EXIT, type ExitCode } from './terminal/exit-code';
import { CommandError } from './terminal/failure';
import { plural } from './terminal/plural';
import { type Cell, renderTable } from './terminal/table';
import { type Paint, printable } from './terminal/terminal';

interface PlanOptions extends ClientOptions {
  readonly app?: string;
  readonly deleted?: boolean;
  readonly all?: boolean;
  readonly detailedExitcode?: boolean;
}

const ROWS_SHOWN = 100;

export function addPlan(commands: Commands): void {
  commands.addClient<PlanOptions, [string | undefined]>({
    usage: 'plan [file]',
    summary: 'show what would change in Coder',
    description:
      'Show what would change in Coder, and who of the directory is who in Coder; nothing is written. With a file: as if that mapping state were applied',
    examples: [
      ['coder-scim plan', 'what the bridge would change now'],
      ['coder-scim plan acme-okta.json', 'what a new mapping state would change: the adoption report of a roll-out'],
      ['coder-scim plan --app acme-okta --deleted', 'who would lose what by its end'],
      ['coder-scim plan --app acme-okta --detailed-exitcode', 'exit code 1 when there are changes'],
    ],
    options: command =>
      command
        .option('--app <app>', 'only this app')
        .option('--deleted', 'as if that app were deleted')
        .option('--all', `show every line, not only the first ${ROWS_SHOWN} of a table`)
        .option('--detailed-exitcode', 'exit code 1 when something would change or is held'),
    run: plan,
  });
}

async function plan(context: ClientContext, options: PlanOptions, file: string | undefined): Promise<ExitCode> {
  const { client, terminal, paint } = context;
  const state = file === undefined ? undefined : parseMappingState(await readJsonFile(terminal, file));
  const { app = state?.app, deleted } = options;
  if (deleted === true && (options.app === undefined || file !== undefined))
    throw new CommandError('--deleted: wanted the name of an app with --app, and no file');
  const report = await client.plan({ app, state, deleted }, terminal.signal);
  if (options.json) printJson(terminal, report);
  else terminal.write(renderPlan(report, paint, terminal.columns, options.all ? Infinity : ROWS_SHOWN));
  const differs = report.changes.length > 0 || report.problems.length > 0 || report.holds.length > 0;
  return options.detailedExitcode && differs ? EXIT.no : EXIT.ok;
}

/** The report as a person reads it. */
export function renderPlan(report: PlanReport, paint: Paint, columns: number | undefined, rowsShown: number): string {
  const section = (title: string, header: readonly string[], rows: readonly Cell[][]): string => {
    if (rows.length === 0) return '';
    const table = renderTable(header, rows.slice(0, rowsShown), { paint, columns });
    const more = rows.length - rowsShown;
    return `${paint('strong', title)}\n${table}${more > 0 ? `  … and ${more} more (--all shows them)\n` : ''}`;
  };
  const { adoption, changes, problems, holds } = report;
  const lines =
    rowsShown === Infinity
      ? changes.map(change => ({ item: change, who: change.subject }))
      : gatherAlike(
          changes,
          ({ app, action, target, before, after, because }) =>
            JSON.stringify([app, action, target, before, after, because]),
          ({ subject }) => subject,
        );
  const removals = changes.filter(change => change.removal).length;
  const summary =
    changes.length === 0
      ? paint('good', 'No changes: Coder is as declared.')
      : `${plural(changes.length, 'change')} in Coder: ${paint('good', `${changes.length - removals} to give or create`)}, ${paint('bad', `${removals} to take away`)}.`;
  return [
    section(
      'Problems',
      ['WHAT'],
      problems.map(problem => [{ text: problem, style: 'bad' }]),
    ),
    ...holds.map(
      ({ id, app, reason, people }) =>
        `${paint('bad', `The guard would stop this of ${printable(app)}`)}\n  ${printable(reason)}, ${plural(people, 'person', 'people')}\n  ${paint('faint', `let exactly this pass: coder-scim release ${id}`)}\n`,
    ),
    section(
      'Matched with accounts that Coder has',
      ['DIRECTORY', 'CODER', 'HOW'],
      adoption.matched.map(({ userName, coderUsername, how }) => [userName, coderUsername, how]),
    ),
    section(
      'New in Coder',
      ['DIRECTORY'],
      adoption.created.map(userName => [userName]),
    ),
    section(
      'Held: Coder can not take them as they are',
      ['DIRECTORY', 'REASON'],
      adoption.held.map(({ userName, reason }) => [userName, { text: reason, style: 'warn' }]),
    ),
    section(
      'In Coder and in no directory: left alone',
      ['CODER', 'E-MAIL', 'STATUS'],
      adoption.strangers.map(({ coderUsername, email, status }) => [coderUsername, email, status]),
    ),
    section(
      'Changes',
      ['', 'WHO', 'WHAT', 'TARGET', 'BEFORE', 'AFTER', 'BECAUSE'],
      lines.map(({ item: change, who }) => [
        change.removal ? { text: '-', style: 'bad' } : { text: '+', style: 'good' },
        who,
        change.action,
        change.target ?? '',
        { text: change.before ?? '', style: 'faint' },
        change.after ?? '',
        { text: change.because ?? '', style: 'faint' },
      ]),
    ),
    `${summary}\n${renderSeats(report.seats, paint)}`,
  ]
    .filter(part => part !== '')
    .join('\n');
}

/** What the plan costs in seats; nothing where it costs and frees none. */
function renderSeats(seats: PlanReport['seats'], paint: Paint): string {
  if (seats === null || seats.limit === null || seats.taken + seats.later + seats.freed === 0) return '';
  const { used, limit, taken, later, freed } = seats;
  const parts = [
    ...(taken > 0 ? [`${taken} taken at once by accounts that are activated`] : []),
    ...(later > 0 ? [`${later} when new people first sign in`] : []),
    ...(freed > 0 ? [`${freed} freed`] : []),
  ];
  const over = used + taken + later - freed > limit;
  const line = `Seats of Coder's licence: ${used} of ${limit} taken; ${parts.join(', ')}.`;
  return `${over ? paint('warn', `${line} That is more than the licence has: Coder refuses nobody, and warns everybody.`) : line}\n`;
}
