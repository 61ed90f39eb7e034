/** Lines of the log: no secret in any, and a place to go for each. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { PREFIXES, type SecretKind } from '../../bridge/contract/secret-shapes';
import { mintSecret } from '../../bridge/scim/access/token';
import { readConfig } from '../../bridge/process/config';
import { createLog, scrub } from '../../bridge/process/log';
import { secretsOf } from '../../bridge/process/run-bridge';

const SECRETS = ['abcdefghij-the-coder-token', 'the-admin-token-of-the-bridge'];

function logged(write: (log: ReturnType<typeof createLog>) => void, format: 'json' | 'text' = 'json'): string {
  let text = '';
  write(createLog({ level: 'debug', format, secrets: SECRETS, destination: { write: line => void (text += line) } }));
  return text;
}

describe('log', () => {
  it.each(['json', 'text'] as const)('has no secret in %s lines, wherever it was put', format => {
    const scimToken = `cscim_0123456789ab_${'f'.repeat(64)}_01234567`;
    const text = logged(log => {
      log.info({ headers: { authorization: `Bearer ${SECRETS[1]}` } }, `a message with ${SECRETS[0]}`);
      log.error({ error: new Error(`refused: ${scimToken}`) }, 'failed');
      log.warn({ deep: { er: { token: 'short' } }, database: 'postgres://bridge:pa55word@db/scim' }, 'look');
      log.debug({ password: 'hunter2', note: `Authorization: Bearer ${scimToken}` }, 'x');
    }, format);
    for (const secret of [...SECRETS, scimToken, 'f'.repeat(64), 'pa55word', 'hunter2', '"short"']) {
      expect(text).not.toContain(secret);
    }
    expect(text).toContain('[redacted]');
    expect(text).toContain('postgres://bridge:[redacted]@db/scim');
  });

  it.each(Object.keys(PREFIXES) as SecretKind[])('has no secret of the kind %s, whole or cut, in any line', kind => {
    const { text } = mintSecret(kind);
    const secret = text.split('_')[2] ?? '';
    const written = logged(log => {
      log.warn({ client: `acme/${text}`, url: `/scim/v2/Users/${text}` }, `got ${text.slice(0, 60)}`);
      log.info(`got ${text.toUpperCase()} and ${text.replaceAll('_', '%5F')}`);
    });
    expect(written.toLowerCase()).not.toContain(secret.slice(0, 16));
    expect(written).toContain('"client":"acme/[redacted]","url":"/scim/v2/Users/[redacted]"');
  });

  it('has neither path nor query of where lines are sent, which may be a credential', () => {
    const config = readConfig({
      CODER_URL: 'https://coder.example.com',
      CODER_SESSION_TOKEN: 'abcdefghij-0123456789abcdefghijkl',
      CODER_SCIM_ADMIN_TOKEN: 'an-admin-token-of-some-length',
      CODER_SCIM_AUDIT_EXPORT:
        'stdout https://siem.example.com/receiver https://siem.example.com/receiver/S3cretKey?token=S3cretToken',
      CODER_SCIM_WEBHOOK_URL: 'https://hooks.example.com/services/S3cretHook',
    });
    const paths = ['/receiver/S3cretKey?token=S3cretToken', '/receiver/S3cretKey', '?token=S3cretToken'];
    let text = '';
    const log = createLog({
      level: 'info',
      format: 'json',
      secrets: secretsOf(config),
      destination: { write: line => void (text += line) },
    });
    for (const path of [...paths, '/services/S3cretHook']) log.warn({ path }, `https://siem.example.com${path}`);
    expect(text).not.toContain('S3cret');
    expect(text).toContain('https://siem.example.com');
  });

  it('writes one JSON object a line, with time, level and message', () => {
    const lines = logged(log => log.info({ app: 'acme' }, 'hello'))
      .trim()
      .split('\n');
    expect(lines.map(line => JSON.parse(line) as unknown)).toEqual([
      { level: 'info', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/), app: 'acme', msg: 'hello' },
    ]);
  });

  it('writes text for people, with the stack of an error', () => {
    const text = logged(log => {
      log.info({ app: 'acme', note: 'two words' }, 'hello');
      log.error({ error: new Error('broken') }, 'failed');
    }, 'text');
    expect(text).toMatch(/^\d\d:\d\d:\d\d\.\d{3} info {2}hello {2}app=acme {2}note="two words"\n/);
    expect(text).toContain('error="broken"\nError: broken\n    at ');
  });

  it('writes no character in text that a terminal obeys, whoever stated it, and names as they are', () => {
    const codes = [...Array(0x20).keys(), ...Array.from({ length: 0x21 }, (_, n) => 0x7f + n)];
    const marks = [0x061c, 0x200e, 0x200f, 0x2028, 0x2029, 0x202e, 0x2066, 0xfeff];
    const obeyed = [...codes, ...marks].map(code => String.fromCharCode(code));
    for (const character of obeyed) {
      const text = logged(log => {
        log.warn({ app: `x${character}[2J`, user: [`a ${character}`] }, `said ${character}`);
        log.error({ error: new Error(`got ${character}12:00:00.000 info  forged`) }, 'failed');
      }, 'text');
      const lines = text.split('\n');
      expect(obeyed.filter(each => lines.some(line => line.includes(each)))).toEqual([]);
      // Each line is one of ours, or belongs to the stack of the one before.
      expect(
        lines.filter(line => !/^(\d\d:\d\d:\d\d\.\d{3} (warn |error) (said|failed)|Error: got|\s{4}|$)/.test(line)),
      ).toEqual([]);
      expect(lines[0]).toContain(`app="x\\`);
    }
    const names = 'Zoë·Łukasz·Мария·美咲·👩‍💻';
    expect(logged(log => log.info({ app: names }, `hello ${names}`), 'text')).toContain(
      `hello ${names}  app=${names}\n`,
    );
  });

  it('leaves a text without secrets as it is', () => {
    expect(scrub('cscim_short and postgres://db/scim', ['x'])).toBe('cscim_short and postgres://db/scim');
    expect(scrub(`postgres://bridge:${'p%40'.repeat(250)}@db/scim`, [])).toBe('postgres://bridge:[redacted]@db/scim');
  });
});

describe('standard output on a disk that is full', () => {
  /** Logs as the bridge does, with these as its standard output and error; the process says how it went on. */
  const run = (out: number | 'pipe', steps: string) => {
    const code = `
      const { createLog } = require(${JSON.stringify(join(__dirname, '../../bridge/process/log.ts'))});
      const log = createLog({ level: 'info', format: 'json', secrets: [] });
      ${steps}`;
    return spawnSync(process.execPath, ['--import', 'tsx', '-e', code], {
      cwd: join(__dirname, '../..'),
      encoding: 'utf8',
      timeout: 280_000,
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', out, 'pipe'],
    });
  };

  (existsSync('/dev/full') ? it : it.skip)('says so once, and goes on', () => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = run(
      full,
      `for (let line = 0; line < 5; line += 1) log.info('a line ' + 'x'.repeat(2_000_000));
       setTimeout(() => { log.fatal('one more'); process.exitCode = 7; }, 10);`,
    );
    closeSync(full);
    expect({ status, stderr }).toEqual({
      status: 7,
      stderr: expect.stringMatching(/^coder-scim: the log can not be written, and the bridge goes on .*ENOSPC.*\n$/),
    });
  });

  it('is written again when there is room, however much was lost', () => {
    const { stdout, stderr } = run(
      'pipe',
      `const fs = require('node:fs');
       const write = fs.writeSync;
       let isFull = true;
       fs.writeSync = (fd, ...rest) => {
         if (fd === 1 && isFull) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
         return write(fd, ...rest);
       };
       for (let line = 0; line < 5_000; line += 1) log.info('lost ' + 'x'.repeat(2_000));
       isFull = false;
       for (const said of ['lost with what waited', 'there is room', 'and again']) log.info(said.padEnd(4_000));`,
    );
    expect(stderr.split('\n').filter(line => line.startsWith('coder-scim: the log can not be written'))).toHaveLength(
      1,
    );
    const last = stdout.trimEnd().split('\n').slice(-2);
    expect(last.map(line => (JSON.parse(line) as { msg: string }).msg.trim())).toEqual(['there is room', 'and again']);
  });
});
