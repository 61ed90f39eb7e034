import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, mayColour, readClientConfig, readConfig } from '../../bridge/process/config';
import { CLIENT_VARIABLES, VARIABLES, type Variable } from '../../bridge/process/variables';

const folder = mkdtempSync(join(tmpdir(), 'coder-scim-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const GOOD = {
  CODER_URL: 'https://coder.example.com/',
  CODER_SESSION_TOKEN: 'abcdefghij-0123456789abcdefghijkl',
  CODER_SCIM_ADMIN_TOKEN: 'an-admin-token-of-some-length',
};

function problems(environment: Record<string, string | undefined>): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('configuration of the bridge', () => {
  it('takes what is required and fills in the rest', () => {
    const config = readConfig({ ...GOOD, HOME: folder, CODER_SCIM_STATE_DIR: folder });
    expect(config).toMatchObject({
      coderUrl: 'https://coder.example.com',
      databaseUrl: `sqlite:${join(folder, 'coder-scim.db')}`,
      listen: { host: '127.0.0.1', port: 8399 },
      logLevel: 'info',
      requestDeadlineMs: 8_000,
      sweepIntervalMs: 900_000,
      renewToken: true,
      warnings: [],
    });
    expect(config.publicUrl).toBeUndefined();
  });

  it('takes named admin credentials instead of the one token', () => {
    const entry = {
      name: 'ci',
      digest: `sha256:${'a'.repeat(64)}`,
      scopes: ['read'],
      expiresAt: '2099-01-01T00:00:00Z',
    };
    const named = { ...GOOD, CODER_SCIM_ADMIN_TOKEN: undefined };
    const path = file('credentials.json', JSON.stringify([entry]));
    expect(readConfig({ ...named, CODER_SCIM_ADMIN_CREDENTIALS_FILE: path })).toMatchObject({
      adminToken: undefined,
      adminCredentials: [entry],
    });
    expect(problems(named)).toEqual([
      expect.stringMatching(/^CODER_SCIM_ADMIN_TOKEN or .*_FILE is not set: .*or CODER_SCIM_ADMIN_CREDENTIALS$/),
    ]);
    const wrong = (credentials: unknown) =>
      problems({ ...named, CODER_SCIM_ADMIN_CREDENTIALS: JSON.stringify(credentials) });
    expect(wrong([{ ...entry, scopes: ['root'], digest: 'hunter2-hunter2' }])).toEqual([
      expect.stringMatching(/\(0\.digest: no digest \(not shown.*0\.scopes\.0: .*"declare"\|"operate"/),
    ]);
    expect(wrong([{ ...entry, digest: 'hunter2-hunter2' }]).join()).not.toContain('hunter2');
    expect(wrong([{ ...entry, name: 'admin' }])).toEqual([expect.stringContaining('CODER_SCIM_ADMIN_TOKEN: wanted')]);
    expect(wrong([entry, entry])).toEqual([expect.stringContaining('1.digest: stands here twice')]);
  });

  it('takes an OpenID provider with a client and groups, or none', () => {
    const provider = { CODER_SCIM_OIDC_ISSUER: 'https://login.example.com', CODER_SCIM_OIDC_CLIENT_ID: 'page' };
    expect(readConfig({ ...GOOD, ...provider, CODER_SCIM_OIDC_VIEWERS: 'staff, on-call' })).toMatchObject({
      oidcViewers: ['staff', 'on-call'],
      oidcOperators: [],
      oidcGroupsClaim: 'groups',
    });
    expect(problems({ ...GOOD, ...provider })).toEqual([expect.stringContaining('or nobody could sign in')]);
    expect(problems({ ...GOOD, CODER_SCIM_OIDC_ISSUER: 'https://login.example.com' })).toEqual([
      expect.stringMatching(/^CODER_SCIM_OIDC_CLIENT_ID is not set/),
      expect.stringContaining('or nobody could sign in'),
    ]);
    expect(problems({ ...GOOD, CODER_SCIM_OIDC_OPERATORS: 'on-call' })).toEqual([
      expect.stringMatching(/^CODER_SCIM_OIDC_ISSUER is not set/),
    ]);
  });

  it('names every mistake at once, each with the variable, what it got and what it wants', () => {
    const found = problems({
      CODER_URL: 'coder.example.com',
      CODER_SCIM_ADMIN_TOKEN: 'short',
      CODER_SCIM_LISTEN: '8399',
      CODER_SCIM_LOG_LEVEL: 'loud',
      CODER_SCIM_SWEEP_INTERVAL: '15',
      CODER_SCIM_TRUSTED_PROXIES: '-1',
    });
    expect(found).toEqual([
      expect.stringMatching(/^CODER_URL is "coder\.example\.com": wanted an http or https URL/),
      expect.stringMatching(/^CODER_SESSION_TOKEN or CODER_SESSION_TOKEN_FILE is not set: wanted a token/),
      expect.stringMatching(/^CODER_SCIM_ADMIN_TOKEN is a value of 5 characters \(not shown\): wanted at least 16/),
      expect.stringMatching(/^CODER_SCIM_LISTEN is "8399": wanted host:port/),
      expect.stringMatching(/^CODER_SCIM_TRUSTED_PROXIES is "-1": wanted a whole number/),
      expect.stringMatching(/^CODER_SCIM_LOG_LEVEL is "loud": wanted one of trace/),
      expect.stringMatching(/^CODER_SCIM_SWEEP_INTERVAL is "15": wanted a duration/),
    ]);
  });

  it.each(Object.values<Variable<unknown>>(VARIABLES).filter(variable => variable.secret))(
    'never shows the value of $name',
    ({ name }) => {
      const secret = 'S3cret-Value with spaces';
      expect(problems({ ...GOOD, [name]: secret }).join('\n')).not.toContain('S3cret');
      expect(
        problems({ ...GOOD, [name]: undefined, [`${name}_FILE`]: file('secret', secret) }).join('\n'),
      ).not.toContain('S3cret');
    },
  );

  it.each([
    ['CODER_SCIM_LISTEN', '0.0.0.0:80', 'listen', { host: '0.0.0.0', port: 80 }],
    ['CODER_SCIM_LISTEN', ':8399', 'listen', { host: '::', port: 8399 }],
    ['CODER_SCIM_LISTEN', '[::1]:0', 'listen', { host: '::1', port: 0 }],
    ['CODER_SCIM_LISTEN', 'localhost:8399', 'listen', { host: 'localhost', port: 8399 }],
    ['CODER_SCIM_SWEEP_INTERVAL', 'off', 'sweepIntervalMs', 0],
    ['CODER_SCIM_SWEEP_INTERVAL', '90s', 'sweepIntervalMs', 90_000],
    ['CODER_SCIM_AUDIT_RETENTION', '30d', 'auditRetentionMs', 2_592_000_000],
    ['CODER_SCIM_RENEW_TOKEN', 'off', 'renewToken', false],
    ['CODER_SCIM_REQUEST_DEADLINE', '1500ms', 'requestDeadlineMs', 1_500],
    ['CODER_SCIM_PUBLIC_URL', 'https://scim.example.com/', 'publicUrl', 'https://scim.example.com'],
  ])('reads %s=%s', (name, value, field, wanted) => {
    expect(readConfig({ ...GOOD, [name]: value })).toMatchObject({ [field]: wanted });
  });

  it.each([
    ['CODER_SCIM_LISTEN', '127.0.0.1:65536'],
    ['CODER_SCIM_LISTEN', '::1:8399'],
    ['CODER_URL', 'ftp://coder.example.com'],
    ['CODER_URL', 'https://user:pass@coder.example.com'],
    ['CODER_URL', 'https://coder.example.com/?a=b'],
    ['CODER_SCIM_AUDIT_RETENTION', '1h'],
    ['CODER_SCIM_REQUEST_DEADLINE', '1m'],
    ['CODER_SCIM_CODER_CONCURRENCY', '0'],
    ['CODER_SCIM_DATABASE_URL', 'mysql://db'],
    ['CODER_SCIM_STATE_DIR', 'relative/folder'],
  ])('refuses %s=%s', (name, value) => {
    expect(problems({ ...GOOD, [name]: value })).toEqual([expect.stringContaining(name)]);
  });

  it('refuses a place of the audit trail that stands there twice, and does not show its path', () => {
    const twice = (value: string) => problems({ ...GOOD, CODER_SCIM_AUDIT_EXPORT: value });
    expect(twice('stdout file:/var/log/audit.jsonl stdout')).toEqual([
      'CODER_SCIM_AUDIT_EXPORT names "stdout" more than once: wanted each place once',
    ]);
    const [problem = ''] = twice('https://siem.example.com/S3cret?a=b https://SIEM.example.com:443/S3cret?a=b');
    expect(problem).toMatch(/^CODER_SCIM_AUDIT_EXPORT names "http:https:\/\/siem\.example\.com#[0-9a-f]{8}" more than/);
    expect(twice('https://siem.example.com/in?tenant=one https://siem.example.com/in?tenant=two')).toEqual([]);
  });

  it('shows nothing of a place of the audit trail when one is wrong, and says which one is', () => {
    const siem = 'https://collect.example.com/receiver/v1/http/S3cretKey?token=S3cretToken';
    const [problem = '', ...others] = problems({ ...GOOD, CODER_SCIM_AUDIT_EXPORT: `${siem} file:audit.jsonl` });
    expect(others).toEqual([]);
    expect(problem).toMatch(
      /^CODER_SCIM_AUDIT_EXPORT is a value of \d+ characters \(not shown\) \(place 2 of 2 is a file whose path does not begin with \/\): wanted stdout, /,
    );
    for (const part of ['S3cret', 'receiver', 'collect.example.com', 'audit.jsonl'])
      expect(problem).not.toContain(part);
    const path = file('export', `${siem}\nhttps://key:S3cret@siem.example.com\nS3cret://siem\nS3cret`);
    expect(problems({ ...GOOD, CODER_SCIM_AUDIT_EXPORT_FILE: path })).toEqual([
      expect.stringMatching(
        /place 2 of 4 is a URL with user and password, place 3 of 4 is a URL of another kind, place 4 of 4 is neither stdout, a file nor a URL/,
      ),
    ]);
    const right = file('export-right', `${siem}\nstdout\n`);
    expect(readConfig({ ...GOOD, CODER_SCIM_AUDIT_EXPORT_FILE: right }).auditExport).toEqual([
      { kind: 'http', url: siem },
      { kind: 'stdout' },
    ]);
  });

  it('does not show credentials that somebody put into a URL', () => {
    expect(problems({ ...GOOD, CODER_URL: 'https://admin:pa55word@coder.example.com' }).join()).not.toContain(
      'pa55word',
    );
  });

  it('takes secrets from files, and remembers the file of the Coder token', () => {
    const path = file('coder-token', 'abcdefghij-from-a-file\n');
    const config = readConfig({ ...GOOD, CODER_SESSION_TOKEN: '', CODER_SESSION_TOKEN_FILE: path });
    expect(config).toMatchObject({ coderToken: 'abcdefghij-from-a-file', coderTokenFile: path });
  });

  it('says which file can not be read, is empty, or competes with the variable', () => {
    const missing = join(folder, 'missing');
    expect(problems({ ...GOOD, CODER_SESSION_TOKEN: undefined, CODER_SESSION_TOKEN_FILE: missing })).toEqual([
      expect.stringMatching(/^CODER_SESSION_TOKEN_FILE is ".*missing", which can not be read: ENOENT/),
    ]);
    expect(
      problems({ ...GOOD, CODER_SESSION_TOKEN: undefined, CODER_SESSION_TOKEN_FILE: file('empty', '\n') }),
    ).toEqual([expect.stringContaining('which is empty')]);
    expect(problems({ ...GOOD, CODER_SCIM_ADMIN_TOKEN_FILE: file('admin', 'x'.repeat(20)) })).toEqual([
      'CODER_SCIM_ADMIN_TOKEN and CODER_SCIM_ADMIN_TOKEN_FILE are both set: wanted one of the two',
    ]);
  });

  it('refuses what names a file that nobody reads', () => {
    const path = file('webhook', 'https://chat.example.com/hooks/1');
    expect(
      [
        ...problems({
          ...GOOD,
          CODER_SCIM_WEBHOOK_URL_FILE_FILE: path,
          CODER_SCIM_LOG_LEVEL_FILE: path,
          CODER_SCIM_CODER_CA_FILE_FILE: path,
          // An entrypoint of the house has read this one.
          CODER_SCIM_SHUTDOWN_TIMEOUT: '30s',
          CODER_SCIM_SHUTDOWN_TIMEOUT_FILE: path,
          CODER_SCIM_SWEEP_INTERVAL_FILE: '',
        }),
      ].sort(),
    ).toEqual([
      'CODER_SCIM_CODER_CA_FILE_FILE is not read, since CODER_SCIM_CODER_CA_FILE has no form that names a file: wanted CODER_SCIM_CODER_CA_FILE itself',
      'CODER_SCIM_LOG_LEVEL_FILE is not read, since CODER_SCIM_LOG_LEVEL has no form that names a file: wanted CODER_SCIM_LOG_LEVEL itself',
      'CODER_SCIM_WEBHOOK_URL_FILE_FILE is not read: wanted CODER_SCIM_WEBHOOK_URL_FILE, which names the file',
    ]);
  });

  it('warns of a misspelt variable and leaves those of Coder alone', () => {
    const { warnings } = readConfig({ ...GOOD, CODER_SCIM_LISTNE: ':1', CODER_SCIM_AUTH_HEADER: 'x' });
    expect(warnings).toEqual([
      expect.stringMatching(/^CODER_SCIM_LISTNE is not a variable.*CODER_SCIM_LISTEN is meant/),
    ]);
  });
});

describe('configuration of client commands', () => {
  it('needs nothing but a bridge on this machine', () => {
    expect(readClientConfig({})).toMatchObject({ url: 'http://127.0.0.1:8399' });
  });

  it('refuses a URL that is none', () => {
    expect(() => readClientConfig({ CODER_SCIM_URL: 'bridge:8399' })).toThrow(/CODER_SCIM_URL is "bridge:8399"/);
  });
});

describe('the table of variables', () => {
  const all = [...Object.values<Variable<unknown>>(VARIABLES), ...Object.values<Variable<unknown>>(CLIENT_VARIABLES)];

  it.each(all)('describes $name in a sentence', ({ description, wanted, fallback }) => {
    expect(description).toMatch(/\.$/);
    expect(wanted).not.toBe('');
    expect(fallback).not.toBe('');
  });
});

describe('colour', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
  ])('terminal %s with %o: %s', (terminal, environment, wanted) => {
    expect(mayColour(terminal, environment)).toBe(wanted);
  });
});
