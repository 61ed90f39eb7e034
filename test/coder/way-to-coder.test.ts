/** What may go wrong on the way to Coder and must be told in words: TLS, answers without an end, reasons in the detail. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { isPlainToAnotherHost } from '../../bridge/coder/client';
import { createCredential } from '../../bridge/coder/transport/credential';
import { type CoderLimits } from '../../bridge/coder/transport/limits';
import { createTransport, type Transport } from '../../bridge/coder/transport/transport';
import { readConfig } from '../../bridge/process/config';
import { failure } from './on-double';
import { answerJson, type Script, type ScriptedServer, startScriptedServer } from './scripted-server';

const Anything = z.unknown();
const get = { method: 'GET', path: '/users/{user}', params: { user: 'ann' }, read: Anything } as const;
const post = { method: 'POST', path: '/users', body: {}, read: Anything } as const;
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function way(url: string, limits: Partial<CoderLimits> = {}, certificates?: string): Transport {
  const credential = createCredential({ token: 'abcdefghij-SecretSecretSecretSecre' });
  const transport = createTransport({
    url,
    credential,
    certificates,
    limits: { retryPauseMs: 1, retries: 0, ...limits },
  });
  ends.push(() => transport.close());
  return transport;
}

async function scripted(script: Script): Promise<ScriptedServer> {
  const server = await startScriptedServer(script);
  ends.push(() => server.close());
  return server;
}

describe('TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cscim-tls-'));
  let server: Server;
  let port: number;
  const file = (name: string) => join(folder, name);

  beforeAll(async () => {
    const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' });
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-subj',
      '/CN=house authority',
      '-days',
      '2',
    );
    openssl(
      'req',
      ...key,
      '-keyout',
      'server.key',
      '-out',
      'server.csr',
      '-subj',
      '/CN=coder',
      '-addext',
      'subjectAltName=DNS:localhost',
    );
    openssl(
      'x509',
      '-req',
      '-in',
      'server.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-out',
      'server.pem',
      '-days',
      '2',
      '-copy_extensions',
      'copy',
    );
    server = createServer(
      { key: readFileSync(file('server.key')), cert: readFileSync(file('server.pem')) },
      (_, response) => answerJson(response, 200, { ok: true }),
    );
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  const certificates = () =>
    readConfig({
      CODER_URL: 'https://coder.example.com',
      CODER_SESSION_TOKEN: 'abcdefghij-secret',
      CODER_SCIM_ADMIN_TOKEN: 'admin-token-of-a-test',
      CODER_SCIM_CODER_CA_FILE: file('ca.pem'),
    }).coderCertificates;

  test('an authority that nobody trusts is named, with the variable that helps, and then it works', async () => {
    const error = await failure(way(`https://localhost:${port}`).send(post));
    expect(error.message).toMatch(
      /no TLS connection to https:\/\/localhost:\d+: its certificate is signed by nobody whom this machine trusts \(\w+\); set CODER_SCIM_CODER_CA_FILE/,
    );
    expect(error).toMatchObject({ kind: 'unreachable', tls: true, maybeDone: false });
    expect(await way(`https://localhost:${port}`, {}, certificates()).send(post)).toEqual({ ok: true });
  });

  test('a certificate for another name is told from that', async () => {
    const error = await failure(way(`https://127.0.0.1:${port}`, {}, certificates()).send(get));
    expect(error.message).toMatch(
      /its certificate is for another name .*set CODER_URL to a name that the certificate has/,
    );
  });

  test('an open circuit says why it is open', async () => {
    const transport = way(`https://localhost:${port}`, { circuitFailures: 1 });
    await failure(transport.send(get));
    const error = await failure(transport.send(get));
    expect(error).toMatchObject({ kind: 'circuit_open', tls: true });
    expect(error.message).toMatch(/was not tried: .*the last one: GET \/users\/\{user\}: no TLS connection/);
    expect(transport.health).toMatchObject({ reachable: false, problem: expect.stringContaining('no TLS connection') });
  });

  test('plain http where TLS is expected is named', async () => {
    const plain = await scripted((_, response) => answerJson(response, 200, {}));
    const error = await failure(way(plain.url.replace('http:', 'https:')).send(get));
    expect(error.message).toMatch(/no TLS connection to .*: it does not speak TLS on this port/);
  });

  test('a file without a certificate is refused at start', () => {
    const environment = { CODER_SCIM_CODER_CA_FILE: file('ca.key') };
    expect(() => readConfig(environment)).toThrow(/CODER_SCIM_CODER_CA_FILE is ".*ca.key": wanted a readable file/);
  });

  test.each([
    ['http://coder.example.com', true],
    ['http://10.0.0.1:3000', true],
    ['https://coder.example.com', false],
    ['http://localhost:3000', false],
    ['http://127.0.0.1:3000/coder', false],
    ['http://[::1]:3000', false],
  ])('%s lets the token travel in the clear: %s', (url, wanted) => {
    expect(isPlainToAnotherHost(url)).toBe(wanted);
  });
});

describe('an answer without an end', () => {
  test('is read up to a bound, and no further', async () => {
    let sent = 0;
    const server = await scripted((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = () => {
        sent += 65_536;
        if (!response.destroyed) response.write(' '.repeat(65_536), () => setImmediate(more));
      };
      more();
    });
    const error = await failure(way(server.url, { answerBytes: 1_048_576 }).send(post));
    expect(error).toMatchObject({ kind: 'unexpected', maybeDone: true });
    expect(error.message).toContain('POST /users was answered with more than 1 MiB');
    expect(sent).toBeLessThan(50_000_000);
  });

  test('that trickles is no answer', async () => {
    const server = await scripted((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(timer));
    });
    const error = await failure(way(server.url, { wholeAnswerTimeoutMs: 100, answerTimeoutMs: 60_000 }).send(get));
    expect(error).toMatchObject({ kind: 'timeout' });
  });
});

describe("the detail of Coder's answer", () => {
  const said = async (status: number, body: object) =>
    failure(way((await scripted((_, response) => answerJson(response, status, body))).url).send(get));

  test('is part of the reason, since the cause often stands there alone', async () => {
    const error = await said(400, { message: 'Failed to update role permissions.', detail: 'no negative permissions' });
    expect(error.answer).toBe('Failed to update role permissions: no negative permissions');
    expect(error.message).toContain('answered 400: Failed to update role permissions: no negative permissions');
    expect(error.reason).toBe('permissions-invalid');
  });

  test('is shortened, shown once, and holds no token', async () => {
    const long = await said(500, { message: 'Internal error.', detail: `pq: ${'x'.repeat(5_000)}` });
    expect(long.message.length).toBeLessThan(500);
    const twice = await said(400, { message: 'no such role', detail: 'no such role' });
    expect(twice.answer).toBe('no such role');
    const token = await said(400, { message: 'No.', detail: 'key abcdefghij-SecretSecretSecretSecre is wrong' });
    expect(token.message).not.toContain('SecretSecret');
  });
});
