/** What is asked all the time is answered in front of express, and nobody can tell: byte for byte as the router answers. */
import { connect } from 'node:net';
import { type ScimServer, startScimServer } from '../../support/scim-server';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

interface Sent {
  readonly method: string;
  /** `:user` and `:group` are the ids of what the first requests made. */
  readonly path: string;
  readonly body?: unknown;
  readonly raw?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string | null;
}

const ada = { schemas: [USER], userName: 'ada@example.com', active: true, emails: [{ value: 'ada@example.com' }] };
const change = (...Operations: object[]) => ({ schemas: [PATCH], Operations });

const conversation: readonly Sent[] = [
  { method: 'POST', path: '/scim/v2/Users', body: ada },
  { method: 'POST', path: '/scim/v2/Groups', body: { schemas: [GROUP], displayName: 'engineers' } },
  { method: 'POST', path: '/scim/v2/Users', body: ada },
  { method: 'POST', path: '/scim/v2/Users', raw: '{"schemas": [' },
  { method: 'POST', path: '/scim/v2/Users', body: ada, headers: { 'content-type': 'text/plain' } },
  { method: 'POST', path: '/scim/v2/Users', body: ada, headers: { 'content-encoding': 'gzip' } },
  { method: 'GET', path: '/scim/v2/Users?filter=userName%20eq%20%22ada@example.com%22&startIndex=1&count=100' },
  { method: 'GET', path: '/scim/v2/Users?filter=nonsense' },
  { method: 'GET', path: '/scim/v2/Users?count=0' },
  { method: 'HEAD', path: '/scim/v2/Users' },
  { method: 'OPTIONS', path: '/scim/v2/Users' },
  { method: 'DELETE', path: '/scim/v2/Users' },
  { method: 'PROPFIND', path: '/scim/v2/Users' },
  { method: 'GET', path: '/scim/v2/Users/:user' },
  { method: 'HEAD', path: '/scim/v2/Users/:user' },
  { method: 'GET', path: '/scim/v2/Users/:user', headers: { 'if-none-match': 'W/"1"' } },
  { method: 'GET', path: '/scim/v2/Users/:user?excludedAttributes=groups', headers: { 'if-none-match': 'W/"1"' } },
  { method: 'GET', path: '/scim/v2/Users/:user?attributes=userName', headers: { accept: 'application/json' } },
  { method: 'GET', path: '/scim/v2/Users/:user/' },
  { method: 'GET', path: '/scim/v2//Users/:user' },
  { method: 'GET', path: '/scim/v2/users/:user' },
  { method: 'GET', path: '/scim/v2/Users/:user/more' },
  { method: 'GET', path: '/scim/v2/Users/nobody' },
  { method: 'GET', path: '/scim/v2/Users/no%20body' },
  { method: 'GET', path: '/scim/v2/Users/%zz' },
  {
    method: 'PUT',
    path: '/scim/v2/Users/:user',
    body: { ...ada, title: 'Countess' },
    headers: { 'if-match': 'W/"7"' },
  },
  { method: 'PUT', path: '/scim/v2/Users/:user', body: { ...ada, title: 'Countess' } },
  { method: 'PATCH', path: '/scim/v2/Users/:user', body: change({ op: 'replace', path: 'title', value: 'Dr.' }) },
  { method: 'PATCH', path: '/scim/v2/Users/:user', body: change({ op: 'replace', path: 'nothing[', value: 1 }) },
  { method: 'PATCH', path: '/scim/v2/Users/:user' },
  { method: 'GET', path: '/scim/v2/Users/.search' },
  { method: 'POST', path: '/scim/v2/Users/.search', body: { schemas: [SEARCH], filter: 'active eq true' } },
  {
    method: 'PATCH',
    path: '/scim/v2/Groups/:group',
    body: change({ op: 'add', path: 'members', value: [{ value: ':user' }] }),
  },
  {
    method: 'PATCH',
    path: '/scim/v2/Groups/:group',
    body: change({ op: 'add', path: 'members', value: [{ value: 'x' }] }),
  },
  { method: 'GET', path: '/scim/v2/Groups/:group' },
  { method: 'GET', path: '/scim/v2/Groups/:group?excludedAttributes=members' },
  { method: 'GET', path: '/scim/v2/Groups?count=10' },
  { method: 'GET', path: '/apps/main/scim/v2/Users/:user' },
  { method: 'GET', path: '/apps/other/scim/v2/Users/:user' },
  { method: 'GET', path: '/apps/ma%69n/scim/v2/Users/:user' },
  { method: 'GET', path: '/scim/v2/Users', token: null },
  { method: 'GET', path: '/scim/v2/Users', token: 'cscim_wrong' },
  { method: 'GET', path: '/scim/v2/Schemas' },
  { method: 'GET', path: '/scim/v2/ServiceProviderConfig' },
  { method: 'DELETE', path: '/scim/v2/Groups/:group' },
  { method: 'DELETE', path: '/scim/v2/Users/:user' },
  { method: 'DELETE', path: '/scim/v2/Users/:user' },
];

