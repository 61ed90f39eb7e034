/** The script that a `null_resource` runs: what it says when something is in the way, and what it never says. */
import { spawn } from 'node:child_process';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleProgram } from '../support/terraform';

const folder = mkdtempSync(join(tmpdir(), 'deploy-step-'));
const file = join(folder, 'deploy-step.js');
beforeAll(() => bundleProgram('provider/deploy-step.ts', file));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise<void>(done => (server === undefined ? done() : server.close(() => done())));
  server = undefined;
});

/** Somebody who answers, on a port of this machine. */
async function listen(answer: RequestListener): Promise<string> {
  const opened = createServer(answer).listen(0, '127.0.0.1');
  server = opened;
  await new Promise(resolve => opened.once('listening', resolve));
  return `http://127.0.0.1:${(opened.address() as AddressInfo).port}`;
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function run(step: 'apply' | 'check', environment: Readonly<Record<string, string>>): Promise<Ended> {
  const child = spawn(process.execPath, [file, step], { env: { PATH: process.env['PATH'], ...environment } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => void (output += String(part)));
  return new Promise(done => child.on('close', code => done({ code, output })));
}

const NOBODY = 'http://127.0.0.1:9';
const STATE = JSON.stringify({ version: 1, app: 'okta', identityProvider: 'okta' });
const SEVERAL_LINES = 'admin credential "terraform", shown once:\ncscimadmin_SECRET\n';

function tokenFile(text: string): string {
  const path = join(folder, 'token');
  writeFileSync(path, text);
  return path;
}

describe('a token that can not be sent', () => {
  const apply = { CODER_SCIM_URL: NOBODY, CODER_SCIM_MAPPING_STATE: STATE };
  const check = { CODER_SCIM_BASE_URL: `${NOBODY}/apps/okta/scim/v2`, CODER_SCIM_TOKEN_VARIABLE: 'MY_TOKEN' };

  test.each([
    ['apply', { ...apply, CODER_SCIM_ADMIN_TOKEN: SEVERAL_LINES }, /CODER_SCIM_ADMIN_TOKEN has \d+ characters/],
    ['check', { ...check, MY_TOKEN: SEVERAL_LINES }, /MY_TOKEN has \d+ characters/],
  ] as const)('%s: by a variable', async (step, environment, message) => {
    const { code, output } = await run(step, environment);
    expect([code, output]).toEqual([1, expect.stringMatching(message)]);
    expect(output).not.toContain('SECRET');
    expect(output).not.toContain('does not answer');
  });

  test('apply: by a file, also an empty one', async () => {
    const named = (text: string) => run('apply', { ...apply, CODER_SCIM_ADMIN_TOKEN_FILE: tokenFile(text) });
    const several = await named(SEVERAL_LINES);
    expect([several.code, several.output]).toEqual([
      1,
      expect.stringMatching(/"[^"]*token" that CODER_SCIM_ADMIN_TOKEN_FILE names has \d+ characters \(not shown\)/),
    ]);
    expect(several.output).not.toContain('SECRET');
    const empty = await named('\n');
    expect([empty.code, empty.output]).toEqual([
      1,
      expect.stringMatching(/CODER_SCIM_ADMIN_TOKEN_FILE names is empty/),
    ]);
  });
});

test('of a variable and a file for the admin token, one is wanted', async () => {
  const { code, output } = await run('apply', {
    CODER_SCIM_URL: NOBODY,
    CODER_SCIM_MAPPING_STATE: STATE,
    CODER_SCIM_ADMIN_TOKEN: 'a-token',
    CODER_SCIM_ADMIN_TOKEN_FILE: tokenFile('another-token'),
  });
  expect([code, output]).toEqual([1, expect.stringContaining('are both set: wanted one of the two')]);
});

describe('an answer of SCIM', () => {
  /** Answers as SCIM does, but for what `first` does with the first requests. */
  async function check(first: RequestListener, times = 1): Promise<Ended & { readonly asked: number }> {
    let asked = 0;
    const url = await listen((request, response) => {
      if (++asked <= times) return first(request, response);
      response.setHeader('content-type', 'application/scim+json');
      response.end(JSON.stringify({ totalResults: 0, Resources: [] }));
    });
    const ran = await run('check', {
      CODER_SCIM_BASE_URL: `${url}/apps/okta/scim/v2`,
      CODER_SCIM_TOKEN_VARIABLE: 'MY_TOKEN',
      MY_TOKEN: 'a-scim-token',
    });
    return { ...ran, asked };
  }

  test('that breaks off is none, and asked for again', async () => {
    const { code, output, asked } = await check((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/scim+json', 'content-length': 1000 });
      response.write('{"tota', () => response.destroy());
    });
    expect([code, asked, output]).toEqual([0, 4, expect.stringMatching(/^provisioning works/)]);
  });

  test.each([429, 502, 503, 504])('with %d is asked for again', async status => {
    const { code, output, asked } = await check((_request, response) => void response.writeHead(status).end());
    expect([code, asked, output]).toEqual([0, 4, expect.stringMatching(/^provisioning works/)]);
  });

  test('that is a page of something else is not a person who should not be there', async () => {
    const { code, output } = await check((_request, response) => void response.end('<!doctype html>'), 9);
    expect([code, output]).toEqual([
      1,
      expect.stringMatching(/answered 200, and not as SCIM does: is this a coder-scim/),
    ]);
  });
});
