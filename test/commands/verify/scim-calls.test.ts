/** What `verify` asks by SCIM, where the answer is none. */
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { createScimCalls } from '../../../bridge/commands/verify/scim-calls';

test('an answer that breaks off is a bridge that does not answer', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': 1000 });
    response.write('{"Reso', () => response.destroy());
  }).listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    await expect(createScimCalls(url, 'a-token').probe()).rejects.toMatchObject({
      name: 'ScimCallError',
      status: 0,
      message: expect.stringContaining(`${url} does not answer`) as string,
    });
  } finally {
    await new Promise(resolve => server.close(resolve));
  }
});

test('a token that can not be sent is not shown', async () => {
  const probing = createScimCalls('http://127.0.0.1:9', 'token\nSECRET').probe();
  await expect(probing).rejects.toThrow(/^the SCIM token has 12 characters \(not shown\)/);
});
