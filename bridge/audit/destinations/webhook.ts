/** Decisions to a webhook: a call that is not answered with 2xx comes again, and holds up no other. */
import { createHash, createHmac } from 'node:crypto';
import { type Log } from '../../http/log';
import { type SealedRecord } from '../../store/audit/chain';
import { withTextsCut } from './cut';
import { DELIVERY_MS, type Destination } from './destination';
import { originOf } from './place';
import { NotTaken, post } from './post';

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

/** For how long a call is tried that the receiver refuses for what is in it; then it keeps nothing waiting any more. */
const REFUSED_MS = 3_600_000;

/**
 * One call for each kind of decision and app among the lines, signed as Standard Webhooks has it: `webhook-signature` is `v1,` and the
 * HMAC-SHA-256 of `<webhook-id>.<webhook-timestamp>.<body>` in base64.
 * @param now milliseconds of a clock that never jumps
 */
export function toWebhook(
  { url, secret }: Webhook,
  log: Pick<Log, 'warn'>,
  now: () => number = () => performance.now(),
): Destination {
  const name = `webhook:${originOf(url)}`;
  /** Numbers of lines that were told, of a delivery that failed in part: they are not told again with what is left. */
  const told = new Set<number>();
  /** Since when a call is refused for what is in it, by the number of its first line. */
  const refused = new Map<number, number>();

  const call = async (group: Group): Promise<void> => {
    const [first] = group;
    const id = idOf(group);
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const body = JSON.stringify({
      type: first.action,
      timestamp: new Date(first.at).toISOString(),
      data: {
        app: first.app,
        reason: first.target,
        count: group.length,
        lines: group.slice(0, LINES_SHOWN).map(shown),
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

  /** As it is, or with its long texts cut where that is not taken. */
  const tell = async (group: Group): Promise<void> => {
    try {
      await call(group);
    } catch (error) {
      const [first, ...rest] = group;
      const cut: Group = [withTextsCut(first) ?? first, ...rest.map(line => withTextsCut(line) ?? line)];
      if (!isAboutBody(error) || cut.every((line, index) => line === group[index])) throw error;
      await call(cut);
      log.warn(
        { destination: name, seq: first.seq, error },
        'a call was not taken as it is: it was sent with its long texts cut',
      );
    }
  };

  /** Whether a call that was just refused is not to be tried again. */
  const isGivenUp = ([{ seq }]: Group): boolean => {
    const since = refused.get(seq) ?? now();
    refused.set(seq, since);
    return now() - since >= REFUSED_MS;
  };

  return {
    name,
    begins: 'next',
    wants: line => DECISIONS.has(line.action),
    async deliver(lines) {
      const began = now();
      let failure: Error | undefined;
      for (const group of groupsOf(lines.filter(({ seq }) => !told.has(seq)))) {
        try {
          await tell(group);
        } catch (error) {
          // Where nobody answers, or late, each further call would take as long.
          if (!(error instanceof NotTaken) || error.isBusy || now() - began > DELIVERY_MS) throw error;
          if (!isAboutBody(error) || !isGivenUp(group)) {
            failure ??= error;
            continue;
          }
          const [{ seq, action, app }] = group;
          log.warn(
            { destination: name, seq, action, app, count: group.length, error },
            'a call was refused for an hour: it is given up',
          );
        }
        for (const { seq } of group) told.add(seq);
      }
      if (failure !== undefined) throw failure;
      told.clear();
      refused.clear();
      return lines.length;
    },
  };
}

/** Lines of one call. */
type Group = readonly [SealedRecord, ...SealedRecord[]];

/** By what they are about, in the order of the first of each. */
function groupsOf(lines: readonly SealedRecord[]): Group[] {
  const groups = new Map<string, [SealedRecord, ...SealedRecord[]]>();
  for (const line of lines) {
    const kind = JSON.stringify([line.action, line.app, line.target]);
    const group = groups.get(kind);
    if (group === undefined) groups.set(kind, [line]);
    else group.push(line);
  }
  return [...groups.values()];
}

function isAboutBody(error: unknown): boolean {
  return error instanceof NotTaken && error.isAboutBody;
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
