/** `coder-scim status`: apps, tokens, what waits, what is held and why. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type AppStatus, type EndingApp, isConverged, type Status } from '../contract/admin-api';
import { gatherAlike } from './terminal/fold-repeats';
import { type ClientContext, type ClientOptions, type Commands, lookAgain, parseDuration, printJson } from './command';
import { EXIT, type ExitCode } from './terminal/exit-code';
import { plural, relativeTime } from './terminal/plural';
import { type Cell, renderPairs, renderTable } from './terminal/table';
import { type Paint, printable } from './terminal/terminal';

interface StatusOptions extends ClientOptions {
  readonly check?: boolean;
  readonly wait?: string;
}

const ROWS_SHOWN = 50;

const NAMES_SHOWN = 10;

export function addStatus(commands: Commands): void {
  commands.addClient<StatusOptions>({
    usage: 'status',
    summary: 'show apps, tokens, and what waits or is held',
    description: 'Show apps, tokens with their expiry, whether Coder agrees, and what waits or is held',
    examples: [
      ['coder-scim status', 'the state of everything'],
      ['coder-scim status --check', 'the same for a monitor: exit code 1 when something is not as declared'],
      ['coder-scim status --wait 2m', 'wait until Coder agrees, at most two minutes'],
    ],
    options: command =>
      command
        .option(
          '--check',
          'exit code 1 when something waits, is held, parked or refused to a leaver, or Coder is not reachable',
        )
        .option('--wait <duration>', 'wait so long for everything to converge; implies --check'),
    run: status,
  });
}

async function status(context: ClientContext, options: StatusOptions): Promise<ExitCode> {
  const { client, terminal } = context;
  const deadline = Date.now() + (options.wait === undefined ? 0 : parseDuration(options.wait, '--wait'));
  let answer = await client.status(terminal.signal);
  while (!isWell(answer) && Date.now() < deadline) {
    await sleep(500, undefined, { signal: terminal.signal });
    answer = (await lookAgain(() => client.status(terminal.signal))) ?? answer;
  }
  if (options.json) printJson(terminal, answer);
  else terminal.write(renderStatus(answer, context.paint, terminal.columns, Date.now()));
  return isWell(answer) || (!options.check && options.wait === undefined) ? EXIT.ok : EXIT.no;
}

/** Nothing waits, nothing is held, Coder answers. */
export function isWell(status: Status): boolean {
  return status.coder.reachable && status.coder.problem === null && status.auditProblem === null && isConverged(status);
}

/** The first of many, and how many more there are. */
function firstOf(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).join(', ');
  return names.length > NAMES_SHOWN ? `${shown} and ${names.length - NAMES_SHOWN} more` : shown;
}

/** The status as a person reads it. */
export function renderStatus(status: Status, paint: Paint, columns: number | undefined, now: number): string {
  const parts = [renderBridge(status, paint, now)];
  for (const app of status.apps) parts.push(renderApp(app, paint, columns, now));
  for (const ending of status.ending) parts.push(renderEnding(ending, paint, now));
  if (status.apps.length + status.ending.length + status.holds.length + status.pending.length === 0) {
    parts.push(`No app is declared yet: \`terraform apply\` a stack with a ScimApp, or \`coder-scim apply FILE\`.\n`);
  }
  if (status.holds.length > 0) {
    const lines = status.holds.map(hold => {
      const changes = hold.changes.slice(0, 5).map(change => `    ${printable(change)}\n`);
      const rest = hold.changes.length - changes.length;
      return [
        `  ${paint('bad', hold.id)}  ${hold.app}: ${printable(hold.reason)}, ${plural(hold.people, 'person', 'people')}, ${relativeTime(hold.createdAt, now)}\n`,
        ...changes,
        rest > 0 ? `    … and ${rest} more\n` : '',
        `    ${paint('faint', `let exactly this pass: coder-scim release ${hold.id}`)}\n`,
      ].join('');
    });
    parts.push(`${paint('strong', 'Stopped by the guard')}\n${lines.join('')}`);
  }
  if (status.pending.length > 0) parts.push(renderPending(status, paint, columns, now));
  return parts.join('\n');
}

