/** The audit trail reaches where it is watched: all of it, in order, through failures and restarts. */
import { createHmac } from 'node:crypto';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningBridge, scimToken, startBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { type FreshDatabase, freshSqlite } from '../support/databases';
import { until } from '../support/until';

interface Event {
  readonly activity_name: string;
  readonly metadata: { readonly sequence: number };
}

let coder: CoderDouble;
let fresh: FreshDatabase;
let folder: string;
const { token, tokens } = scimToken();
const posted: { path: string; headers: IncomingHttpHeaders; body: string }[] = [];
let answer = 200;
/** Paths that are answered 503 whatever the others are. */
let away = '';
let web: Server;
let webUrl: string;
let syslog: TcpServer;
let received = '';

beforeAll(async () => {
  coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'] });
  fresh = freshSqlite();
  folder = mkdtempSync(join(tmpdir(), 'coder-scim-export-'));
  web = createServer((request, response) => {
    let body = '';
    request.on('data', part => (body += String(part)));
    request.on('end', () => {
      const path = request.url ?? '';
      posted.push({ path, headers: request.headers, body });
      response.writeHead(path === away ? 503 : answer).end();
    });
  }).listen(0, '127.0.0.1');
  syslog = createTcpServer(socket => socket.on('data', part => (received += part.toString()))).listen(0, '127.0.0.1');
  await Promise.all([web, syslog].map(server => new Promise(resolve => server.once('listening', resolve))));
  webUrl = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
});
afterAll(async () => {
  web.close();
  syslog.close();
  await coder.close();
  await fresh.drop();
  rmSync(folder, { recursive: true });
});

async function withBridge(env: Record<string, string>, use: (bridge: RunningBridge) => Promise<void>): Promise<void> {
  const bridge = await startBridge({
    coderUrl: coder.url,
    coderToken: coder.issueToken('bridge'),
    databaseUrl: fresh.url,
    env,
  });
  try {
    await use(bridge);
  } finally {
    await bridge.stop();
  }
}
const arrive = async (bridge: RunningBridge, name: string) => {
  const response = await fetch(`${bridge.url}/scim/v2/Users`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: name,
      emails: [{ value: name, primary: true }],
      active: true,
    }),
  });
  expect(response.status).toBe(201);
};
const head = async (bridge: RunningBridge): Promise<number> => {
  let seq = 0;
  await until('every line is sealed', async () => {
    const chain = await bridge.admin.auditChain();
    seq = chain.head.seq;
    return chain.unsealed === 0;
  });
  return seq;
};
const sequences = (text: string): number[] =>
  text
    .split('\n')
    .filter(line => line !== '')
    .map(line => (JSON.parse(line) as Event).metadata.sequence);
const metricsOf = async (bridge: RunningBridge): Promise<string> =>
  (await fetch(`${bridge.url}/metrics`, { headers: { authorization: `Bearer ${bridge.adminToken}` } })).text();
/** What the metrics say of lines that wait for a destination; undefined: nothing. */
const pending = async (bridge: RunningBridge, destination: RegExp): Promise<number | undefined> => {
  const series = [
    ...(await metricsOf(bridge)).matchAll(/coder_scim_audit_export_pending_lines\{destination="([^"]*)"\} (\d+)\n/g),
  ];
  const found = series.find(([, name = '']) => destination.test(name));
  return found === undefined ? undefined : Number(found[2]);
};
const upTo = (last: number): number[] => Array.from({ length: last }, (_, n) => n + 1);

it('a file has every line, in order, also those from before it was configured', async () => {
  const file = join(folder, 'audit.jsonl');
  await withBridge({}, async bridge => {
    await bridge.admin.putApp({ version: 1, app: 'acme', tokens }, 'absent');
    await arrive(bridge, 'alice@example.com');
  });
  await withBridge({ CODER_SCIM_AUDIT_EXPORT: `file:${file}` }, async bridge => {
    const last = await head(bridge);
    await until('the file has all', () => existsSync(file) && sequences(readFileSync(file, 'utf8')).length >= last);
    expect(sequences(readFileSync(file, 'utf8'))).toEqual(upTo(last));
  });
  // Killed in the middle of a line.
  appendFileSync(file, '{"half');
  await withBridge({ CODER_SCIM_AUDIT_EXPORT: `file:${file}` }, async bridge => {
    const before = await head(bridge);
    await arrive(bridge, 'bob@example.com');
    const last = await head(bridge);
    expect(last).toBeGreaterThan(before);
    const whole = () =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter(line => line !== '{"half');
    await until('the file has the new lines', () => sequences(whole().join('\n')).length >= last);
    expect(sequences(whole().join('\n'))).toEqual(upTo(last));
  });
});

