/** `GET /ai-gateway/sessions`, under its old name too: who used AI through the gateway, as owners and auditors see it. */
import { Refusal, ok, type Answer, type Validation } from '../http/answer';
import { type Call, type Route } from '../http/call';
import { onlyValue, readSearch } from '../http/query';
import { type User } from '../state/entities';
import { lookUpUser } from '../state/find';
import { type Interception } from './interception';
import { type World } from '../world';

const KEYS = ['initiator', 'provider', 'model', 'client', 'session_id', 'started_after', 'started_before'];
const USUAL_LIMIT = 100;
const MOST = 1_000;
export const INPUT_TOKENS = 10;
export const OUTPUT_TOKENS = 20;
export const PROVIDER = 'anthropic';
const CLIENT = 'Claude Code';
const LAYOUT = '2006-01-02T15:04:05.999999999Z07:00';

function refuse(validations: readonly Validation[]): Refusal {
  return new Refusal(400, 'Invalid session search query.', { validations });
}

function instantOf(key: string, text: string): number {
  const instant = text.toUpperCase();
  if (/^\d{4}-\d\d-\d\dT/.test(instant) && !Number.isNaN(Date.parse(instant))) return Date.parse(instant);
  const rest = instant.slice('2006-01-02'.length);
  const detail = `Query param "${key}" must be a valid date format (${LAYOUT}): parsing time "${instant}" as "${LAYOUT}": cannot parse "${rest}" as "T"`;
  throw refuse([{ field: key, detail }]);
}

export function aiGatewayRoutes(world: World): Route[] {
  const { interceptions, settings, state } = world;

  function initiatorOf(call: Call, text: string): User {
    const user = text === 'me' ? call.access.user : lookUpUser(state, text);
    if (user && call.access.canRead(user)) return user;
    const detail = `Query param "initiator" has invalid value: user "${text}" either does not exist, or you are unauthorized to view them`;
    throw refuse([{ field: 'initiator', detail }]);
  }

  /** Calls by what they have to be, for a window, and which sessions those are of. */
  function found(call: Call): Interception[] {
    const search = readSearch(call.query.get('q') ?? '', KEYS, refuse);
    if (search.text !== '') throw refuse([{ field: 'q', detail: 'no search key specified' }]);
    const value = (key: string): string | undefined => {
      const values = search.keys.get(key);
      return values === undefined ? undefined : onlyValue(key, values, refuse);
    };
    const [initiator, after, before] = [value('initiator'), value('started_after'), value('started_before')];
    const user = initiator === undefined ? undefined : initiatorOf(call, initiator);
    const since = after === undefined ? -Infinity : instantOf('started_after', after);
    const until = before === undefined ? Infinity : instantOf('started_before', before);
    if (until <= since) {
      const detail =
        'Query param "started_before" has invalid value: "started_before" must be after "started_after" if set';
      throw refuse([{ field: 'started_before', detail }]);
    }
    // Nobody else is refused: they see nothing.
    if (!['owner', 'auditor'].some(role => call.access.user.roles.includes(role))) return [];
    const same = (key: string, actual: string): boolean => {
      const wanted = value(key);
      return wanted === undefined || wanted === actual.toLowerCase();
    };
    return interceptions.filter(
      one =>
        (user === undefined || one.user === user) &&
        one.at >= since &&
        one.at < until &&
        same('model', one.model) &&
        same('provider', PROVIDER) &&
        same('client', CLIENT) &&
        same('session_id', one.session),
    );
  }

  /** Threads are those of the window; tokens are those of the whole session. */
  function view(id: string, threads: number): object {
    const calls = interceptions.filter(one => one.session === id);
    const [first] = calls;
    const last = calls.at(-1);
    const time = (at: number | undefined) => new Date(at ?? 0).toISOString();
    return {
      id,
      initiator: { id: first?.user.id, username: first?.user.username },
      providers: [PROVIDER],
      models: [...new Set(calls.map(({ model }) => model))],
      client: CLIENT,
      metadata: {},
      started_at: time(first?.at),
      ended_at: time(last?.at),
      threads,
      token_usage_summary: {
        input_tokens: calls.length * INPUT_TOKENS,
        output_tokens: calls.length * OUTPUT_TOKENS,
        cache_read_input_tokens: 0,
        cache_write_input_tokens: 0,
      },
      ...(last?.prompt === undefined ? {} : { last_prompt: last.prompt }),
      last_active_at: time(last?.at),
    };
  }

  const sessions = (call: Call): Answer => {
    if (!settings.aiGateway) throw new Refusal(403, 'AI Gateway is a Premium feature. Contact sales!');
    const calls = found(call);
    const limit = Number(call.query.get('limit') ?? '0') || USUAL_LIMIT;
    if (limit > MOST)
      throw new Refusal(400, 'Invalid pagination limit value.', {
        detail: 'Pagination limit must be in range (0, 1000]',
      });
    const threads = new Map<string, number>();
    for (const { session } of calls) threads.set(session, (threads.get(session) ?? 0) + 1);
    const began = (id: string) => interceptions.find(one => one.session === id)?.at ?? 0;
    const ids = [...threads.keys()].sort((a, b) => began(b) - began(a));
    const cursor = call.query.get('after_session_id');
    if (cursor !== null && !ids.includes(cursor))
      throw new Refusal(400, 'Query parameter has invalid value.', {
        detail: `after_session_id: session "${cursor}" not found`,
      });
    const start = cursor === null ? Number(call.query.get('offset') ?? '0') : ids.indexOf(cursor) + 1;
    const page = ids.slice(start, start + limit);
    return ok({ count: ids.length, sessions: page.map(id => view(id, threads.get(id) ?? 0)) });
  };

  return ['/ai-gateway/sessions', '/aibridge/sessions'].map(path => ({
    method: 'GET',
    path,
    feature: 'AI Gateway',
    handle: sessions,
  }));
}
