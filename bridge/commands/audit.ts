/** `coder-scim audit`: every change to Coder and every decision not to change. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type AuditEntry } from '../contract/admin-api';
import { INSTANT_EXAMPLES, parseInstant } from '../contract/instant';
import { type ClientContext, type ClientOptions, type Commands, parseDuration } from './command';
import { addAuditVerify } from './audit-verify';
import { CommandError } from './terminal/failure';
import { type Cell, renderTable } from './terminal/table';
import { type Paint, printable, type Style } from './terminal/terminal';

interface AuditOptions extends ClientOptions {
  readonly app?: string;
  readonly subject?: string;
  readonly action?: string;
  readonly result?: string;
  readonly request?: string;
  readonly actor?: string;
  readonly token?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit: string;
  readonly follow?: boolean;
}

const FOLLOW_EVERY_MS = 1_000;
const PAGE = 1_000;

export function addAudit(commands: Commands): void {
  const audit = commands.addClient<AuditOptions>({
    usage: 'audit',
    summary: 'show what was changed in Coder, and why',
    description: 'Show the audit trail: what was changed in Coder, or not, when, why, and by whose request',
    examples: [
      ['coder-scim audit --subject alice@example.com', 'everything about one person'],
      ['coder-scim audit --since 1d --result failed', 'what went wrong since yesterday'],
      ['coder-scim audit --follow --json >> audit.jsonl', 'JSON lines for a SIEM, as they happen'],
    ],
    options: command =>
      command
        .option('--app <app>', 'only this app')
        .option('--subject <who>', 'only this person or group: SCIM id, userName, group name, or Coder id')
        .option('--actor <actor>', 'only what this caused: scim, declaration, sweep, operator or bridge')
        .option('--action <action>', 'only this action, e.g. account.suspend')
        .option('--result <result>', 'only this result: done, failed, held, skipped or reported')
        .option('--request <id>', 'only what this SCIM request caused')
        .option('--token <name>', 'only what was caused with this SCIM token or admin credential, or by who signed in')
        .option('--since <when>', 'from this time on: RFC 3339, UTC without a zone, or a duration such as 2h')
        .option('--until <when>', 'before this time: the same')
        .option('--limit <n>', 'the newest so many', '100')
        .option('--follow', 'go on with what happens from now on, until interrupted'),
    run: showAudit,
  });
  audit.enablePositionalOptions();
  addAuditVerify(commands, audit);
}

async function showAudit(context: ClientContext, options: AuditOptions): Promise<void> {
  const { client, terminal } = context;
  const now = Date.now();
  const limit = Number(options.limit);
  if (!/^\d{1,7}$/.test(options.limit)) {
    throw new CommandError(`--limit is ${JSON.stringify(options.limit)}: wanted a whole number`);
  }
  const filter = {
    app: options.app,
    subject: options.subject,
    actor: options.actor,
    action: options.action,
    result: options.result,
    request: options.request,
    token: options.token,
    since: instant(options.since, '--since', now),
    until: instant(options.until, '--until', now),
  };
  const newest = limit === 0 && !options.follow ? [] : await readNewest(context, filter, Math.max(limit, 1));
  print(context, options, limit === 0 ? [] : newest, true);
  if (!options.follow) return;
  // By the numbers of sealed lines: whoever follows ids misses what was committed after a higher one was read.
  const { known, ...from } = await lastSealed(context, filter, newest);
  let { afterSeq } = from;
  while (terminal.signal?.aborted !== true) {
    const { entries } = await client.audit({ ...filter, afterSeq, limit: PAGE }, terminal.signal);
    const fresh = entries.filter(({ id }) => !known.has(id));
    print(context, options, fresh, false);
    afterSeq = entries.at(-1)?.seq ?? afterSeq;
    if (entries.length < PAGE)
      await sleep(FOLLOW_EVERY_MS, undefined, { signal: terminal.signal }).catch(() => undefined);
  }
}

/** The newest entries, oldest of them first. */
async function readNewest(
  { client, terminal }: ClientContext,
  filter: Record<string, string | number | undefined>,
  limit: number,
): Promise<AuditEntry[]> {
  const found: AuditEntry[] = [];
  while (found.length < limit) {
    const page = Math.min(PAGE, limit - found.length);
    const { entries } = await client.audit({ ...filter, before: found.at(-1)?.id, limit: page }, terminal.signal);
    found.push(...entries);
    if (entries.length < page) break;
  }
  return found.reverse();
}