function renderBridge({ version, coder, leftOver, recovery, auditProblem }: Status, paint: Paint, now: number): string {
  const reach: Cell = coder.reachable
    ? { text: `${coder.url}, ${coder.version ?? 'version unknown'}`, style: 'plain' }
    : { text: `${coder.url} is not reachable`, style: 'bad' };
  const pairs: [string, Cell][] = [['Coder', reach]];
  if (coder.account !== null) pairs.push(['account', coder.account]);
  if (coder.credentialExpiresAt !== null) {
    pairs.push(['credential', `expires ${relativeTime(coder.credentialExpiresAt, now)}`]);
  }
  if (coder.seats !== null && coder.seats.limit !== null) {
    const { used, limit } = coder.seats;
    pairs.push([
      'seats',
      {
        text: `${used.toLocaleString('en')} of ${limit.toLocaleString('en')} taken`,
        style: used > limit ? 'bad' : 'plain',
      },
    ]);
  }
  if (coder.problem !== null) pairs.push(['problem', { text: coder.problem, style: 'bad' }]);
  for (const line of leftOver) pairs.push(['left over', { text: printable(line), style: 'warn' }]);
  if (auditProblem !== null) pairs.push(['audit', { text: printable(auditProblem), style: 'bad' }]);
  if (recovery !== null) pairs.push(['held', { text: recovery, style: 'bad' }]);
  return `${paint('strong', 'coder-scim')} ${version}\n${renderPairs(pairs, { paint })}`;
}

function renderApp(app: AppStatus, paint: Paint, columns: number | undefined, now: number): string {
  const counts = [
    `${plural(app.users, 'user')} (${app.activeUsers.toLocaleString('en')} active)`,
    plural(app.groups, 'group'),
  ];
  const open = openOf(app);
  const pairs: [string, Cell][] = [
    ['SCIM base URL', app.scimBaseUrl],
    ...(app.oauthTokenUrl === null ? [] : [['token URL', app.oauthTokenUrl] satisfies [string, Cell]]),
    ['directory', counts.join(', ')],
    ['last sweep', relativeTime(app.lastSweepAt, now)],
  ];
  pairs.push(...leaversPair(app, now));
  if (open !== '') pairs.push(['open', { text: open, style: 'warn' }]);
  if (app.lastError !== null) pairs.push(['last error', { text: app.lastError, style: 'bad' }]);
  if (app.dropped.length > 0) {
    const names = app.dropped.map(({ name, count }) => `${name} (${count.toLocaleString('en')})`).join(', ');
    pairs.push(['dropped', { text: `attributes that no schema knows: ${printable(names)}`, style: 'warn' }]);
  }
  if (app.noMemberYet.length > 0) pairs.push(['no member yet', printable(app.noMemberYet.join(', '))]);
  if (app.beingFilled.length > 0)
    pairs.push(['being filled', `${printable(app.beingFilled.join(', '))}: they give, and take nothing yet`]);
  if (app.neverCame.length > 0)
    pairs.push([
      'never came',
      {
        text: `${printable(firstOf(app.neverCame))}: not assigned at the identity provider yet, or misspelt`,
        style: 'warn',
      },
    ]);
  for (const warning of app.warnings) pairs.push(['warning', { text: warning, style: 'warn' }]);
  const mark = app.converged ? paint('good', '✓ Coder agrees') : paint('warn', '… Coder does not agree yet');
  const tokens = renderTable(
    ['TOKEN', 'STATE', 'EXPIRES', 'LAST USED', 'SCOPES'],
    app.tokens.map(token => [
      token.kind === 'token' ? token.name : `${token.name} (OAuth client)`,
      { text: token.state, style: token.state === 'active' ? 'good' : token.state === 'expiring' ? 'warn' : 'bad' },
      relativeTime(token.expiresAt, now),
      relativeTime(token.lastUsedAt, now),
      token.scopes.length === 4 ? 'all' : token.scopes.join(' '),
    ]),
    { paint, columns },
  );
  const coercions = renderTable(
    ['COERCION', 'DIALECT', 'TIMES', 'LAST'],
    app.coercions.map(({ coercion, dialect, count, lastAt }) => [
      coercion,
      dialect,
      count.toLocaleString('en'),
      relativeTime(lastAt, now),
    ]),
    { paint, columns },
  );
  return [
    `${paint('strong', app.app)}  ${app.identityProvider}, ${app.mode}, generation ${app.generation}  ${mark}\n`,
    renderPairs(pairs, { paint }),
    tokens && `\n${tokens}`,
    coercions && `\n${coercions}`,
  ].join('');
}

