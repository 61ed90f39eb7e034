/**
 * Reads the configuration from the environment: the only reader of `process.env`. A wrong environment is refused as a
 * whole, with every variable that is wrong; no message shows a secret.
 */
import { accessSync, constants, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { nameOf } from '../audit/destinations/place';
import { type Signals, signalsOf } from '../telemetry/signals';
import { reason } from './reason';
import { CLIENT_VARIABLES, type Variable, VARIABLES } from './variables';

export type Environment = Readonly<Record<string, string | undefined>>;

type ValueOf<V> = V extends Variable<infer T> ? T : never;
type Values<Table> = { readonly [Key in keyof Table]: ValueOf<Table[Key]> };

/** The bridge's configuration; the table in variables.ts says what each field means. */
export interface Config extends Values<typeof VARIABLES> {
  /** File that holds the Coder token, when it was given as one: read again when it changes. */
  readonly coderTokenFile: string | undefined;
  /** What the standard variables of OpenTelemetry ask for; undefined: nothing. */
  readonly telemetry: Signals | undefined;
  /** Things that look like mistakes and stop nothing. */
  readonly warnings: readonly string[];
}

/** What client commands need to reach a bridge. */
export type ClientConfig = Partial<Values<typeof CLIENT_VARIABLES>> & { readonly url: string };

/** Everything that is wrong with the environment, one line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/** @throws ConfigError with every problem */
export function readConfig(environment: Environment = process.env): Config {
  const problems: string[] = [];
  const values = readTable(VARIABLES, environment, problems);
  const complete = values as Values<typeof VARIABLES>;
  problems.push(...contradictions(complete, problems), ...filesNobodyReads(environment));
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    ...complete,
    ...databaseUrlOf(complete, environment),
    coderTokenFile:
      text(environment, 'CODER_SESSION_TOKEN') === undefined
        ? text(environment, 'CODER_SESSION_TOKEN_FILE')
        : undefined,
    telemetry: signalsOf(environment),
    warnings: misspelled(environment),
  };
}

