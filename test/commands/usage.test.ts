import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProgram, run } from '../../bridge/commands/program';
import { CommandError } from '../../bridge/commands/terminal/failure';
import { type Terminal } from '../../bridge/commands/terminal/terminal';
import { digestOf, readSecret } from '../../bridge/scim/access/token';
import { ADMIN_TOKEN } from '../support/bridge';
import { coderScim } from './terminal-double';

const folder = mkdtempSync(join(tmpdir(), 'coder-scim-usage-'));
afterAll(() => rmSync(folder, { recursive: true }));

// A port of the discard service: nothing listens there on a machine that runs tests.
const NOBODY = { CODER_SCIM_URL: 'http://127.0.0.1:9', CODER_SCIM_ADMIN_TOKEN: ADMIN_TOKEN };

const names = (() => {
  const terminal = {
    environment: {},
    write: () => undefined,
    complain: () => undefined,
    interactive: false,
    columns: 80,
    read: async () => '',
  };
  const program = createProgram(terminal, { exitCode: 0 });
  return program.commands.flatMap(command => [
    // A group of commands has no options of its own.
    ...(command.commands.length === 0 || command.options.length > 0 ? [command.name()] : []),
    ...command.commands.map(inner => `${command.name()} ${inner.name()}`),
  ]);
})();

describe('usage', () => {
  it('has a command for everything', () => {
    expect(names).toEqual([
      'serve',
      'apply',
      'plan',
      'status',
      'verify',
      'doctor',
      'token create',
      'oauth-client create',
      'admin-token create',
      'admin-token list',
      'admin-token rotate',
      'admin-token revoke',
      'audit',
      'audit verify',
      'requests',
      'debug',
      'explain',
      'identities',
      'ai-usage',
      'sweep',
      'release',
      're-hire',
      'dismiss',
      'retry',
      'delete',
      'recover',
      'backup',
      'restore',
      'export',
      'import',
      'completion',
      'help',
    ]);
  });

  it.each(names)('%s --help has an example and the exit codes', async name => {
    const { code, out, err } = await coderScim([...name.split(' '), '--help']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^Usage: coder-scim /);
    expect(out).toMatch(/\nExamples:\n {2}# .*\n {2}.*coder-scim /);
    expect(out).toContain('Exit codes:');
  });

  it.each([
    ['no command', []],
    ['an unknown command', ['stauts']],
    ['an unknown option', ['status', '--jsno']],
    ['a missing argument', ['apply']],
    ['a duration without unit', ['status', '--wait', '10']],
    ['a limit that is no number', ['audit', '--limit', 'many']],
    ['a time that is none', ['audit', '--since', 'yesterday']],
    ['no app', ['verify']],
    ['an app with a strange name', ['verify', '--app', '../x', '--token', 'x'.repeat(20)]],
    ['no SCIM token', ['verify', '--app', 'acme']],
    ['a lifetime of nothing', ['token', 'create', '--expires-in', '0d']],
    ['a lifetime of four years', ['token', 'create', '--expires-in', '1461d']],
  ])('%s is exit code 2, and nothing is asked', async (_name, argv) => {
    const { code, out, err } = await coderScim(argv, { environment: NOBODY });
    expect([code, out]).toEqual([2, '']);
    expect(err).not.toBe('');
  });

  it('says how to give the admin token', async () => {
    const { code, err } = await coderScim(['status']);
    expect(code).toBe(2);
    expect(err).toMatch(
      /no admin token: set CODER_SCIM_ADMIN_TOKEN or CODER_SCIM_ADMIN_TOKEN_FILE, or use --admin-token-file/,
    );
  });

  it('shows nothing of a SCIM token that can not be sent', async () => {
    const verify = (token: string) => coderScim(['verify', '--app', 'acme', '--token', token], { environment: NOBODY });
    const several = await verify('token "okta":\nSECRET');
    expect([several.code, several.err]).toEqual([
      2,
      expect.stringMatching(
        /--token can not be used: it has 20 characters \(not shown\), .*: wanted one token and nothing else/,
      ),
    ]);
    expect(several.err).not.toContain('SECRET');
    expect(await verify('')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--token can not be used: it is empty') as string,
    });
  });

  it('says that the bridge does not answer, with exit code 3', async () => {
    const { code, err } = await coderScim(['status'], { environment: NOBODY });
    expect(code).toBe(3);
    expect(err).toMatch(/bridge at http:\/\/127\.0\.0\.1:9 does not answer/);
  });

  it('tells a program in JSON what went wrong', async () => {
    const { code, err } = await coderScim(['status', '--json'], { environment: NOBODY });
    expect(code).toBe(3);
    expect(JSON.parse(err)).toEqual({ error: expect.objectContaining({ code: 'unreachable' }) });
  });

  it('names every mistake of the configuration at once', async () => {
    const { code, err } = await coderScim(['serve'], { environment: { CODER_URL: 'nowhere', CODER_SCIM_LISTEN: 'x' } });
    expect(code).toBe(2);
    expect(err).toMatch(/the configuration has 4 mistakes/);
    for (const name of [
      'CODER_URL is "nowhere"',
      'CODER_SESSION_TOKEN or',
      'CODER_SCIM_ADMIN_TOKEN or',
      'CODER_SCIM_LISTEN is "x"',
    ]) {
      expect(err).toContain(name);
    }
  });

  it('checks the configuration here when no bridge runs', async () => {
    const { code, out } = await coderScim(['doctor'], { environment: { ...NOBODY, CODER_URL: 'nowhere' } });
    expect(code).toBe(1);
    expect(out).toMatch(/✗ bridge .*does not answer/);
    expect(out).toContain('→ start it: coder-scim serve');
    expect(out).toMatch(/✗ configuration {2}CODER_URL is "nowhere"/);
    expect(out).toMatch(/3 checks failed/);
  });
});

