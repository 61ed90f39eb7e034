/** Lines to an HTTP endpoint, and decisions to a webhook: anything but 2xx means that they come again. */
import { createHash, createHmac } from 'node:crypto';
import { Agent } from 'undici';
import { type SealedRecord } from '../../store/audit/chain';
import { DELIVERY_MS, type Destination, type Format } from './destination';
import { nameOf, originOf } from './place';

let kept: Agent | undefined;

/** Made when something is sent: most bridges send nothing. */
function connections(): Agent {
  return (kept ??= new Agent());
}

async function post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<void> {
  const { origin, pathname, search } = new URL(url);
  const answer = await connections().request({
    origin,
    path: `${pathname}${search}`,
    method: 'POST',
    headers: { 'user-agent': 'coder-scim', ...headers },
    body,
    signal: AbortSignal.timeout(DELIVERY_MS),
  });
  // What it says may repeat what it was sent: it is not logged.
  await answer.body.dump();
  if (answer.statusCode < 200 || answer.statusCode > 299)
    throw new Error(`${originOf(url)} answered ${answer.statusCode}`);
}

/** JSON lines in one body. @param authorization the whole value of the header, such as `Bearer …` or `Splunk …` */
export function toHttp(url: string, authorization: string | undefined, format: Format): Destination {
  return {
    name: nameOf({ kind: 'http', url }),
    begins: 'oldest',
    deliver: lines =>
      post(
        url,
        { 'content-type': 'application/x-ndjson', ...(authorization === undefined ? {} : { authorization }) },
        lines.map(line => `${format(line)}\n`).join(''),
      ),
  };
}

/** What somebody has to decide, or has decided. */
const DECISIONS: ReadonlySet<string> = new Set([
  'guard.hold',
  'guard.release',
  'person.held',
  're-hire.answer',
  'work.park',
  'recovery.begin',
  'recovery.end',
]);

const LINES_SHOWN = 50;

export interface Webhook {
  readonly url: string;
  readonly secret: string | undefined;
}

/**
 * One call for each kind of decision and app among the lines, signed as Standard Webhooks has it: `webhook-signature` is `v1,` and the
 * HMAC-SHA-256 of `<webhook-id>.<webhook-timestamp>.<body>` in base64.
 */
export function toWebhook({ url, secret }: Webhook): Destination {
  const call = async (lines: readonly SealedRecord[]): Promise<void> => {
    const [first] = lines;
    if (first === undefined) return;
    const id = idOf(lines);
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const body = JSON.stringify({
      type: first.action,
      timestamp: new Date(first.at).toISOString(),
      data: {
        app: first.app,
        reason: first.target,
        count: lines.length,
        lines: lines.slice(0, LINES_SHOWN).map(shown),
      },
    });
    const signature = secret === undefined ? undefined : sign(secret, `${id}.${timestamp}.${body}`);
    await post(
      url,
      {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        ...(signature === undefined ? {} : { 'webhook-signature': `v1,${signature}` }),
      },
      body,
    );
  };
  return {
    name: `webhook:${originOf(url)}`,
    begins: 'next',
    wants: line => DECISIONS.has(line.action),
    async deliver(lines) {
      const groups = new Map<string, SealedRecord[]>();
      for (const line of lines) {
        const kind = JSON.stringify([line.action, line.app, line.target]);
        groups.set(kind, [...(groups.get(kind) ?? []), line]);
      }
      for (const group of groups.values()) await call(group);
    },
  };
}

/** The same for the same lines alone: sent again with a line more, a call is another one, which who has the first must not drop. */
function idOf(lines: readonly SealedRecord[]): string {
  return createHash('sha256')
    .update(lines.map(({ hash }) => hash).join(','))
    .digest('hex');
}

function shown({ seq, at, subject, subject_name, coder_user_id, result, detail, actor }: SealedRecord): object {
  return {
    seq,
    at: new Date(at).toISOString(),
    subject,
    subjectName: subject_name,
    coderUserId: coder_user_id,
    result,
    detail,
    actor,
  };
}

// `whsec_` and base64 is how Standard Webhooks writes a key; anything else is taken as it is.
function sign(secret: string, text: string): string {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret, 'utf8');
  return createHmac('sha256', key).update(text, 'utf8').digest('base64');
}
