/** The audit trail as it happens, by server-sent events. It ends with the session, and when the bridge stops. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Request, type Response } from 'express';
import { Refusal } from '../../http/refusal';
import { type AuditQuery } from '../../store/audit/audit';
import { type PageDeps } from '../deps';
import { auditCells } from './audit-rows';

const LOOK_EVERY_MS = 1_000;
/** Looks after which whoever follows is asked for again, and a proxy sees that the connection lives. */
const LOOKS_UNTIL_CHECK = 15;
const PAGE = 200;
/** Followers at once in this process: each costs a query a second. */
const MOST_FOLLOWERS = 20;

let followers = 0;

/** @param isSignedIn whether the session still is one */
export async function followAudit(
  deps: PageDeps,
  { request, response, base }: { readonly request: Request; readonly response: Response; readonly base: string },
  filter: AuditQuery,
  isSignedIn: () => Promise<boolean>,
): Promise<void> {
  if (followers >= MOST_FOLLOWERS) {
    const message = `${MOST_FOLLOWERS} follow the audit trail of this bridge already: close one, or use \`coder-scim audit --follow\``;
    throw new Refusal(503, 'too_many_followers', message, { headers: { 'retry-after': '30' } });
  }
  followers += 1;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, deps.stopping]);
  try {
    response.setHeader('content-type', 'text/event-stream').setHeader('x-accel-buffering', 'no');
    response.flushHeaders();
    let after = Number(request.headers['last-event-id'] ?? NaN);
    if (!Number.isSafeInteger(after)) after = filter.afterId ?? 0;
    for (let look = 1; !signal.aborted; look += 1) {
      const entries = await deps.reconciler.audit({ ...filter, beforeId: undefined, afterId: after, limit: PAGE });
      for (const entry of entries)
        response.write(`id: ${entry.id}\nevent: entry\ndata: ${JSON.stringify(auditCells(base, entry))}\n\n`);
      after = entries.at(-1)?.id ?? after;
      if (look % LOOKS_UNTIL_CHECK === 0) {
        if (!(await isSignedIn())) break;
        response.write(': here\n\n');
      }
      if (entries.length < PAGE) await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    followers -= 1;
    response.end();
  }
}