describe('files', () => {
  it.each([
    ['missing', undefined, /"[^"]*missing" can not be read: .*ENOENT/],
    ['broken', '{', /"[^"]*broken" is no JSON/],
    [
      'wrong',
      '{"version":1,"app":"a","roleMappings":{"x":{"idpGroup":"g","role":"king"}}}',
      /roleMappings\["x"\]\.role: unknown site role "king"/,
    ],
    ['newer', '{"version":7}', /document version 7.*upgrade the reader/],
  ])('%s is refused before anything is asked', async (name, content, message) => {
    const path = join(folder, name);
    if (content !== undefined) writeFileSync(path, content);
    for (const command of ['apply', 'plan']) {
      const { code, err } = await coderScim([command, path], { environment: NOBODY });
      expect([command, code]).toEqual([command, 2]);
      expect(err).toMatch(message);
    }
  });
});

describe('oauth-client create', () => {
  it('shows client id and secret, with the digest and expiry for the declaration', async () => {
    const { code, out } = await coderScim(['oauth-client', 'create', 'ping', '--expires-in', '90d']);
    expect(code).toBe(0);
    const [secret = ''] = /cscimc_\S+/.exec(out) ?? [];
    expect(readSecret(secret)).toMatchObject({ kind: 'clientSecret' });
    expect(out).toContain("new ScimOAuthClient(app, 'ping', {");
    expect(out).toContain(`digest: '${digestOf(secret)}'`);
  });

  it('gives the same as JSON for scripts, and a client id where none is named', async () => {
    const { out } = await coderScim(['oauth-client', 'create', '--json']);
    const made = JSON.parse(out) as Record<'clientId' | 'clientSecret' | 'digest' | 'expiresAt', string>;
    expect(made.digest).toBe(digestOf(made.clientSecret));
    expect(made.clientId).toBe(`client-${made.expiresAt.slice(0, 4)}`);
  });

  it('refuses a client id that no declaration could have', async () => {
    const { code, err } = await coderScim(['oauth-client', 'create', "it's"]);
    expect(code).toBe(2);
    expect(err).toContain('client id "it\'s": wanted 1 to 128 letters');
  });
});

describe('token create', () => {
  it('shows a secret once, with the digest and expiry for the declaration', async () => {
    const { code, out } = await coderScim(['token', 'create', '--expires-in', '90d']);
    expect(code).toBe(0);
    const [secret = ''] = /cscim_\S+/.exec(out) ?? [];
    expect(readSecret(secret)).toMatchObject({ kind: 'token' });
    expect(out).toContain(`digest: '${digestOf(secret)}'`);
    const [, expiresAt = ''] = /expiresAt: '([^']+)'/.exec(out) ?? [];
    expect(Math.abs(Date.parse(expiresAt) - Date.now() - 90 * 86_400_000)).toBeLessThan(60_000);
  });

  it('is another one each time, as JSON for scripts', async () => {
    const made = await Promise.all(
      [1, 2].map(
        async () =>
          JSON.parse((await coderScim(['token', 'create', '--json'])).out) as { token: string; digest: string },
      ),
    );
    expect(new Set(made.map(({ token }) => token)).size).toBe(2);
    for (const { token, digest } of made) expect(digestOf(token)).toBe(digest);
  });
});

describe('a command that was interrupted', () => {
  const interrupted = async (argv: readonly string[], error?: Error) => {
    const interrupt = new AbortController();
    interrupt.abort('SIGINT');
    let said = '';
    const terminal: Terminal = {
      environment: NOBODY,
      write: () => {
        if (error !== undefined) throw error;
      },
      complain: text => void (said += text),
      interactive: false,
      columns: undefined,
      read: async () => '',
      signal: interrupt.signal,
    };
    return { code: await run(argv, terminal), said };
  };

  it('says nothing of what came of that, whatever it was wrapped in', async () => {
    expect(await interrupted(['status'])).toEqual({ code: 1, said: '' });
    const aborted = new DOMException('aborted', 'AbortError');
    for (const error of [aborted, new Error('x', { cause: aborted })])
      expect(await interrupted(['completion', 'bash'], error)).toEqual({ code: 1, said: '' });
  });

  it('says what else went wrong', async () => {
    const { code, said } = await interrupted(['completion', 'bash'], new CommandError('out of luck'));
    expect([code, said]).toEqual([2, expect.stringContaining('out of luck')]);
  });
});
