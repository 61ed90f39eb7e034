/** `coder-scim apply FILE`: hands a mapping state to the bridge, as Terraform would. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AdminError } from '../admin-client/admin-error';
import { type AppDocument, ORGANIZATION_SYNC, type PlannedChange, type Precondition } from '../contract/admin-api';
import { type MappingState, modeClash, parseMappingState } from '../contract/mapping-state';
import {
  type ClientContext,
  type ClientOptions,
  type Commands,
  lookAgain,
  parseDuration,
  printJson,
  readJsonFile,
} from './command';
import { type DocumentChange, documentChanges } from './terminal/difference';
import { EXIT, type ExitCode } from './terminal/exit-code';
import { CommandError } from './terminal/failure';
import { plural } from './terminal/plural';
import { renderTable } from './terminal/table';
import { printable } from './terminal/terminal';

interface ApplyOptions extends ClientOptions {
  readonly generation?: string;
  readonly force?: boolean;
  readonly wait?: string;
}

const ENTRY = /^(tokens|oauthClients|groupMappings|roleMappings|organizationMappings|customRoles)\[|^pushedGroups/;
const SIGNS = { added: '+', changed: '~', removed: '-' } as const;
const STYLES = { added: 'good', changed: 'warn', removed: 'bad' } as const;

export function addApply(commands: Commands): void {
  commands.addClient<ApplyOptions, [string]>({
    usage: 'apply <file>',
    summary: 'give an app its mapping state',
    description:
      'Give an app its mapping state: the document that Terraform delivers, from a file or "-" for standard input',
    examples: [
      ['coder-scim apply acme-okta.json', 'create the app, or replace its document'],
      ['coder-scim apply acme-okta.json --wait 60s', 'and wait until Coder agrees; exit code 1 when it does not'],
      ['coder-scim apply acme-okta.json --generation 7', 'only if nobody has changed the app since generation 7'],
    ],
    options: command =>
      command
        .option('--generation <n>', 'refuse when the bridge has another generation; 0: the app must not exist')
        .option('--force', 'replace whatever is there, even if it changes at the same moment')
        .option('--wait <duration>', 'wait so long for Coder to agree'),
    run: apply,
  });
}

async function apply(context: ClientContext, options: ApplyOptions, file: string): Promise<ExitCode> {
  const { client, terminal } = context;
  const input = await readJsonFile(terminal, file);
  const state = parseMappingState(input);
  const wait = options.wait === undefined ? 0 : parseDuration(options.wait, '--wait');
  const before = await existing(context, state.app);
  const started = Date.now();
  const losing = await whomSyncTouches(context, state);
  let document = await client.putApp(state, precondition(options, before), terminal.signal);
  while (!document.converged && Date.now() - started < wait) {
    await sleep(500, undefined, { signal: terminal.signal });
    document = (await lookAgain(() => client.getApp(state.app, terminal.signal))) ?? document;
  }
  // The document is accepted by now: what can't be looked at any more is no failure of it.
  const listed = await lookAgain(() => client.listApps(terminal.signal));
  const clash = modeClash(
    state,
    (listed?.apps ?? []).map(app => app.state),
  );
  if (options.json) printJson(terminal, document);
  else terminal.write(render(context, before, state, document));
  terminal.complain(sayLosing(losing));
  if (clash !== undefined) terminal.complain(`warning: ${clash}\n`);
  return document.converged || options.wait === undefined ? EXIT.ok : EXIT.no;
}

async function existing({ client, terminal }: ClientContext, app: string): Promise<AppDocument | undefined> {
  try {
    return await client.getApp(app, terminal.signal);
  } catch (error) {
    if (error instanceof AdminError && error.code === 'not_found') return undefined;
    throw error;
  }
}

function precondition(options: ApplyOptions, before: AppDocument | undefined): Precondition {
  if (options.force && options.generation !== undefined) {
    throw new CommandError('--force and --generation exclude each other: wanted one of the two');
  }
  if (options.force) return 'any';
  if (options.generation === undefined) return before === undefined ? 'absent' : { generation: before.generation };
  if (!/^\d{1,15}$/.test(options.generation)) {
    throw new CommandError(`--generation is ${JSON.stringify(options.generation)}: wanted a whole number`);
  }
  return options.generation === '0' ? 'absent' : { generation: Number(options.generation) };
}

/** Organization sync is for the whole deployment: who would leave an organization by it, as the bridge foresees it; and why it can't. */
async function whomSyncTouches(
  { client, terminal }: ClientContext,
  state: MappingState,
): Promise<readonly PlannedChange[] | AdminError> {
  if (state.mode !== 'claims' || state.claims.organizations === undefined) return [];
  try {
    const { changes } = await client.plan({ app: state.app, state }, terminal.signal);
    return changes.filter(
      ({ action, because }) => action === 'organization.remove' && because?.startsWith(ORGANIZATION_SYNC),
    );
  } catch (error) {
    if (error instanceof AdminError) return error;
    throw error;
  }
}

const NAMED = 50;

function sayLosing(losing: readonly PlannedChange[] | AdminError): string {
  if (losing instanceof AdminError)
    return `warning: whom organization sync takes out of organizations is not known: ${losing.message}\n`;
  if (losing.length === 0) return '';
  const lines = losing
    .slice(0, NAMED)
    .map(({ subject, target }) => `  ${printable(subject)} leaves ${printable(target ?? '')}\n`);
  const more = losing.length - lines.length;
  return [
    `warning: organization sync takes ${plural(losing.length, 'membership')} at the next sign-in, with the roles and groups there:\n`,
    ...lines,
    more > 0 ? `  … and ${more} more\n` : '',
  ].join('');
}

function render(
  { paint, terminal }: ClientContext,
  before: AppDocument | undefined,
  state: MappingState,
  document: AppDocument,
): string {
  const changes = documentChanges(before?.state, state);
  const what =
    before === undefined
      ? `created, generation ${document.generation}`
      : changes.length === 0
        ? `unchanged, generation ${document.generation}`
        : `updated, generation ${before.generation} → ${document.generation}`;
  const rows = before === undefined ? entries(changes) : changes;
  return [
    `${paint('strong', state.app)}  ${what}\n`,
    renderTable(
      ['', 'ENTRY', 'NOW', 'BEFORE'],
      rows.map(change => [
        { text: SIGNS[change.kind], style: STYLES[change.kind] },
        change.path,
        change.after ?? '',
        { text: change.before ?? '', style: 'faint' },
      ]),
      { paint, columns: terminal.columns },
    ),
    `\n  SCIM base URL  ${document.scimBaseUrl}\n`,
    document.converged
      ? `  ${paint('good', 'Coder agrees')}\n`
      : `  ${paint('warn', 'Coder does not agree yet')}: \`coder-scim status\` shows what waits and why\n`,
  ].join('');
}

// Of a new app the entries are of interest, not its dozen of defaults.
function entries(changes: readonly DocumentChange[]): readonly DocumentChange[] {
  return changes.filter(change => ENTRY.test(change.path));
}
