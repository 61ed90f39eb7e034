/** `coder-scim requests` and `coder-scim debug`: what identity providers sent, and why it was refused. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ServedRequest } from '../contract/admin-api';
import { type ClientContext, type ClientOptions, type Commands, parseDuration, printJson } from './command';
import { CommandError } from './terminal/failure';
import { type Cell, renderTable } from './terminal/table';
import { type Paint, printable } from './terminal/terminal';

interface RequestsOptions extends ClientOptions {
  readonly app?: string;
  readonly limit: string;
  readonly follow?: boolean;
}

interface DebugOptions extends ClientOptions {
  readonly for: string;
  readonly off?: boolean;
}

const FOLLOW_EVERY_MS = 1_000;
const PAGE = 1_000;

export function addRequests(commands: Commands): void {
  commands.addClient<RequestsOptions>({
    usage: 'requests',
    summary: 'show what identity providers sent, and what was answered',
    description: 'Show the last SCIM requests: when, what, what was answered and why, and what it changed',
    examples: [
      ['coder-scim requests --app acme-okta', 'what Okta sent last'],
      ['coder-scim requests --follow --json', 'JSON lines, as they happen'],
    ],
    options: command =>
      command
        .option('--app <app>', 'only this app')
        .option('--limit <n>', 'the newest so many, at most 1000', '50')
        .option('--follow', 'go on with what comes from now on, until interrupted'),
    run: requests,
  });
  commands.addClient<DebugOptions, [string]>({
    usage: 'debug <app>',
    summary: 'keep the bodies of requests for a while',
    description:
      "Keep the bodies of an app's requests for a while, without passwords and secrets, for `coder-scim requests --json`",
    examples: [
      ['coder-scim debug acme-okta --for 15m', 'then try again in the identity provider'],
      ['coder-scim debug acme-okta --off', 'stop, and forget the bodies that were kept'],
    ],
    options: command =>
      command
        .option('--for <duration>', 'for how long, at most 1d', '15m')
        .option('--off', 'stop now, and forget the bodies that were kept'),
    run: async ({ client, terminal }, options, app) => {
      const answer = await client.debug(app, options.off ? 0 : parseDuration(options.for, '--for'), terminal.signal);
      if (options.json) printJson(terminal, answer);
      else if (answer.until === null) terminal.write(`bodies of ${app} are not kept any more, and forgotten\n`);
      else terminal.write(`bodies of ${app} are kept until ${answer.until}: coder-scim requests --app ${app} --json\n`);
    },
  });
}

async function requests(context: ClientContext, options: RequestsOptions): Promise<void> {
  const { client, terminal } = context;
  const { app } = options;
  const limit = Number(options.limit);
  if (!/^\d{1,4}$/.test(options.limit) || limit < 1 || limit > PAGE) {
    throw new CommandError(`--limit is ${JSON.stringify(options.limit)}: wanted a whole number from 1 to ${PAGE}`);
  }
  const newest = (await client.requests({ app, limit }, terminal.signal)).requests.reverse();
  print(context, options, newest, true);
  if (!options.follow) return;
  let after = newest.at(-1)?.id ?? 0;
  while (terminal.signal?.aborted !== true) {
    const { requests: found } = await client.requests({ app, after, limit: PAGE }, terminal.signal);
    print(context, options, found, false);
    after = found.at(-1)?.id ?? after;
    if (found.length < PAGE)
      await sleep(FOLLOW_EVERY_MS, undefined, { signal: terminal.signal }).catch(() => undefined);
  }
}

function print(
  { terminal, paint }: ClientContext,
  options: RequestsOptions,
  found: readonly ServedRequest[],
  first: boolean,
): void {
  if (options.json) {
    for (const request of found) terminal.write(`${JSON.stringify(request)}\n`);
  } else if (found.length > 0) {
    terminal.write(renderRequests(found, paint, terminal.columns));
  } else if (first && !options.follow) {
    terminal.write('no requests\n');
  }
}

/** Requests as a table: when, what, the answer, and what came of it. */
export function renderRequests(found: readonly ServedRequest[], paint: Paint, columns: number | undefined): string {
  return renderTable(
    ['WHEN', 'APP', 'REQUEST', 'STATUS', 'MS', 'COERCIONS', 'WHAT CAME OF IT'],
    found.map((request): Cell[] => [
      { text: request.at.replace('T', ' ').replace(/\.\d+Z$|Z$/, ''), style: 'faint' },
      request.app,
      printable(`${request.method} ${request.path}`),
      { text: String(request.status), style: request.status < 400 ? 'good' : 'bad' },
      String(request.milliseconds),
      printable(request.coercions.join(', ')),
      printable([request.scimType, request.detail, ...request.changes].filter(part => part !== null).join(' ')),
    ]),
    { paint, columns, indent: '' },
  );
}