/** An app that was deleted and is not gone: what of it is left stands among what is pending. */
function renderEnding(ending: EndingApp, paint: Paint, now: number): string {
  const open = openOf(ending);
  const pairs: [string, Cell][] = leaversPair(ending, now);
  if (open !== '') pairs.push(['open', { text: open, style: 'warn' }]);
  return `${paint('strong', ending.app)}  ${paint('warn', '… removed, not gone yet')}\n${renderPairs(pairs, { paint })}`;
}

function openOf(app: Pick<AppStatus, 'waiting' | 'held' | 'parked' | 'refused'>): string {
  return (['waiting', 'held', 'parked', 'refused'] as const)
    .flatMap(kind => (app[kind] > 0 ? [`${app[kind]} ${kind}`] : []))
    .join(', ');
}

function leaversPair({ leavers }: Pick<AppStatus, 'leavers'>, now: number): [string, Cell][] {
  if (leavers.length === 0) return [];
  const kinds = leavers.map(({ state, people, since }) => `${people} ${state}, the first ${relativeTime(since, now)}`);
  return [['leavers', { text: `not known to be locked out: ${kinds.join('; ')}`, style: 'bad' }]];
}

function renderPending(status: Status, paint: Paint, columns: number | undefined, now: number): string {
  const lines = gatherAlike(
    status.pending,
    ({ state, app, reason }) => JSON.stringify([state, app, reason]),
    ({ subject, key }) => subject ?? key,
  );
  const rows = lines
    .slice(0, ROWS_SHOWN)
    .map(({ item, who }): Cell[] => [
      { text: item.state, style: item.state === 'waiting' ? 'plain' : item.state === 'held' ? 'warn' : 'bad' },
      who,
      item.app,
      relativeTime(item.since, now),
      item.attempts === 0 ? '' : String(item.attempts),
      item.reason,
    ]);
  const table = renderTable(['STATE', 'WHO OR WHAT', 'APP', 'SINCE', 'TRIES', 'REASON'], rows, { paint, columns });
  // The bridge lists the first few hundred and counts all.
  const all = [...status.apps, ...status.ending].reduce(
    (sum, app) => sum + app.waiting + app.held + app.parked + app.refused,
    0,
  );
  const more =
    all > status.pending.length || lines.length > rows.length
      ? `  … these are the first of ${plural(Math.max(all, status.pending.length), 'item')}\n`
      : '';
  const hint = status.pending.some(item => item.state === 'parked')
    ? `  ${paint('faint', 'try parked work again: coder-scim retry')}\n`
    : '';
  const leaver = status.pending.some(item => item.state === 'refused')
    ? `  ${paint('faint', 'refused: the identity provider meant to lock somebody out; correct what the reason says and have it sent again, or see to it yourself and coder-scim dismiss')}\n`
    : '';
  return `${paint('strong', 'Not as declared yet')}\n${table}${more}${hint}${leaver}`;
}
