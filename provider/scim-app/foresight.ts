/** What an apply would do in Coder, asked of the bridge when a change is planned, and told as a warning: people, groups, roles, sync settings. */
import { AdminError } from '../../bridge/admin-client/admin-error';
import { type PlannedChange, type PlanReport, type PlanRequest } from '../../bridge/contract/admin-api';
import { type Bridge, explainRefusal } from '../bridge';
import { toDocument } from '../mapping-document';
import { isObject, isWhollyKnown, type ObjectValue, type PlanContext, type Value } from '../plugin';
import { digestsOf } from './rotation';
import { type App } from './schema';

/** The bridge reads all of Coder for it: a plan waits for that no longer, and beside that for its turn. */
const PATIENCE_MS = 60_000;
const LINES = 40;
const NAMES = 5;

type Foretelling = Pick<PlanContext<App, Bridge>, 'client' | 'signal' | 'report'>;

/** Nothing for a document that is not wholly known yet. */
export async function foretell(planned: ObjectValue, context: Foretelling): Promise<void> {
  const { generation: _generation, group_ids: _groupIds, scim_base_url: _scimBaseUrl, ...rest } = planned;
  if (context.client.missing() !== undefined || !isWhollyKnown(rest)) return;
  // An app under another name takes its tokens along: by the time that it is made, the one that has them is ended.
  const state = toDocument({ ...rest, tokens: withoutDigests(rest['tokens'], context.client.planned.freed) });
  await ask(`app ${JSON.stringify(state.app)}`, { app: state.app, state }, context, 'coder-scim plan');
}

/** Who would lose what, and which groups and roles would go, with the app. */
export async function foretellEnd(app: string, context: Foretelling): Promise<void> {
  if (context.client.missing() !== undefined) return;
  await ask(
    `the end of app ${JSON.stringify(app)}`,
    { app, deleted: true },
    context,
    `coder-scim plan --app ${app} --deleted`,
  );
}

async function ask(
  what: string,
  request: PlanRequest,
  { client, signal, report }: Foretelling,
  command: string,
): Promise<void> {
  let answer: PlanReport;
  try {
    answer = await client.askOnce(bridge => bridge.plan(request, signal), PATIENCE_MS);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AdminError)) throw error;
    // A bridge of another version may have rules of its own: what it refuses now, it refuses in the middle of an apply too.
    if (error.status === 422 && error.issues.length > 0) throw explainRefusal(error, `plan ${what}`);
    report.warning(
      `what ${what} would change in Coder is not known`,
      `${error.message}\n\nThe plan itself is right. \`${command}\` asks again, and shows it.`,
    );
    return;
  }
  tell(answer, report, what, command);
}

function tell(
  { changes, problems, holds }: PlanReport,
  report: Foretelling['report'],
  what: string,
  command: string,
): void {
  if (changes.length === 0 && problems.length === 0 && holds.length === 0) return;
  const removals = changes.filter(change => change.removal).length;
  const lines = [
    ...holds.map(
      ({ people, reason }) =>
        `the guard would hold what ${people} people lose (${reason}): released after the apply, or not at all`,
    ),
    ...problems,
    ...gathered([...changes].sort((a, b) => Number(b.removal) - Number(a.removal))),
  ];
  const more = lines.length - LINES;
  const rest = more > 0 ? [`and ${more} more: ${command} shows all of it`] : [];
  report.warning(
    `in Coder, ${what} would give or create ${changes.length - removals}, and take away ${removals}`,
    [...lines.slice(0, LINES), ...rest].map(line => `- ${line}`).join('\n'),
  );
}

/** One line for what many people get or lose alike. */
function gathered(changes: readonly PlannedChange[]): string[] {
  const lines = new Map<string, string[]>();
  for (const change of changes) {
    const what = say(change);
    lines.set(what, [...(lines.get(what) ?? []), change.subject]);
  }
  return [...lines].map(([what, subjects]) => {
    const named = subjects.filter(subject => subject !== '');
    if (named.length === 0) return what;
    const more = named.length - NAMES;
    return `${named.slice(0, NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}: ${what}`;
  });
}

function say({ action, target, before, after, because }: PlannedChange): string {
  const change = before === null && after === null ? '' : ` ${before ?? 'nothing'} → ${after ?? 'nothing'}`;
  return `${action}${target === null ? '' : ` ${target}`}${change}${because === null ? '' : `, because of ${because}`}`;
}

function withoutDigests(tokens: Value | undefined, freed: ReadonlySet<string>): Value {
  if (freed.size === 0 || !isObject(tokens ?? null)) return tokens ?? null;
  const known = digestsOf(tokens);
  return Object.fromEntries(Object.entries(tokens as ObjectValue).filter(([name]) => !freed.has(known[name] ?? '')));
}
