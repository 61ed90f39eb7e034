/**
 * Every environment variable that coder-scim reads, as data: what it means, what it may be, what it is without one. The
 * configuration is read with this table, and the reference is generated from it.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { CredentialDeclaration } from '../contract/admin-api';
import { type ExportTo } from '../audit/destinations/place';
import { EVERY_INTERFACE, type ListenAddress } from '../http/server';

/** Where the value of a variable matters. */
export type Side = 'bridge' | 'client';

export interface Variable<T> {
  readonly name: string;
  readonly side: Side;
  readonly description: string;
  /** What a value looks like, for the reference and for error texts. */
  readonly wanted: string;
  /** What is used without a value, in words. */
  readonly fallback: string;
  /** Reads the text; a refusal's message need not repeat the value. */
  readonly read: z.ZodType<T, string>;
  /** Value without the variable; undefined when there is none. */
  readonly value?: T;
  readonly required?: boolean;
  /** The value is never shown, and `<name>_FILE` may name a file that holds it. */
  readonly secret?: boolean;
  /** What the reader says of a wrong value shows no secret, and is told. */
  readonly explains?: boolean;
}

const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400 };

/** `30s`, `15m`, `1h`, `400d` in milliseconds. */
function duration(minimumMs: number, maximumMs = Number.MAX_SAFE_INTEGER) {
  return z.string().transform((text, context) => {
    const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text.trim());
    const milliseconds = match ? Number(match[1]) * (SECONDS[match[2] ?? ''] ?? NaN) * 1_000 : NaN;
    if (milliseconds >= minimumMs && milliseconds <= maximumMs) return milliseconds;
    context.addIssue({ code: 'custom', message: 'not in range, or no unit' });
    return z.NEVER;
  });
}

/** `off` as 0, everything else as the other reader says. */
function orOff(read: z.ZodType<number, string>) {
  return z.union([z.literal('off').transform(() => 0), read]);
}

function count(minimum: number, maximum: number) {
  return z
    .string()
    .regex(/^\d{1,6}$/)
    .transform(Number)
    .pipe(z.number().int().min(minimum).max(maximum));
}

const httpUrl = z
  .string()
  .refine(text => {
    if (!URL.canParse(text)) return false;
    const { protocol, search, hash, username, password } = new URL(text);
    return /^https?:$/.test(protocol) && [search, hash, username, password].every(part => part === '');
  })
  .transform(text => text.replace(/\/+$/, ''));

const listenAddress = z.string().transform((text, context): ListenAddress => {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]*)):(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[3] ?? NaN);
  if (match && port <= 65_535) return { host: match[1] ?? (match[2] || EVERY_INTERFACE), port };
  context.addIssue({ code: 'custom', message: 'not host:port' });
  return z.NEVER;
});

/** Places that the audit trail is sent to, separated by spaces. One that is none is told by where it stands: what it says may be a credential. */
const exportTargets = z.string().transform((text, context): readonly ExportTo[] => {
  const texts = text.split(/\s+/);
  const targets = texts.map(exportTarget);
  if (targets.every(target => target !== undefined)) return targets;
  const wrong = targets.flatMap((target, index) =>
    target === undefined ? [`place ${index + 1} of ${texts.length} ${whyNoTarget(texts[index] ?? '')}`] : [],
  );
  context.addIssue({ code: 'custom', message: wrong.join(', ') });
  return z.NEVER;
});

/** Nothing of the text itself. */
function whyNoTarget(text: string): string {
  if (text.startsWith('file:')) return 'is a file whose path does not begin with /';
  if (!URL.canParse(text)) return 'is neither stdout, a file nor a URL';
  const { username, password, hash, host } = new URL(text);
  if (username !== '' || password !== '') return 'is a URL with user and password';
  if (hash !== '') return 'is a URL with a fragment';
  return host === '' ? 'is a URL without a host' : 'is a URL of another kind';
}

