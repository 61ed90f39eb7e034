/** What `--since` and `--until` mean where the machine is not in UTC: what tables print is what may be typed. */
import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');
let server: Server;
let asked: string[];

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end(JSON.stringify({ entries: [] }));
  }).listen(0, '127.0.0.1');
  await new Promise(done => server.once('listening', done));
});
afterEach(() => new Promise(done => server.close(done)));

/** `coder-scim` as it runs in Berlin. */
async function inBerlin(...argv: string[]): Promise<{ code: number | null; err: string }> {
  const { port } = server.address() as AddressInfo;
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', 'bridge/main.ts', ...argv], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'],
      TZ: 'Europe/Berlin',
      CODER_SCIM_URL: `http://127.0.0.1:${port}`,
      CODER_SCIM_ADMIN_TOKEN: 'admin-token-of-this-test',
    },
  });
  let err = '';
  child.stderr.on('data', (part: Buffer) => void (err += String(part)));
  return new Promise(done => child.on('close', code => done({ code, err })));
}

test('a time without a zone is UTC', async () => {
  expect(await inBerlin('audit', '--since', '2026-03-01 12:00:00', '--until', '2026-03-02T00:00+01:00')).toEqual({
    code: 0,
    err: '',
  });
  const { searchParams } = new URL(asked[0] ?? '', 'http://bridge');
  expect([searchParams.get('since'), searchParams.get('until')]).toEqual([
    '2026-03-01T12:00:00.000Z',
    '2026-03-01T23:00:00.000Z',
  ]);
});

test('what could be another day elsewhere is refused, and nothing is asked', async () => {
  for (const argv of [
    ['audit', '--since', '03.05.2026'],
    ['ai-usage', '--until', '5'],
  ]) {
    const { code, err } = await inBerlin(...argv);
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/is "(03\.05\.2026|5)": wanted a time such as 2026-03-01T12/),
    ]);
  }
  expect(asked).toEqual([]);
});