it('an HTTP endpoint that fails gets the same lines again, across a restart, until it has taken them', async () => {
  const env = {
    CODER_SCIM_AUDIT_EXPORT: `${webUrl}/audit`,
    CODER_SCIM_AUDIT_EXPORT_AUTHORIZATION: 'Splunk 0123-4567-89ab',
  };
  answer = 503;
  await withBridge(env, async bridge => {
    await until('it was tried', () => posted.length > 0);
    await until('the outage is told once', () => bridge.log().includes('audit lines could not be delivered'));
    expect(bridge.log()).not.toContain('0123-4567-89ab');
    expect(await metricsOf(bridge)).toContain('coder_scim_audit_lines_total');
    const last = await head(bridge);
    await until('the metrics say what waits', async () => ((await pending(bridge, /^http:/)) ?? 0) >= last);
  });
  const refused = posted.splice(0);
  expect(refused[0]?.headers).toMatchObject({
    authorization: 'Splunk 0123-4567-89ab',
    'content-type': 'application/x-ndjson',
  });
  answer = 200;
  await withBridge(env, async bridge => {
    const last = await head(bridge);
    await until('all were taken', () => sequences(posted.map(({ body }) => body).join('')).at(-1) === last);
    await until('nothing waits', async () => (await pending(bridge, /^http:/)) === 0);
    expect(sequences(posted.map(({ body }) => body).join(''))).toEqual(upTo(last));
    expect(posted[0]?.body).toBe(refused[0]?.body);
  });
});

it('two HTTP endpoints that differ in their query alone get every line each, whichever of them is away', async () => {
  posted.length = 0;
  away = '/in?tenant=two';
  const places = ['one', 'two'].map(tenant => `/in?tenant=${tenant}`);
  const took = (path: string) =>
    sequences(
      posted
        .filter(call => call.path === path)
        .map(({ body }) => body)
        .join(''),
    );
  const env = { CODER_SCIM_AUDIT_EXPORT: places.map(path => `${webUrl}${path}`).join(' ') };
  await withBridge(env, async bridge => {
    const last = await head(bridge);
    await until('one has all', () => took('/in?tenant=one').at(-1) === last);
    await until('the other was tried', () => took('/in?tenant=two').length > 0);
    posted.length = 0;
    away = '';
    await arrive(bridge, 'dora@example.com');
    const newest = await head(bridge);
    await until('both have the new lines', () => places.every(path => took(path).at(-1) === newest));
    expect(took('/in?tenant=two')).toEqual(upTo(newest));
  });
});

it('syslog gets each line as a message of RFC 5424 with its length before it', async () => {
  const { port } = syslog.address() as AddressInfo;
  await withBridge({ CODER_SCIM_AUDIT_EXPORT: `syslog://127.0.0.1:${port}` }, async bridge => {
    const last = await head(bridge);
    const messages = () => {
      const found: string[] = [];
      let rest = Buffer.from(received);
      for (;;) {
        const [, length] = /^(\d+) /.exec(rest.toString('latin1')) ?? [];
        if (length === undefined) return found;
        const start = length.length + 1;
        found.push(rest.subarray(start, start + Number(length)).toString());
        rest = rest.subarray(start + Number(length));
      }
    };
    await until('all messages arrived', () => messages().length >= last);
    const parts = messages().map(message => /^<(\d+)>1 (\S+Z) \S+ coder-scim \d+ ([\w.-]+) - (\{.*\})$/s.exec(message));
    expect(parts.map(part => (JSON.parse(part?.[4] ?? '{}') as Event).metadata.sequence)).toEqual(upTo(last));
    expect(parts[0]?.[1]).toBe(String(13 * 8 + 6));
  });
});

const hasIpv6 = Object.values(networkInterfaces()).some(all => all?.some(({ address }) => address === '::1'));
(hasIpv6 ? it : it.skip)(
  `syslog is reached at an IPv6 address${hasIpv6 ? '' : ' (this machine has no ::1)'}`,
  async () => {
    let told = '';
    const server = createTcpServer(socket => socket.on('data', part => (told += part.toString()))).listen(0, '::1');
    await new Promise(resolve => server.once('listening', resolve));
    const place = `syslog://[::1]:${(server.address() as AddressInfo).port}`;
    await withBridge({ CODER_SCIM_AUDIT_EXPORT: place }, async bridge => {
      const last = await head(bridge);
      await until('the last line arrived', () => told.includes(`"sequence":${last}`));
      // Its cursor is kept, and its metric shown, by the address as it is configured.
      await until('nothing to wait', async () => (await pending(bridge, /^syslog:\/\/\[::1\]:/)) === 0);
    });
    server.close();
  },
);

it('a webhook is called for what waits for a decision alone, signed, and for nothing of the past', async () => {
  posted.length = 0;
  const secret = `whsec_${Buffer.from('twenty-four bytes of key').toString('base64')}`;
  const env = { CODER_SCIM_WEBHOOK_URL: `${webUrl}/hook/secret-path`, CODER_SCIM_WEBHOOK_SECRET: secret };
  await withBridge(env, async bridge => {
    await head(bridge);
    await until('its cursor is set', async () => (await pending(bridge, /^webhook:/)) === 0);
    coder.addUser('carol', { email: 'carol@example.com', loginType: 'password' });
    await arrive(bridge, 'carol@example.com');
    await until('it was called', () => posted.length > 0);
    expect(posted).toHaveLength(1);
    const { headers, body } = posted[0] ?? { path: '', headers: {}, body: '' };
    expect(JSON.parse(body)).toMatchObject({
      type: 'person.held',
      data: { app: 'acme', count: 1, lines: [{ subjectName: 'carol@example.com', result: 'held' }] },
    });
    const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
    const key = Buffer.from('twenty-four bytes of key');
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    expect(bridge.log()).not.toContain('secret-path');
  });
});