/** The bytes that come back for the bytes that are sent. */
function exchange(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.setEncoding('latin1');
    socket.on('data', text => (received += String(text)));
    socket.on('error', reject);
    socket.on('close', () => resolve(received));
  });
}

/** Plays the conversation. @returns answers as bytes, but for what no two servers have in common: ids, times and the port */
async function play(server: ScimServer): Promise<string[]> {
  const ids = new Map<string, string>();
  const answers: string[] = [];
  const named = (text: string) => text.replace(/:(user|group)\b/g, (whole, name: string) => ids.get(name) ?? whole);
  for (const [index, { method, path, body, raw, headers = {}, token = server.token }] of conversation.entries()) {
    const payload = raw ?? (body === undefined ? '' : named(JSON.stringify(body)));
    const lines = [
      `${method} ${named(path)} HTTP/1.1`,
      'host: scim.example.com',
      'connection: close',
      `x-request-id: request-${index}`,
      ...(token === null ? [] : [`authorization: Bearer ${token}`]),
      ...Object.entries({ 'content-type': 'application/scim+json', ...headers }).map(
        ([name, value]) => `${name}: ${value}`,
      ),
      `content-length: ${Buffer.byteLength(payload)}`,
    ];
    const answer = await exchange(server.port, `${lines.join('\r\n')}\r\n\r\n${payload}`);
    const made = /"id":"([0-9a-f-]{36})"/.exec(answer)?.[1];
    if (index < 2 && made !== undefined) ids.set(index === 0 ? 'user' : 'group', made);
    answers.push(
      answer
        .replaceAll(String(server.port), 'PORT')
        .replaceAll(ids.get('user') ?? 'no user yet', 'USER')
        .replaceAll(ids.get('group') ?? 'no group yet', 'GROUP')
        .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
        .replace(/^date: .*$/im, 'date: TIME'),
    );
  }
  return answers;
}

let short: ScimServer;
let long: ScimServer;

beforeAll(async () => {
  [short, long] = [await startScimServer(), await startScimServer({ shortcut: false })];
});
afterAll(async () => {
  await short.close();
  await long.close();
});

it('answers byte for byte as the router, and logs and counts the same', async () => {
  const [shortAnswers, longAnswers] = [await play(short), await play(long)];
  for (const [index, { method, path }] of conversation.entries())
    expect([method, path, shortAnswers[index]]).toEqual([method, path, longAnswers[index]]);
  expect(shortAnswers.filter(answer => answer.startsWith('HTTP/1.1 2')).length).toBeGreaterThan(15);
  const lines = (server: ScimServer) =>
    server.log.map(line => [
      line['msg'],
      line['method'],
      line['status'],
      line['app'],
      line['tokenName'],
      line['reason'],
    ]);
  expect(lines(short)).toEqual(lines(long));
});
