/** Turns what came back from Coder, or what did not, into the client's one error. Tolerates bodies that are not JSON. */
import * as z from 'zod';
import { CoderError, type CoderErrorDetails } from './errors';
import { redact } from './redact';
import { reasonOf } from './refusals';

const ErrorBody = z.object({
  message: z.string(),
  detail: z.string().nullish(),
  validations: z.array(z.object({ field: z.string(), detail: z.string() })).nullish(),
});

export interface Answer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly text: string;
}

/** The JSON of an answer; undefined when there is none. */
export function parseBody(text: string): unknown {
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

/** The readable part of a body that is not JSON (plain text, a proxy's HTML page), short. */
function excerpt(text: string): string {
  const plain = text
    .replace(/<(script|style)\b[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return plain.length > 160 ? `${plain.slice(0, 160)}…` : plain;
}

/** The cause often stands in the detail alone; it may be a statement of SQL, pages long. */
const DETAIL_SHOWN = 300;

function withDetail(message: string, detail: string): string {
  const plain = detail.replace(/\s+/g, ' ').trim();
  if (plain === '' || message.includes(plain)) return message;
  return `${message.replace(/[.:]$/, '')}: ${plain.length > DETAIL_SHOWN ? `${plain.slice(0, DETAIL_SHOWN)}…` : plain}`;
}

function kindOf(status: number, message: string): CoderErrorDetails['kind'] {
  if (status === 401) return 'unauthorized';
  if (status === 403) return /premium|enterprise|contact sales|licen[sc]e/i.test(message) ? 'licence' : 'forbidden';
  if (status === 404)
    return /^route not found|^organization does not exist/i.test(message)
      ? message.startsWith('R')
        ? 'unsupported'
        : 'refused'
      : 'not_found_or_forbidden';
  if (status === 405 || status === 501) return 'unsupported';
  if (status === 408) return 'timeout';
  if (status === 429) return 'rate_limited';
  // 520 to 530: what stands in front of Coder, as Cloudflare, says that it has not reached it.
  if (status === 502 || status === 503 || status === 504 || (status >= 520 && status <= 530)) return 'unreachable';
  if (status >= 500) return 'failed';
  if (status >= 400) return 'refused';
  return 'unexpected';
}

/**
 * Coder puts its version into every answer, refusals included (by its source, before anything that may refuse; recorded for `/buildinfo` alone); a
 * gateway that answers in its stead does not.
 */
const VERSION_HEADER = 'x-coder-build-version';

/** The version of Coder that an answer is signed with; undefined where something else wrote it, or what stands in front takes it out. */
export function signatureOf(answer: Answer): string | undefined {
  return answer.header(VERSION_HEADER);
}

/** Whether an answer is not Coder's, by what is known of those that are. */
export function lacksSignature(answer: Answer, signs: boolean): boolean {
  return signs && signatureOf(answer) === undefined;
}

export const UNSIGNED = `it has no header ${VERSION_HEADER}, which answers of this Coder had before`;

/** Coder's words about the token, the time and the rate limit are believed as plain text, too: in part it says them so. */
const PLAIN_TEXT = new Set([401, 408, 428, 429]);

/**
 * Whether a refusal is none of Coder's, which always come with a message and are signed: a firewall's, a gateway's that found no way to Coder, or of
 * a page that somebody put in front.
 */
function isForeign(answer: Answer, hasMessage: boolean, signs: boolean): boolean {
  const { status, text } = answer;
  if (status < 400 || status >= 500 || PLAIN_TEXT.has(status)) return false;
  if (lacksSignature(answer, signs)) return true;
  // Coder's router refuses a method without a word.
  return !hasMessage && (status !== 405 || text !== '');
}

const NEXT_STEP: Partial<Record<CoderErrorDetails['kind'], string>> = {
  unauthorized: "check the bridge's Coder token: it is expired, deleted, or its account is suspended",
  forbidden: "the bridge's account lacks a role for this: run coder-scim doctor",
  licence: 'the Coder server has no licence for this feature',
  not_found_or_forbidden: "it is not there, or the bridge's account may not see it: run coder-scim doctor",
  unsupported: 'this Coder server does not know the call: upgrade Coder',
  unreachable: 'Coder is not up, or what stands in front of it does not reach it',
  failed: 'see the log of the Coder server',
  unexpected: 'this is not an answer of its API: check the Coder URL and what stands in front of it',
};

/**
 * The error that an answer outside 2xx means.
 * @param options.signs whether answers of this Coder arrive signed
 */
export function errorOf(
  route: string,
  answer: Answer,
  options: { token?: string | undefined; retryAfterMs?: number | undefined; write: boolean; signs: boolean },
): CoderError {
  const body = ErrorBody.safeParse(parseBody(answer.text));
  const message = redact(
    body.success ? body.data.message : excerpt(answer.text) || `status ${answer.status} without a text`,
    options.token,
  );
  const text = withDetail(message, redact(body.data?.detail ?? '', options.token));
  const validations = (body.success ? (body.data.validations ?? []) : []).map(({ field, detail }) => ({
    field,
    detail: redact(detail, options.token),
  }));
  if (answer.status < 400) {
    const target = answer.header('location');
    return new CoderError(
      `${route} answered ${answer.status}${target === undefined ? '' : ` to ${redact(target.split('?')[0] ?? '', options.token)}`}: wanted an answer of Coder's API; check the Coder URL and what stands in front of it`,
      { kind: 'unexpected', route, status: answer.status, maybeDone: options.write },
    );
  }
  const kind = isForeign(answer, body.success, options.signs) ? 'unexpected' : kindOf(answer.status, message);
  const fields = validations.map(({ field, detail }) => `${field}: ${detail}`).join('; ');
  const isUnsigned = kind === 'unexpected' && body.success && lacksSignature(answer, options.signs);
  const next = isUnsigned ? `${UNSIGNED}: ${NEXT_STEP.unexpected}` : NEXT_STEP[kind];
  return new CoderError(
    `${route} answered ${answer.status}: ${text}${fields === '' ? '' : ` (${fields})`}${next === undefined ? '' : `; ${next}`}`,
    {
      kind,
      route,
      status: answer.status,
      answer: text,
      validations,
      reason: kind === 'refused' ? reasonOf(route, message, validations) : undefined,
      retryAfterMs: options.retryAfterMs,
      // What stands in front may have held back Coder's answer, and not the call.
      maybeDone: options.write && ['failed', 'timeout', 'unreachable', 'unexpected'].includes(kind),
    },
  );
}

const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Failures of TLS before anything is sent, and what to do. First match wins. */
const TLS: readonly (readonly [code: RegExp, what: string, next: string])[] = [
  [/^CERT_HAS_EXPIRED$/, 'its certificate has expired', 'renew it'],
  [/^CERT_NOT_YET_VALID$/, 'its certificate is not valid yet', 'compare the clocks of both machines'],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    'its certificate is for another name',
    'set CODER_URL to a name that the certificate has',
  ],
  [
    /SELF_SIGNED|ISSUER|UNABLE_TO_VERIFY|CERT_UNTRUSTED/,
    'its certificate is signed by nobody whom this machine trusts',
    "set CODER_SCIM_CODER_CA_FILE to a file with its authority's certificate (PEM)",
  ],
  [
    /^ERR_SSL_WRONG_VERSION_NUMBER$|^ERR_SSL_PACKET_LENGTH/,
    'it does not speak TLS on this port',
    'set CODER_URL to http://, or to the port that speaks TLS',
  ],
  [/^(CERT|ERR_TLS|ERR_SSL)_|^EPROTO$/, 'TLS failed', 'look at its certificate and the proxy in front of it'],
];
const TIMEOUTS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT', 'TimeoutError']);

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  const { code, name, errors } = error as { code?: unknown; name?: unknown; errors?: unknown };
  if (typeof code === 'string') return code;
  // Both addresses of a name were tried: the first failure speaks for them.
  if (Array.isArray(errors) && errors.length > 0) return codeOf(errors[0]);
  return typeof name === 'string' ? name : 'unknown';
}

/** The error that a failed exchange means: no connection, or a connection that broke or fell silent. */
export function networkErrorOf(route: string, origin: string, error: unknown, write: boolean): CoderError {
  const code = codeOf(error);
  if (TIMEOUTS.has(code)) {
    return new CoderError(`${route} had no answer in time from ${origin}: see whether the Coder server is overloaded`, {
      kind: 'timeout',
      route,
      maybeDone: write,
      cause: error,
    });
  }
  const tls = TLS.find(([known]) => known.test(code));
  if (tls !== undefined) {
    const [, why, next] = tls;
    return new CoderError(`${route}: no TLS connection to ${origin}: ${why} (${code}); ${next}`, {
      kind: 'unreachable',
      route,
      maybeDone: write && code === 'EPROTO',
      tls: true,
      cause: error,
    });
  }
  const sent = !NOT_SENT.has(code);
  const what = sent ? 'the connection broke' : 'no connection';
  const next = 'check that Coder runs and that the URL is right';
  return new CoderError(`${route}: ${what} to ${origin} (${code}); ${next}`, {
    kind: 'unreachable',
    route,
    maybeDone: write && sent,
    cause: error,
  });
}
