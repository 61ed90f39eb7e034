/**
 * Tells the log who was refused and why, and keeps the last refusal of each app where an operator can see it. The answer says less: it
 * must not show which apps and tokens exist.
 */
import { wasWithin } from '../../contract/was-within';
import { type RefusalReason, type Refused } from '../access/authenticate';
import { type ScimDeps } from './deps';

const QUIET_MS = 60_000;
const REMEMBERED = 1_000;
const NOTE_INTERVAL_MS = 10_000;

// Somebody who hammers the door must not fill the log: throttled refusals are told once a minute for each source.
export function createRefusalLog({
  log,
  clock,
  apps,
  requests,
}: Pick<ScimDeps, 'log' | 'clock' | 'apps' | 'requests'>): (refusal: Refused) => void {
  const told = new Map<string, number>();
  const noted = new Map<string, number>();

  async function note(name: string, reason: string): Promise<void> {
    if ((await apps.findApp(name)) === undefined) return;
    const now = clock();
    if (wasWithin(now, noted.get(name), NOTE_INTERVAL_MS)) return;
    noted.set(name, now);
    await requests?.refused(name, reason);
  }

  return ({ reason, app, source, tokenId, client, throttled }) => {
    if (throttled) {
      const now = clock();
      if (wasWithin(now, told.get(source), QUIET_MS)) return;
      if (told.size >= REMEMBERED) told.clear();
      told.set(source, now);
    }
    log.warn({ source, tokenId, client, reason: explainRefusal(reason), throttled }, 'scim caller refused');
    if (app === undefined || throttled || requests === undefined) return;
    note(app, explainRefusal(reason)).catch((error: unknown) =>
      log.warn({ error }, 'a refused caller could not be noted'),
    );
  };
}

/** Why somebody was refused, as the log and the page say it. */
export function explainRefusal(reason: RefusalReason): string {
  switch (reason) {
    case 'missing':
      return 'no Authorization header';
    case 'no bearer':
      return 'Authorization is not "Bearer" once, a space and a token';
    case 'malformed':
      return 'not a token of coder-scim, or cut or mistyped';
    case 'client secret':
      return 'the secret of an OAuth client, shown as a token';
    case 'admin credential':
      return 'an admin credential, which is no token of an app';
    case 'unknown':
      return 'no app declares this token, or the client that got it';
    case 'other app':
      return 'token of another app than the path names';
    case 'expired':
      return 'token expired';
    case 'wrong client':
      return 'no such OAuth client of the app, another secret, or its time is over';
  }
}
