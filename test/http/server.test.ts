/** Where the bridge listens, and how the other side is called. */
import { type IncomingMessage, request as httpRequest, type RequestListener } from 'node:http';
import { Server as TcpServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { listen } from '../../bridge/http/server';
import { sourceOf } from '../../bridge/http/source';
import { readConfig } from '../../bridge/process/config';

const hasIpv6 = Object.values(networkInterfaces()).some(all => all?.some(({ address }) => address === '::1'));
const everywhere = readConfig({
  CODER_URL: 'https://coder.example.com',
  CODER_SESSION_TOKEN: 'a-token-of-coder',
  CODER_SCIM_ADMIN_TOKEN: 'an-admin-token-of-ours',
  CODER_SCIM_LISTEN: ':0',
}).listen;
const answerSource: RequestListener = (request, response) => void response.end(sourceOf(request, 0));
const ignored = () => undefined;

function ask(host: string, port: string): Promise<string> {
  return new Promise((resolve, reject) => {
    httpRequest({ host, port, agent: false }, response => {
      let text = '';
      response.on('data', part => (text += String(part))).on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
}

afterEach(() => jest.restoreAllMocks());

describe('a bridge that listens on every interface', () => {
  (hasIpv6 ? it : it.skip)(`is reached by IPv4 and by IPv6${hasIpv6 ? '' : ' (this machine has no ::1)'}`, async () => {
    const server = await listen(everywhere, ignored);
    server.serve(answerSource);
    const { port } = new URL(server.url);
    expect([await ask('127.0.0.1', port), await ask('::1', port)]).toEqual(['127.0.0.1', '::1']);
    await server.close(0);
  });

  it('is reached by IPv4 where the machine has no IPv6', async () => {
    const really = Reflect.get(TcpServer.prototype, 'listen') as (...given: unknown[]) => TcpServer;
    jest.spyOn(TcpServer.prototype, 'listen').mockImplementation(function (this: TcpServer, ...given: unknown[]) {
      if (given[1] !== '::') return Reflect.apply(really, this, given);
      const error = Object.assign(new Error('listen EAFNOSUPPORT: address family not supported ::'), {
        code: 'EAFNOSUPPORT',
      });
      process.nextTick(() => this.emit('error', error));
      return this;
    });
    const server = await listen(everywhere, ignored);
    server.serve(answerSource);
    const { hostname, port } = new URL(server.url);
    expect([hostname, await ask('127.0.0.1', port)]).toEqual(['0.0.0.0', '127.0.0.1']);
    await server.close(0);
  });

  it('says that its port is taken', async () => {
    const first = await listen(everywhere, ignored);
    const port = Number(new URL(first.url).port);
    await expect(listen({ ...everywhere, port }, ignored)).rejects.toThrow(`port ${port} is in use`);
    await first.close(0);
  });
});

it.each([
  ['::ffff:192.0.2.7', undefined, 0, '192.0.2.7'],
  ['::ffff:10.0.0.1', '192.0.2.7', 1, '192.0.2.7'],
  ['10.0.0.1', '::ffff:192.0.2.7', 1, '192.0.2.7'],
  ['2001:db8::7', undefined, 0, '2001:db8::7'],
])('who comes from %s, with X-Forwarded-For %s and %i proxies, is %s', (remoteAddress, header, proxies, wanted) => {
  const request = { socket: { remoteAddress }, headers: { 'x-forwarded-for': header } } as unknown as IncomingMessage;
  expect(sourceOf(request, proxies)).toBe(wanted);
});
