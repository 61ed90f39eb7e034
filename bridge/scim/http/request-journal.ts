/**
 * Keeps the last requests where an operator can see them. Gathered and written once a second, so that a request costs no transaction
 * of its own; of what a busy second holds, the newest stay.
 */
import { wasWithin } from '../../contract/was-within';
import { withoutSecretShapes } from '../../contract/secret-shapes';
import { type Json, isJsonObject } from '../../scim-language/json';
import { type DebugWindow, isOpenAt, KEPT_REQUESTS, type RequestRecord } from '../../store/requests/requests';
import { type ScimDeps } from './deps';

const INTERVAL_MS = 1_000;
/** Characters of a body that are kept. */
const MOST_OF_A_BODY = 100_000;

export interface RequestJournal {
  add(record: RequestRecord): void;
  /**
   * Id of the window in which bodies of the app are kept at the moment, as far as is known: asked for once a second at most. Whether it is
   * open is looked at again when the body is written.
   */
  openWindow(app: string): Promise<string | undefined>;
}

export function createRequestJournal({
  requests,
  clock,
  log,
}: Pick<ScimDeps, 'requests' | 'clock' | 'log'>): RequestJournal | undefined {
  if (requests === undefined) return undefined;
  let pending: RequestRecord[] = [];
  let resting = false;
  const windows = new Map<string, { readonly window: DebugWindow | undefined; readonly askedAt: number }>();

  function write(): void {
    if (pending.length === 0) {
      resting = false;
      return;
    }
    const records = pending;
    pending = [];
    resting = true;
    requests?.write(records).catch((error: unknown) => log.warn({ error }, 'requests could not be kept'));
    setTimeout(write, INTERVAL_MS).unref();
  }

  return {
    add(record) {
      pending.push(record);
      if (pending.length > 2 * KEPT_REQUESTS) pending = pending.slice(-KEPT_REQUESTS);
      if (!resting) write();
    },

    async openWindow(app) {
      const now = clock();
      let known = windows.get(app);
      if (known === undefined || !wasWithin(now, known.askedAt, INTERVAL_MS)) {
        known = { window: await requests.debugWindow(app).catch(() => undefined), askedAt: now };
        windows.set(app, known);
      }
      return known.window !== undefined && isOpenAt(known.window, now) ? known.window.id : undefined;
    },
  };
}

const SECRET = /password|secret|token|credential|certificate/i;
const HIDDEN = '(not kept)';

// Bounded, so that a long text is gone through once.
const SECRET_STATED = new RegExp(`(?:${SECRET.source})${/[\w.-]{0,64}[\\"']{0,8}\s{0,8}[:=]/.source}`, 'i');

/** Whether a text is JSON that speaks of something secret, or states it in another notation: `password=…`. */
const holdsSecret = (text: string): boolean =>
  SECRET.test(text) && (/^\s*[[{"]/.test(text) || SECRET_STATED.test(text));

/** A body as it may be kept: JSON, cut, with what is secret left out; what is no JSON only by its length. */
export function keptBody(body: Json | string | undefined): string | undefined {
  if (body === undefined) return undefined;
  if (typeof body === 'string') return `(${body.length} characters that are no JSON)`;
  const text = withoutSecretShapes(JSON.stringify(withoutSecrets(body)));
  return text.length > MOST_OF_A_BODY ? `${text.slice(0, MOST_OF_A_BODY)}…` : text;
}

function withoutSecrets(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value === 'string') return holdsSecret(value) ? HIDDEN : value;
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value);
  // A PATCH states the name of an attribute as the value of `path`.
  const names = entries.some(([key, item]) => /^path$/i.test(key) && typeof item === 'string' && SECRET.test(item));
  return Object.fromEntries(
    entries.map(([key, item]) => [
      key,
      SECRET.test(key) || (names && /^value$/i.test(key)) ? HIDDEN : withoutSecrets(item),
    ]),
  );
}
