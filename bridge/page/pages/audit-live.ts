/** The audit trail as it happens, by server-sent events. It ends with the session, and when the bridge stops. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Request, type Response } from 'express';
import { Refusal } from '../../http/refusal';
import { type AuditEntry } from '../../contract/admin-api';
import { type AuditQuery } from '../../store/audit/audit';
import { readChain } from '../../store/audit/chain';
import { type PageDeps } from '../deps';
import { visible } from '../html';
import { auditFilter } from './audit';
import { auditCells } from './audit-rows';

const LOOK_EVERY_MS = 1_000;
/** Looks after which whoever follows is asked for again, and a proxy sees that the connection lives. */
const LOOKS_UNTIL_CHECK = 15;
const PAGE = 200;
/** Whoever takes nothing for so long connects again, and goes on where they were. */
const STALLED_MS = 15_000;
/** Followers at once in this process: each costs a query a second. */
const MOST_FOLLOWERS = 20;

let followers = 0;

/** From where on, and what of it is shown already. */
export interface Following {
  readonly filter: AuditQuery;
  /** Ids of lines that are shown and were not sealed by then: they get a number after that from which on is followed. */
  readonly known: ReadonlySet<number>;
}

/** The query of who follows: that of the trail, and the ids that are known. @throws Refusal 400 with the parameter that is wrong */
export function followingOf(query: URLSearchParams): Following {
  const known = new Set((query.get('known') ?? '').split(' ').map(Number));
  const rest = new URLSearchParams(query);
  rest.delete('known');
  return { filter: auditFilter(rest).filter, known };
}

/**
 * By the numbers of sealed lines: whoever follows ids misses what was committed after a higher one was read.
 * @param isSignedIn whether the session still is one
 */
export async function followAudit(
  deps: PageDeps,
  { request, response, base }: { readonly request: Request; readonly response: Response; readonly base: string },
  { filter, known }: Following,
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
    /** At the pace of who reads: what they do not take is not gathered here, and who takes nothing is gone. */
    const send = async (text: string): Promise<void> => {
      if (response.write(text)) return;
      const taken = AbortSignal.any([signal, AbortSignal.timeout(STALLED_MS)]);
      await once(response, 'drain', { signal: taken }).catch(() => gone.abort());
    };
    const headSeq = async () => (await readChain(deps.database.db)).head.seq;
    const last = Number(request.headers['last-event-id'] ?? NaN);
    const from = filter.afterSeq !== undefined && Number.isSafeInteger(last) ? last : filter.afterSeq;
    // A database that was restored has less of the chain than was shown.
    let after = Math.min(from ?? Infinity, await headSeq());
    const narrowing = { ...filter, beforeId: undefined, afterId: undefined };
    for (let look = 1; !signal.aborted; look += 1) {
      const head = await headSeq();
      const entries = await deps.reconciler.audit({ ...narrowing, afterSeq: after, limit: PAGE });
      for (const entry of entries) if (!known.has(entry.id)) await send(eventOf(base, entry));
      // Where nothing more fits up to the end of the chain, nobody walks there again.
      after = Math.max(entries.at(-1)?.seq ?? after, entries.length < PAGE ? head : after);
      if (look % LOOKS_UNTIL_CHECK === 0) {
        if (!(await isSignedIn())) break;
        // Whoever connects again goes on from there.
        await send(`: here\nid: ${after}\n\n`);
      }
      if (entries.length < PAGE) await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    followers -= 1;
    response.end();
  }
}

function eventOf(base: string, entry: AuditEntry): string {
  const cells = auditCells(base, entry).map(cell => ({ ...cell, text: visible(cell.text) }));
  return `id: ${entry.seq ?? 0}\nevent: entry\ndata: ${JSON.stringify(cells)}\n\n`;
}
