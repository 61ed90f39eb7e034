/** Coder's AI gateway: which account used which model, and how much. Owners and auditors see it; everybody else sees nothing, without a refusal. */
import * as z from 'zod';
import { readCsv } from './csv';
import { type Transport } from './transport/transport';

const Session = z
  .object({
    id: z.string(),
    initiator: z.object({ id: z.string(), username: z.string() }),
    providers: z.array(z.string()).nullish(),
    models: z.array(z.string()).nullish(),
    client: z.string().nullish(),
    started_at: z.string(),
    threads: z.number(),
    token_usage_summary: z
      .object({
        input_tokens: z.number(),
        output_tokens: z.number(),
        cache_read_input_tokens: z.number().nullish(),
        cache_write_input_tokens: z.number().nullish(),
      })
      .nullish(),
  })
  .transform(session => ({
    id: session.id,
    coderUserId: session.initiator.id,
    username: session.initiator.username,
    providers: session.providers ?? [],
    models: session.models ?? [],
    client: session.client ?? '',
    startedAt: session.started_at,
    /** Calls within the window that was asked for. */
    calls: session.threads,
    /** Of the whole session, whatever the window. */
    tokens: {
      input: session.token_usage_summary?.input_tokens ?? 0,
      output: session.token_usage_summary?.output_tokens ?? 0,
      cacheRead: session.token_usage_summary?.cache_read_input_tokens ?? 0,
      cacheWrite: session.token_usage_summary?.cache_write_input_tokens ?? 0,
    },
  }));

/** One session of an account with a model; calls without a session are one each. */
export type AiSession = Readonly<z.output<typeof Session>>;

const Sessions = z.object({ sessions: z.array(Session).nullish() });

/** What one account cost one group with one model. */
const Spend = z
  .object({
    user_id: z.string().min(1),
    username: z.string(),
    // The only number of the row that is read.
    cost_micros: z.string().regex(/^\d{1,15}$/),
  })
  .transform(row => ({ coderUserId: row.user_id, username: row.username, costMicros: Number(row.cost_micros) }));

export type AiSpend = Readonly<z.output<typeof Spend>>;

const Spends = z.string().transform(readCsv).pipe(z.array(Spend));

/** The most that Coder gives at once. */
const PAGE = 1_000;
/** Coder sums up 31 days at once, at most. */
const LONGEST_PERIOD_MS = 31 * 86_400_000;

export interface AiGatewayCalls {
  /**
   * Sessions with calls in the window, newest first, page by page.
   * @param window instants in milliseconds since 1970: `since` is included, `until` is not
   * @throws CoderError `refused` without the feature
   */
  aiSessions(window: { readonly since: number; readonly until: number }): AsyncGenerator<AiSession>;
  /**
   * What calls in the window cost, in millionths of a US dollar: those that a group of the organization pays for, and no others.
   * @throws CoderError `forbidden` for whoever may not read the members of groups, `refused` where the window begins before what Coder keeps
   */
  aiSpend(organizationId: string, window: { readonly since: number; readonly until: number }): Promise<AiSpend[]>;
}

export function aiGatewayCalls(transport: Transport): AiGatewayCalls {
  return {
    async *aiSessions({ since, until }) {
      const instant = (at: number) => `"${new Date(at).toISOString()}"`;
      const q = `started_after:${instant(since)} started_before:${instant(until)}`;
      let after: string | undefined;
      for (;;) {
        const query = { q, limit: PAGE, after_session_id: after };
        const answer = await transport.send({ method: 'GET', path: '/ai-gateway/sessions', query, read: Sessions });
        const sessions = answer.sessions ?? [];
        yield* sessions;
        after = sessions.at(-1)?.id;
        if (sessions.length < PAGE || after === undefined) return;
      }
    },

    async aiSpend(organizationId, { since, until }) {
      const rows: AiSpend[] = [];
      for (let start = since; start < until; start += LONGEST_PERIOD_MS) {
        const end = Math.min(start + LONGEST_PERIOD_MS, until);
        const part = await transport.send({
          method: 'GET',
          path: '/organizations/{organization}/ai/spend/export',
          params: { organization: organizationId },
          query: { period_start: new Date(start).toISOString(), period_end: new Date(end).toISOString() },
          read: Spends,
          text: true,
        });
        rows.push(...part);
      }
      return rows;
    },
  };
}
