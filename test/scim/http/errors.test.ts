import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { answerClientError } from '../../../bridge/scim/http/client-error';
import { type ScimServer, startScimServer } from '../../support/scim-server';
import { until } from '../../support/until';
import { createDirectory } from '../../../bridge/store/directory';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';

let server: ScimServer;
beforeAll(async () => {
  server = await startScimServer({ deps: { limits: { maxBodyBytes: 100_000 } } });
});
afterAll(() => server.close());

/** Sends bytes as they are, and gives all that comes back. */
function receive(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let received = '';
    socket.on('data', chunk => (received += chunk.toString()));
    socket.on('end', () => resolve(received));
    socket.on('error', reject);
  });
}

describe('errors have the form of SCIM (RFC 7644 §3.12)', () => {
  test.each([
    ['GET', '/Nothing', 404],
    ['GET', '/users', 404],
    ['GET', '/Users/a/b', 404],
    ['GET', '/scim/v1/Users', 404],
    ['GET', '/scim', 404],
    ['GET', '/apps/main/scim/v9/Users', 404],
    ['GET', '/Users/%zz', 400],
    ['GET', '/Users/%ff', 400],
    ['DELETE', '/Users', 405],
    ['PUT', '/Groups', 405],
    ['POST', '/Users/x', 405],
    ['GET', '/Bulk', 405],
    ['GET', '/.search', 405],
    ['POST', '/Schemas', 405],
    ['DELETE', '/ServiceProviderConfig', 405],
  ])('%s %s is %i', async (method, path, status) => {
    const answer = await server.call(method, path);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/scim+json');
    expect(answer.body).toMatchObject({ schemas: [ERROR], status: String(status) });
    expect(answer.body.detail).toMatch(/wanted|got/);
    if (status === 405) expect(answer.headers.allow).toMatch(/GET|POST/);
  });

  test('OPTIONS tells what is allowed', async () => {
    const answer = await server.call('OPTIONS', '/Users');
    expect([answer.status, answer.headers.allow]).toEqual([204, 'GET, HEAD, POST']);
  });

  test.each([
    ['a trailing slash', '/Users/'],
    ['parameters that SCIM does not know', '/Users?aadOptscim062020&x=1'],
    ['a parameter that can not be decoded', '/Users?count=5&x=%zz'],
  ])('%s is tolerated', async (_what, path) => {
    expect((await server.call('GET', path)).status).toBe(200);
  });

  test.each([
    ['no JSON', '{"schemas":', 400],
    ['nothing', '', 400],
    ['a list', '[]', 400],
    ['a key twice', `{"schemas":["${USER}"],"userName":"a","userName":"b"}`, 400],
    ['__proto__', `{"schemas":["${USER}"],"userName":"a","__proto__":{"active":true}}`, 400],
    ['a lone surrogate', `{"schemas":["${USER}"],"userName":"\\ud800"}`, 400],
    ['NUL', `{"schemas":["${USER}"],"userName":"a\\u0000b"}`, 400],
    ['deep nesting', `{"schemas":["${USER}"],"userName":${'['.repeat(40_000)}${']'.repeat(40_000)}}`, 400],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400],
    ['more than the limit', JSON.stringify({ schemas: [USER], userName: 'x'.repeat(100_001) }), 413],
    ['far more than the limit', JSON.stringify({ schemas: [USER], userName: 'x'.repeat(10_000_000) }), 413],
  ])('a body with %s is refused', async (_what, raw, status) => {
    const answer = await server.call('POST', '/Users', { raw });
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ schemas: [ERROR], status: String(status) });
    if (status === 413) expect(answer.body.detail).toContain('100000');
  });

  test('a body over the limit is refused when its length is not announced either', async () => {
    const answer = await server.call('POST', '/Users', {
      raw: JSON.stringify({ schemas: [USER], userName: 'x'.repeat(200_000) }),
      headers: { 'transfer-encoding': 'chunked' },
    });
    expect(answer.status).toBe(413);
  });

  test('what is refused before it is all there is answered when it is: proxies cut off who still sends by then', async () => {
    const socket = connect(server.port, '127.0.0.1');
    const closed = once(socket, 'close');
    let received = '';
    socket.on('data', chunk => (received += String(chunk)));
    const body = Buffer.alloc(200_000, 0x20);
    socket.write(
      `POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer nonsense\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    socket.write(body.subarray(1));
    // Other requests, sent after it, are answered.
    for (let n = 0; n < 3; n += 1) expect((await server.call('GET', '/Users')).status).toBe(200);
    expect(received).toBe('');
    socket.end(body.subarray(0, 1));
    await closed;
    expect(received).toMatch(/^HTTP\/1.1 401 /);
  });

  test.each([
    ['text/plain', 415],
    ['application/xml', 415],
    ['application/scim+json; charset=iso-8859-1', 415],
    ['application/json', 201],
    ['application/json; charset=utf-8', 201],
    ['Application/SCIM+JSON; charset="UTF-8"', 201],
  ])('content type %s is %i', async (type, status) => {
    const answer = await server.call('POST', '/Users', {
      body: { schemas: [USER], userName: `typed ${type}` },
      headers: { 'content-type': type },
    });
    expect(answer.status).toBe(status);
  });

  test('a compressed body is 415', async () => {
    const answer = await server.call('POST', '/Users', { raw: 'x', headers: { 'content-encoding': 'gzip' } });
    expect([answer.status, answer.headers['accept-encoding']]).toEqual([415, 'identity']);
  });

  test.each([
    [undefined, 'application/scim+json'],
    ['*/*', 'application/scim+json'],
    ['application/json, text/plain, */*', 'application/scim+json'],
    ['application/scim+json, application/json', 'application/scim+json'],
    ['application/json', 'application/json'],
    ['text/html', 'application/scim+json'],
    ['application/scim+json;q=0.5, application/json', 'application/json'],
    ['application/json;q=0.9, application/scim+json', 'application/scim+json'],
    ['application/json, */*;q=0.1', 'application/json'],
    ['application/*;q=0.2, application/scim+json; q=0', 'application/json'],
  ])('Accept: %s is answered with %s', async (accept, type) => {
    const answer = await server.call('GET', '/Users', { headers: accept === undefined ? {} : { accept } });
    expect(answer.headers['content-type']).toBe(type);
  });

  test('headers that are too large are 431', async () => {
    const answer = await server.call('GET', `/Users?filter=${'x'.repeat(100_000)}`);
    expect([answer.status, answer.body.status]).toEqual([431, '431']);
  });

  test('bytes that are no HTTP are 400', async () => {
    const text = await receive(server.port, 'NONSENSE\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain(ERROR);
  });

  test('a client that sends its request too slowly is 408', async () => {
    const slow = createServer({ headersTimeout: 50, requestTimeout: 100, connectionsCheckingInterval: 20 });
    slow.on('clientError', answerClientError);
    await new Promise<void>(resolve => slow.listen(0, '127.0.0.1', resolve));
    const { port } = slow.address() as AddressInfo;
    const text = await receive(port, 'POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nContent-Le');
    slow.close();
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(text).toContain(ERROR);
    expect(text).toContain('0.1 s');
  });

  test('no answer names the framework or may be cached', async () => {
    const { headers } = await server.call('GET', '/Users');
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers['cache-control']).toBe('no-store');
  });
});

describe('what fails inside', () => {
  const started: ScimServer[] = [];
  afterEach(() => Promise.all(started.splice(0).map(broken => broken.close())));
  const failing = async (error: Error) => {
    const directory = createDirectory(server.database);
    const broken = await startScimServer({
      database: server.database,
      token: server.token,
      deps: { directory: { ...directory, getUser: () => Promise.reject(error) } },
    });
    started.push(broken);
    return broken;
  };

  test('is 500 without a word of the cause, which is in the log', async () => {
    const broken = await failing(new Error('secret detail of the inside'));
    const answer = await broken.call('GET', '/Users/x', { headers: { 'x-request-id': 'broken-1' } });
    expect(answer.status).toBe(500);
    expect(answer.body).toMatchObject({ schemas: [ERROR], status: '500' });
    expect(answer.body.detail).toContain('broken-1');
    expect(answer.text).not.toContain('secret detail');
    const logged = () => broken.log.find(entry => entry['requestId'] === 'broken-1');
    await until('the line of the request', () => logged() !== undefined);
    const line = logged();
    expect(JSON.stringify(line)).toContain('secret detail of the inside');
    expect(line).toMatchObject({ level: 'error', status: 500 });
  });

  test.each(['SQLITE_BUSY', 'SQLITE_FULL', 'ECONNREFUSED', '57P01'])('is 503 with Retry-After for %s', async code => {
    const broken = await failing(Object.assign(new Error('no database'), { code }));
    const answer = await broken.call('GET', '/Users/x');
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '5']);
    expect(answer.body).toMatchObject({ schemas: [ERROR], status: '503' });
  });
});