/** Where the database of the bridge is, for a command that needs nothing else. @throws ConfigError */
export function readDatabaseUrl(environment: Environment = process.env): string {
  const { databaseUrl, stateDirectory } = VARIABLES;
  const problems: string[] = [];
  const values = readTable({ databaseUrl, stateDirectory }, environment, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return databaseUrlOf(values, environment).databaseUrl;
}

function databaseUrlOf(
  values: { readonly databaseUrl?: string | undefined; readonly stateDirectory?: string | undefined },
  environment: Environment,
): { readonly databaseUrl: string; readonly stateDirectory: string } {
  const stateDirectory = values.stateDirectory ?? defaultStateDirectory(environment);
  return { stateDirectory, databaseUrl: values.databaseUrl ?? `sqlite:${join(stateDirectory, 'coder-scim.db')}` };
}

/** What is wrong between values that are right for themselves. */
function contradictions(values: Partial<Values<typeof VARIABLES>>, found: readonly string[]): string[] {
  const { adminToken, adminCredentials, oidcIssuer, oidcClientId, oidcViewers, oidcOperators } = values;
  const problems: string[] = [];
  const said = (name: string) => found.some(problem => problem.startsWith(name));
  if (adminToken === undefined && (adminCredentials ?? []).length === 0 && !said('CODER_SCIM_ADMIN_')) {
    problems.push(
      `CODER_SCIM_ADMIN_TOKEN or CODER_SCIM_ADMIN_TOKEN_FILE is not set: wanted ${VARIABLES.adminToken.wanted}; or CODER_SCIM_ADMIN_CREDENTIALS`,
    );
  }
  const groups = [...(oidcViewers ?? []), ...(oidcOperators ?? [])];
  if (oidcIssuer !== undefined && oidcClientId === undefined && !said('CODER_SCIM_OIDC_CLIENT_ID'))
    problems.push(
      `CODER_SCIM_OIDC_CLIENT_ID is not set beside CODER_SCIM_OIDC_ISSUER: wanted ${VARIABLES.oidcClientId.wanted}`,
    );
  if (oidcIssuer !== undefined && groups.length === 0 && !said('CODER_SCIM_OIDC_'))
    problems.push(
      'CODER_SCIM_OIDC_VIEWERS and CODER_SCIM_OIDC_OPERATORS are not set beside CODER_SCIM_OIDC_ISSUER: wanted groups in at least one of them, or nobody could sign in',
    );
  if (oidcIssuer === undefined && !said('CODER_SCIM_OIDC_ISSUER') && (oidcClientId !== undefined || groups.length > 0))
    problems.push(
      `CODER_SCIM_OIDC_ISSUER is not set beside other variables of its kind: wanted ${VARIABLES.oidcIssuer.wanted}`,
    );
  const places = (values.auditExport ?? []).map(nameOf);
  const twice = new Set(places.filter((place, index) => places.indexOf(place) !== index));
  for (const place of twice)
    problems.push(`CODER_SCIM_AUDIT_EXPORT names ${JSON.stringify(place)} more than once: wanted each place once`);
  return problems;
}

/** @throws ConfigError */
export function readClientConfig(environment: Environment = process.env): ClientConfig {
  const problems: string[] = [];
  const table = { ...CLIENT_VARIABLES, adminToken: { ...CLIENT_VARIABLES.adminToken, required: false } };
  const values = readTable(table, environment, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return values as ClientConfig;
}

/** How to ask Coder itself, for a client command that can; undefined unless both the URL and a token are set. @throws ConfigError */
export function readWitnessConfig(environment: Environment = process.env):
  | {
      readonly url: string;
      readonly token: string;
      readonly file: string | undefined;
      readonly certificates: string | undefined;
    }
  | undefined {
  const { coderUrl, coderToken, coderCertificates } = VARIABLES;
  const problems: string[] = [];
  const url = readVariable({ ...coderUrl, required: false }, environment, problems);
  const token = readVariable({ ...coderToken, required: false }, environment, problems);
  const certificates = readVariable(coderCertificates, environment, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  if (typeof url !== 'string' || typeof token !== 'string') return undefined;
  return {
    url,
    token,
    file: tokenFile(environment),
    certificates: typeof certificates === 'string' ? certificates : undefined,
  };
}

/** Whether human output may be coloured: only on a terminal, and not when `NO_COLOR` is set (no-color.org). */
export function mayColour(isTerminal: boolean, environment: Environment = process.env): boolean {
  return isTerminal && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb';
}

/** The name of the person at the keyboard, as far as the environment tells: written to the audit trail. */
export function operatorName(environment: Environment = process.env): string {
  return text(environment, 'SUDO_USER') ?? text(environment, 'USER') ?? text(environment, 'LOGNAME') ?? 'operator';
}

function readTable(
  table: Readonly<Record<string, Variable<unknown>>>,
  environment: Environment,
  problems: string[],
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(table).map(([key, variable]) => [key, readVariable(variable, environment, problems)]),
  );
}

function readVariable(variable: Variable<unknown>, environment: Environment, problems: string[]): unknown {
  const { name, wanted } = variable;
  const direct = text(environment, name);
  const file = variable.secret ? text(environment, `${name}_FILE`) : undefined;
  const alternative = variable.secret ? ` or ${name}_FILE` : '';
  if (direct !== undefined && file !== undefined) {
    problems.push(`${name} and ${name}_FILE are both set: wanted one of the two`);
    return undefined;
  }
  let value = direct;
  if (file !== undefined) {
    try {
      value = readFileSync(file, 'utf8').trim();
    } catch (cause) {
      problems.push(`${name}_FILE is ${JSON.stringify(file)}, which can not be read: ${reason(cause)}`);
      return undefined;
    }
    if (value === '') {
      problems.push(`${name}_FILE is ${JSON.stringify(file)}, which is empty: wanted ${wanted}`);
      return undefined;
    }
  }
  if (value === undefined) {
    if (variable.required) problems.push(`${name}${alternative} is not set: wanted ${wanted}`);
    return variable.value;
  }
  const result = variable.read.safeParse(value);
  if (result.success) return result.data;
  const got = variable.secret
    ? `a value of ${value.length} characters (not shown)`
    : JSON.stringify(withoutCredentials(value));
  const why = variable.explains
    ? ` (${result.error.issues.map(issue => [issue.path.join('.'), issue.message].filter(part => part !== '').join(': ')).join('; ')})`
    : '';
  problems.push(`${file === undefined ? name : `${name}_FILE`} is ${got}${why}: wanted ${wanted}`);
  return undefined;
}

function tokenFile(environment: Environment): string | undefined {
  return text(environment, 'CODER_SESSION_TOKEN') === undefined
    ? text(environment, 'CODER_SESSION_TOKEN_FILE')
    : undefined;
}

/** An empty variable counts as not set, as compose files and unit files write it. */
function text(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim();
  return value === '' ? undefined : value;
}

/** `https://user:password@host` without the two: a URL may be shown, what somebody put into it by mistake not. */
function withoutCredentials(value: string): string {
  return value.replace(/\/\/[^/@\s]*@/, '//…@');
}

const SYSTEM_STATE_DIRECTORY = '/var/lib/coder-scim';

function defaultStateDirectory(environment: Environment): string {
  try {
    accessSync(SYSTEM_STATE_DIRECTORY, constants.W_OK);
    return SYSTEM_STATE_DIRECTORY;
  } catch {
    return join(text(environment, 'XDG_STATE_HOME') ?? join(homedir(), '.local', 'state'), 'coder-scim');
  }
}

/** What names a file and is not read would leave its variable at the default, and nobody told. */
function filesNobodyReads(environment: Environment): string[] {
  return Object.values<Variable<unknown>>(VARIABLES).flatMap(({ name, secret }) => {
    const unread = secret ? `${name}_FILE_FILE` : `${name}_FILE`;
    if (!name.startsWith('CODER_SCIM_') || text(environment, unread) === undefined) return [];
    // Something else, as an entrypoint, has read the file.
    if (text(environment, name) !== undefined) return [];
    return [
      secret
        ? `${unread} is not read: wanted ${name}_FILE, which names the file`
        : `${unread} is not read, since ${name} has no form that names a file: wanted ${name} itself`,
    ];
  });
}

// Coder itself reads two variables of this prefix (its own SCIM endpoint), so an unknown one is no error.
function misspelled(environment: Environment): string[] {
  const known = [
    ...Object.values<Variable<unknown>>(VARIABLES),
    ...Object.values<Variable<unknown>>(CLIENT_VARIABLES),
  ].flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name]));
  return Object.keys(environment).flatMap(name => {
    if (!name.startsWith('CODER_SCIM_') || known.includes(name)) return [];
    const near = known.find(candidate => distance(candidate, name) <= 3);
    return near === undefined ? [] : [`${name} is not a variable of coder-scim and is not used: ${near} is meant?`];
  });
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