function exportTarget(text: string): ExportTo | undefined {
  if (text === 'stdout') return { kind: 'stdout' };
  const [, path] = /^file:(\/.+)$/.exec(text) ?? [];
  if (path !== undefined) return { kind: 'file', path };
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname: host, port, username, password, hash } = new URL(text);
  if (host === '' || username !== '' || password !== '' || hash !== '') return undefined;
  if (protocol === 'syslog:') return { kind: 'syslog', host, port: Number(port || 514), tls: false };
  if (protocol === 'syslog+tls:') return { kind: 'syslog', host, port: Number(port || 6514), tls: true };
  return /^https?:$/.test(protocol) ? { kind: 'http', url: text } : undefined;
}

/** The text of a file with certificates, which must be ones. */
const certificates = z.string().transform((path, context) => {
  try {
    const text = readFileSync(path, 'utf8');
    void new X509Certificate(text);
    return text;
  } catch {
    context.addIssue({ code: 'custom', message: 'not readable, or no certificate' });
    return z.NEVER;
  }
});

const credentialDeclarations = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'no JSON' });
      return z.NEVER;
    }
  })
  .pipe(z.array(CredentialDeclaration))
  .superRefine((credentials, context) => {
    for (const [index, { name, digest }] of credentials.entries()) {
      if (name === 'admin' || name === 'metrics')
        context.addIssue({
          code: 'custom',
          path: [index, 'name'],
          message: `${JSON.stringify(name)} is the name of the token of CODER_SCIM_${name === 'admin' ? 'ADMIN' : 'METRICS'}_TOKEN: wanted another one`,
        });
      if (credentials.findIndex(other => other.digest === digest) !== index)
        context.addIssue({ code: 'custom', path: [index, 'digest'], message: 'stands here twice: wanted each once' });
    }
  });

/** Names separated by commas. */
const names = z
  .string()
  .transform(text => text.split(',').flatMap(name => (name.trim() === '' ? [] : [name.trim()])))
  .pipe(z.array(z.string()).min(1));

const MINUTE = 60_000;
const DAY = 86_400_000;

