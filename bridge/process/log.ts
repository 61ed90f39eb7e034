/**
 * The log of the bridge: structured lines on standard output. No line holds a secret, whoever logs it: known secrets and
 * everything that is shaped like a token are cut out of the finished line.
 */
import { writeSync } from 'node:fs';
import pino, { type DestinationStream } from 'pino';
import { SECRET_SHAPE } from '../contract/secret-shapes';
import { type Log } from '../http/log';
import { printable } from './printable';

export interface LogOptions {
  readonly level: string;
  /** `json`: one object a line; `text`: for people. */
  readonly format: 'json' | 'text';
  /** Values that never appear in a line. */
  readonly secrets: readonly string[];
  /** What each line says besides, such as the trace that it belongs to. @default nothing */
  readonly fields?: (() => Readonly<Record<string, string>>) | undefined;
  /** @default standard output */
  readonly destination?: DestinationStream;
}

const REDACTED = '[redacted]';

// Fields that carry credentials in objects that are logged whole.
const SECRET_FIELDS = ['authorization', 'cookie', 'token', 'secret', 'password', 'key', 'coder-session-token'].flatMap(
  field => {
    const name = field.includes('-') ? `["${field}"]` : field;
    return field.includes('-') ? [name, `*${name}`, `*.*${name}`] : [name, `*.${name}`, `*.*.${name}`];
  },
);

// Of bounded length: in a text of many beginnings each of them would be followed to its end.
const DATABASE_PASSWORD = /(postgres(?:ql)?:\/\/[^:@\s"\\]{1,256}):[^@\s"\\]{1,1024}@/.source;

const TOKEN_SHAPES = new RegExp([SECRET_SHAPE, /\bBearer\s+[^\s"\\]{8,}/.source, DATABASE_PASSWORD].join('|'), 'gi');

/** So many bytes of lines wait for room on a disk that is full; what comes then is lost. */
const MOST_WAITING = 4 * 1024 * 1024;

export function createLog(options: LogOptions): Log {
  const destination = options.destination ?? standardOutput();
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      redact: { paths: SECRET_FIELDS, censor: REDACTED },
      serializers: { error: pino.stdSerializers.err, err: pino.stdSerializers.err },
      ...(options.fields === undefined ? {} : { mixin: options.fields }),
      hooks: { streamWrite: line => scrub(line, options.secrets) },
    },
    options.format === 'json' ? destination : { write: line => destination.write(toText(line)) },
  );
}

/** A disk that is full under the log is no reason to lock nobody out any more: that is said once, until a line could be written again. */
function standardOutput(): DestinationStream {
  let said = false;
  const open = () =>
    pino
      .destination({ dest: 1, sync: true, maxLength: MOST_WAITING })
      .on('write', () => (said = false))
      .on('error', (error: NodeJS.ErrnoException) => {
        // Nobody reads any more: pino says nothing of that either.
        if (said || error.code === 'EPIPE') return;
        said = true;
        tell(error);
      })
      // It takes no line and tries no more while that much waits: what waits is lost, and the next line is tried.
      .on('drop', () => (destination = open()));
  let destination = open();
  // And nothing else of it: what it would do at a last word is to try for ever.
  return { write: line => void destination.write(line) };
}

function tell({ message }: Error): void {
  try {
    writeSync(
      2,
      `coder-scim: the log can not be written, and the bridge goes on without it: ${message}; make room where standard output goes\n`,
    );
  } catch {
    // The same disk, as a rule.
  }
}

/** Cuts secrets out of a text: the given ones, what is shaped like ours, bearer credentials, passwords in database URLs. */
export function scrub(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) if (secret.length >= 8) clean = clean.replaceAll(secret, REDACTED);
  return clean.replace(TOKEN_SHAPES, (_match, database: string | undefined) =>
    database === undefined ? REDACTED : `${database}:${REDACTED}@`,
  );
}

const QUIET = new Set(['level', 'time', 'msg']);

/** One JSON line as a person reads it. */
function toText(line: string): string {
  const entry = JSON.parse(line) as Record<string, unknown>;
  const time = String(entry['time']).slice(11, 23);
  const rest = Object.entries(entry).flatMap(([name, value]) => {
    if (QUIET.has(name) || value === undefined || value === null) return [];
    if ((name === 'error' || name === 'err') && typeof value === 'object') {
      const { message, stack } = value as { message?: string; stack?: string };
      return [`error=${quoted(message ?? '')}${entry['level'] === 'error' && stack ? `\n${stackAsText(stack)}` : ''}`];
    }
    return [`${name}=${typeof value === 'string' && isPlain(value) ? value : quoted(value)}`];
  });
  const message = typeof entry['msg'] === 'string' ? printable(entry['msg']) : '';
  return `${time} ${String(entry['level']).padEnd(5)} ${[message, ...rest].join('  ')}\n`;
}

const isPlain = (text: string): boolean => !/[\s"]/.test(text) && printable(text) === text;

// JSON writes out the first control characters alone.
const quoted = (value: unknown): string => printable(JSON.stringify(value));

/** A stack, of which nothing is taken for a line of the log: the message that it begins with may have lines of its own. */
const stackAsText = (stack: string): string =>
  stack
    .split('\n')
    .map((line, index) => (index === 0 || /^\s/.test(line) ? '' : '    ') + printable(line))
    .join('\n');