/** The number of the last sealed line that fits, and the lines that are there and will be sealed with a higher one. */
async function lastSealed(
  { client, terminal }: ClientContext,
  filter: Record<string, string | number | undefined>,
  newest: readonly AuditEntry[],
): Promise<{ readonly afterSeq: number; readonly known: ReadonlySet<number> }> {
  const known = new Set(newest.filter(({ seq }) => seq === null).map(({ id }) => id));
  for (let page = newest.toReversed(); ;) {
    for (const { id, seq } of page) {
      if (seq !== null) return { afterSeq: seq, known };
      known.add(id);
    }
    const before = page.at(-1)?.id;
    if (before === undefined) return { afterSeq: 0, known };
    page = (await client.audit({ ...filter, before, limit: PAGE }, terminal.signal)).entries;
  }
}

function print({ terminal, paint }: ClientContext, options: AuditOptions, entries: AuditEntry[], first: boolean): void {
  if (options.json) {
    for (const entry of entries) terminal.write(`${JSON.stringify(entry)}\n`);
  } else if (entries.length > 0) {
    terminal.write(renderAudit(entries, paint, terminal.columns));
  } else if (first && !options.follow) {
    terminal.write('no entries\n');
  }
}

const RESULTS: Readonly<Record<string, Style>> = {
  done: 'good',
  failed: 'bad',
  held: 'warn',
  skipped: 'faint',
  reported: 'warn',
};

/** Entries as a table: time, what, to whom, and why. */
export function renderAudit(entries: readonly AuditEntry[], paint: Paint, columns: number | undefined): string {
  return renderTable(
    ['WHEN', 'RESULT', 'ACTION', 'WHO', 'TARGET', 'CHANGE', 'BECAUSE'],
    entries.map((entry): Cell[] => [
      { text: entry.at.replace('T', ' ').replace(/\.\d+Z$|Z$/, ''), style: 'faint' },
      { text: entry.result, style: RESULTS[entry.result] ?? 'plain' },
      entry.action,
      entry.subjectName ?? entry.subject ?? entry.coderUserId ?? '',
      entry.target ?? '',
      change(entry),
      { text: because(entry), style: 'faint' },
    ]),
    { paint, columns, indent: '' },
  );
}

function change({ before, after, detail }: AuditEntry): string {
  const parts = before === null && after === null ? '' : `${before ?? '–'} → ${after ?? '–'}`;
  return printable([parts, detail ?? ''].filter(part => part !== '').join('; '));
}

function because({ actor, idpGroup, mapping, token }: AuditEntry): string {
  const source = idpGroup === null ? '' : mapping === null ? idpGroup : `${idpGroup} (${mapping})`;
  return [source, token === null ? actor : `${actor} by ${token}`].filter(part => part !== '').join(', ');
}

/** A time, in UTC where it states no zone, or a duration before now. @throws CommandError */
export function instant(text: string | undefined, option: string, now: number): string | undefined {
  if (text === undefined) return undefined;
  if (/^\d+[smhd]$/.test(text)) return new Date(now - parseDuration(text, option)).toISOString();
  const time = parseInstant(text);
  if (time === undefined) {
    throw new CommandError(
      `${option} is ${JSON.stringify(text)}: wanted a time such as ${INSTANT_EXAMPLES}, or a duration such as 2h`,
    );
  }
  return new Date(time).toISOString();
}