/** Levels of `CODER_SCIM_LOG_LEVEL`, from much to nothing. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

function variable<T>(definition: Variable<T>): Variable<T> {
  return definition;
}

/** The table. Keys are the names of the fields of `Config`. */
export const VARIABLES = {
  coderUrl: variable({
    name: 'CODER_URL',
    side: 'bridge',
    description: 'Where Coder answers, without /api/v2.',
    wanted: 'an http or https URL without credentials and query, such as https://coder.example.com',
    fallback: 'required',
    required: true,
    read: httpUrl,
  }),
  coderToken: variable({
    name: 'CODER_SESSION_TOKEN',
    side: 'bridge',
    description:
      'Token of the Coder account that the bridge acts as. With the `_FILE` form the file is read again when it changes, and a renewed token is written back to it.',
    wanted: 'a token as printed by `coder tokens create`, without spaces',
    fallback: 'required',
    required: true,
    secret: true,
    read: z.string().regex(/^[\x21-\x7e]{8,1024}$/),
  }),
  coderCertificates: variable<string | undefined>({
    name: 'CODER_SCIM_CODER_CA_FILE',
    side: 'bridge',
    description:
      "Authority that signed Coder's certificate, when it is one of your own: trusted beside the usual ones, for Coder alone.",
    wanted: 'a readable file that begins with a certificate in PEM form',
    fallback: 'none',
    read: certificates,
  }),
  adminToken: variable<string | undefined>({
    name: 'CODER_SCIM_ADMIN_TOKEN',
    side: 'bridge',
    description:
      'Admin credential with every scope, named `admin` in the audit trail: Terraform and the client commands show it.',
    wanted: 'at least 16 characters without spaces, e.g. the output of `openssl rand -hex 32`',
    fallback: 'required, unless `CODER_SCIM_ADMIN_CREDENTIALS` is set',
    secret: true,
    read: z.string().regex(/^[\x21-\x7e]{16,1024}$/),
  }),
  adminCredentials: variable<readonly CredentialDeclaration[]>({
    name: 'CODER_SCIM_ADMIN_CREDENTIALS',
    side: 'bridge',
    description:
      'Named admin credentials, each with its scopes and expiry, by the digest of its secret: `coder-scim admin-token create --declare` prints one. Two of one name are a rotation.',
    wanted:
      'JSON such as [{"name": "terraform", "digest": "sha256:…", "scopes": ["declare"], "expiresAt": "2027-01-01T00:00:00Z"}], the scopes from declare, operate, read and metrics',
    fallback: 'none',
    value: [],
    secret: true,
    explains: true,
    read: credentialDeclarations,
  }),
  stateDirectory: variable({
    name: 'CODER_SCIM_STATE_DIR',
    side: 'bridge',
    description: 'Folder of the SQLite database; created when missing, readable by its owner alone.',
    wanted: 'an absolute path',
    fallback: '`/var/lib/coder-scim` when it can be written, else `~/.local/state/coder-scim`',
    read: z.string().regex(/^\//),
  }),
  databaseUrl: variable({
    name: 'CODER_SCIM_DATABASE_URL',
    side: 'bridge',
    description: 'Database: a SQLite file, or Postgres when several bridges share the work.',
    wanted: 'postgres://user:password@host/database, sqlite:/path/to/file, or an absolute path',
    fallback: '`sqlite:` and `coder-scim.db` in the state directory',
    secret: true,
    read: z.string().regex(/^(postgres(ql)?:\/\/\S+|sqlite:\S.*|\/.+|:memory:)$/),
  }),
  listen: variable({
    name: 'CODER_SCIM_LISTEN',
    side: 'bridge',
    description: 'Address that the bridge listens on. It speaks plain HTTP: put a proxy that ends TLS before it.',
    wanted: 'host:port, [IPv6]:port, or :port for every interface; port 0 takes a free one',
    fallback: '`127.0.0.1:8399`',
    value: { host: '127.0.0.1', port: 8399 },
    read: listenAddress,
  }),
  publicUrl: variable<string | undefined>({
    name: 'CODER_SCIM_PUBLIC_URL',
    side: 'bridge',
    description:
      'Where the identity provider reaches the bridge: what SCIM locations and the SCIM base URL begin with.',
    wanted: 'an http or https URL without credentials and query, such as https://scim.example.com',
    fallback: '`http://` and the address that the bridge listens on',
    read: httpUrl,
  }),
  trustedProxies: variable({
    name: 'CODER_SCIM_TRUSTED_PROXIES',
    side: 'bridge',
    description:
      'How many proxies stand before the bridge: so many entries of X-Forwarded-For are believed when failed credentials are throttled by source.',
    wanted: 'a whole number from 0 to 10',
    fallback: '`0`: the header is not believed',
    value: 0,
    read: count(0, 10),
  }),
  logLevel: variable({
    name: 'CODER_SCIM_LOG_LEVEL',
    side: 'bridge',
    description: 'What is logged. Requests are logged at `info`, calls to Coder at `debug`; no level logs a secret.',
    wanted: `one of ${LOG_LEVELS.join(', ')}`,
    fallback: '`info`',
    value: 'info',
    read: z.enum(LOG_LEVELS),
  }),
  logFormat: variable({
    name: 'CODER_SCIM_LOG_FORMAT',
    side: 'bridge',
    description: 'Form of the log on standard output: JSON lines for machines, text for people.',
    wanted: 'json or text',
    fallback: '`text` on a terminal, else `json`',
    value: undefined as 'json' | 'text' | undefined,
    read: z.enum(['json', 'text']),
  }),
  requestDeadlineMs: variable({
    name: 'CODER_SCIM_REQUEST_DEADLINE',
    side: 'bridge',
    description:
      'How long a SCIM request waits for Coder to agree before it is answered; what is not done by then is done in the background.',
    wanted: 'a duration from 0s to 25s, such as 8s',
    fallback: '`8s`',
    value: 8_000,
    read: duration(0, 25_000),
  }),
  sweepIntervalMs: variable({
    name: 'CODER_SCIM_SWEEP_INTERVAL',
    side: 'bridge',
    description: 'How often everything that is managed is compared with Coder, to find what was changed by hand.',
    wanted: 'a duration of at least 1s, such as 15m, or off',
    fallback: '`15m`',
    value: 15 * MINUTE,
    read: orOff(duration(1_000)),
  }),
  auditRetentionMs: variable({
    name: 'CODER_SCIM_AUDIT_RETENTION',
    side: 'bridge',
    description: 'How long lines of the audit trail are kept.',
    wanted: 'a duration of at least 1d, such as 400d, or off to keep them for ever',
    fallback: '`400d`',
    value: 400 * DAY,
    read: orOff(duration(DAY)),
  }),
  auditExport: variable<readonly ExportTo[]>({
    name: 'CODER_SCIM_AUDIT_EXPORT',
    side: 'bridge',
    description:
      'Where the audit trail is sent as it grows, each line as a JSON object in OCSF form, at least once: several places are separated by spaces. Lines stay in the database until each place has them. The path of a URL may be a credential, so the value is treated as a secret.',
    wanted:
      'stdout, file:/path, syslog://host:port, syslog+tls://host:port, or an http or https URL without user and password; several with spaces between',
    fallback: 'none',
    secret: true,
    explains: true,
    value: [],
    read: exportTargets,
  }),
  auditExportAuthorization: variable<string | undefined>({
    name: 'CODER_SCIM_AUDIT_EXPORT_AUTHORIZATION',
    side: 'bridge',
    description: 'Value of the header `authorization` for audit lines that are sent over HTTP.',
    wanted: 'a scheme and a credential, such as `Bearer …` or `Splunk …`',
    fallback: 'none',
    secret: true,
    read: z.string().regex(/^[\x20-\x7e]{8,4096}$/),
  }),
  webhookUrl: variable<string | undefined>({
    name: 'CODER_SCIM_WEBHOOK_URL',
    side: 'bridge',
    description:
      'Who is told when something waits for a decision, and when one was made: guard holds and releases, held people, parked work, re-hires, recovery. The path may be a credential, so the value is treated as a secret.',
    wanted: 'an http or https URL without user and password',
    fallback: 'none',
    secret: true,
    read: z.string().refine(text => exportTarget(text)?.kind === 'http'),
  }),
  webhookSecret: variable<string | undefined>({
    name: 'CODER_SCIM_WEBHOOK_SECRET',
    side: 'bridge',
    description: 'Key by which calls of the webhook are signed, as Standard Webhooks has it (`webhook-signature`).',
    wanted: 'at least 16 characters without spaces; `whsec_` and base64 for 24 bytes or more',
    fallback: 'none: calls are not signed',
    secret: true,
    read: z.string().regex(/^[\x21-\x7e]{16,1024}$/),
  }),
  keepRequests: variable({
    name: 'CODER_SCIM_REQUEST_LOG',
    side: 'bridge',
    description:
      'Whether the last 1,000 SCIM requests of each app are kept for `coder-scim requests`, without their bodies.',
    wanted: 'on or off',
    fallback: '`on`',
    value: true,
    read: z.enum(['on', 'off']).transform(text => text === 'on'),
  }),
  coderConcurrency: variable({
    name: 'CODER_SCIM_CODER_CONCURRENCY',
    side: 'bridge',
    description: 'How many calls to Coder run at the same time.',
    wanted: 'a whole number from 1 to 64',
    fallback: '`8`',
    value: 8,
    read: count(1, 64),
  }),
  renewToken: variable({
    name: 'CODER_SCIM_RENEW_TOKEN',
    side: 'bridge',
    description: 'Whether the bridge renews its Coder token before it expires.',
    wanted: 'on or off',
    fallback: '`on`',
    value: true,
    read: z.enum(['on', 'off']).transform(text => text === 'on'),
  }),
  metricsToken: variable<string | undefined>({
    name: 'CODER_SCIM_METRICS_TOKEN',
    side: 'bridge',
    description:
      'Credential that opens /metrics and nothing else, as an admin credential with the scope `metrics` does.',
    wanted: 'at least 16 characters without spaces',
    fallback: 'none',
    secret: true,
    read: z.string().regex(/^[\x21-\x7e]{16,1024}$/),
  }),
  oidcIssuer: variable<string | undefined>({
    name: 'CODER_SCIM_OIDC_ISSUER',
    side: 'bridge',
    description:
      'OpenID provider that people sign in with to the page at `/ui`. Without one they show an admin credential there.',
    wanted: 'the issuer as its discovery document states it, such as https://login.example.com/realms/main',
    fallback: 'none',
    read: z.url({ protocol: /^https?$/ }),
  }),
  oidcClientId: variable<string | undefined>({
    name: 'CODER_SCIM_OIDC_CLIENT_ID',
    side: 'bridge',
    description: 'Client of the page there; its redirect URI is `<public URL>/ui/sign-in/callback`.',
    wanted: 'the id that the OpenID provider gave the client',
    fallback: 'required with an issuer',
    read: z.string().min(1).max(500),
  }),
  oidcClientSecret: variable<string | undefined>({
    name: 'CODER_SCIM_OIDC_CLIENT_SECRET',
    side: 'bridge',
    description: 'Secret of that client. Without one the client is a public one, which PKCE protects.',
    wanted: 'the secret that the OpenID provider gave the client',
    fallback: 'none',
    secret: true,
    read: z.string().min(1).max(2_000),
  }),
  oidcScopes: variable({
    name: 'CODER_SCIM_OIDC_SCOPES',
    side: 'bridge',
    description: 'What is asked for at a sign-in: some OpenID providers tell groups only when asked for them.',
    wanted: 'scopes separated by spaces, openid among them',
    fallback: '`openid profile email`',
    value: 'openid profile email',
    read: z.string().regex(/^(.* )?openid( .*)?$/),
  }),
  oidcGroupsClaim: variable({
    name: 'CODER_SCIM_OIDC_GROUPS_CLAIM',
    side: 'bridge',
    description: 'Claim of the ID token, or else of the user info, that names the groups of who signs in.',
    wanted: 'the name of a claim, such as groups',
    fallback: '`groups`',
    value: 'groups',
    read: z.string().min(1).max(200),
  }),
  oidcViewers: variable<readonly string[]>({
    name: 'CODER_SCIM_OIDC_VIEWERS',
    side: 'bridge',
    description: 'Groups whose people see the page.',
    wanted: 'names of groups, separated by commas',
    fallback: 'none',
    value: [],
    read: names,
  }),
  oidcOperators: variable<readonly string[]>({
    name: 'CODER_SCIM_OIDC_OPERATORS',
    side: 'bridge',
    description: 'Groups whose people see the page and decide there: release, retry, re-hire, recover, sweep, debug.',
    wanted: 'names of groups, separated by commas',
    fallback: 'none',
    value: [],
    read: names,
  }),
  shutdownTimeoutMs: variable({
    name: 'CODER_SCIM_SHUTDOWN_TIMEOUT',
    side: 'bridge',
    description: 'How long running requests may take to finish after SIGTERM; what they left is in the database.',
    wanted: 'a duration from 0s to 5m, such as 20s',
    fallback: '`20s`',
    value: 20_000,
    read: duration(0, 300_000),
  }),
} as const;

/** What the client commands read, beside options of the same meaning. */
export const CLIENT_VARIABLES = {
  url: variable({
    name: 'CODER_SCIM_URL',
    side: 'client',
    description: 'Bridge that the client commands talk to.',
    wanted: 'an http or https URL without credentials and query',
    fallback: '`http://127.0.0.1:8399`',
    value: 'http://127.0.0.1:8399',
    read: httpUrl,
  }),
  adminToken: variable({ ...VARIABLES.adminToken, side: 'client', fallback: 'required by every client command' }),
  scimToken: variable<string | undefined>({
    name: 'CODER_SCIM_TOKEN',
    side: 'client',
    description: "Token of an app's SCIM endpoint, for `coder-scim verify`.",
    wanted: 'a token of the app, as printed by `coder-scim token create`',
    fallback: 'none',
    secret: true,
    read: z.string().regex(/^[\x21-\x7e]{16,1024}$/),
  }),
} as const;
