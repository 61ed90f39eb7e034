/** `GET /organizations/{organization}/ai/spend/export`: what calls cost that a group pays for, by person, group and model, as CSV. */
import { Refusal, type Answer } from '../http/answer';
import { type Call, type Route } from '../http/call';
import { findOrganization } from '../state/find';
import { type World } from '../world';
import { INPUT_TOKENS, OUTPUT_TOKENS, PROVIDER } from './ai-gateway';

const COLUMNS =
  'user_id,username,group_id,group_name,organization_id,organization_name,model,provider,provider_name,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,cost_micros,period_start,period_end';
const DAY = 86_400_000;
const RETENTION_DAYS = 60;
const LONGEST_DAYS = 31;
const FORBIDDEN =
  "You don't have permission to view this content. If you believe this is a mistake, please contact your administrator or try signing in with different credentials.";

/** A field as RFC 4180 has it. */
const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

export function spendRoute({ settings, state, interceptions }: World): Route {
  /** The month that is under way, or what is asked for. */
  function periodOf({ query }: Call): { readonly start: number; readonly end: number } {
    const now = new Date(settings.clock.now());
    const asked = query.get('period_start');
    if (asked === null)
      return {
        start: Date.UTC(now.getUTCFullYear(), now.getUTCMonth()),
        end: Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1),
      };
    const [start, end] = [Date.parse(asked), Date.parse(query.get('period_end') ?? '')];
    if (start < settings.clock.now() - RETENTION_DAYS * DAY)
      throw new Refusal(
        400,
        `Query parameter "period_start" is older than the configured AI Gateway data retention window (${RETENTION_DAYS * 24}h0m0s).`,
      );
    if (end - start > LONGEST_DAYS * DAY) throw new Refusal(400, 'The period is too long.');
    return { start, end };
  }

  return {
    method: 'GET',
    path: '/organizations/:organization/ai/spend/export',
    feature: 'AI Gateway',
    handle(call): Answer {
      if (!settings.aiGateway) throw new Refusal(403, 'AI Gateway is a Premium feature. Contact sales!');
      const organization = findOrganization(state, call);
      if (!call.access.can('group_member', 'read', organization))
        throw new Refusal(403, 'Forbidden.', { detail: FORBIDDEN });
      const { start, end } = periodOf(call);
      const rows = new Map<string, { calls: number; cost: number }>();
      for (const { user, at, model, paid } of interceptions) {
        if (paid === undefined || paid.group.organization !== organization || at < start || at >= end) continue;
        const { group, costMicros } = paid;
        const who = [user.id, user.username, group.id, group.name, organization.id, organization.name];
        const key = [...who, model, PROVIDER, PROVIDER].map(field).join(',');
        const { calls, cost } = rows.get(key) ?? { calls: 0, cost: 0 };
        rows.set(key, { calls: calls + 1, cost: cost + costMicros });
      }
      const period = `${new Date(start).toISOString()},${new Date(end).toISOString()}`;
      const lines = [...rows].map(
        ([key, { calls, cost }]) => `${key},${calls * INPUT_TOKENS},${calls * OUTPUT_TOKENS},0,0,${cost},${period}`,
      );
      return {
        status: 200,
        raw: [COLUMNS, ...lines].map(line => `${line}\n`).join(''),
        contentType: 'text/csv; charset=utf-8',
      };
    },
  };
}
