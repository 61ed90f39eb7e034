/** An app whose end comes between two questions of one command. */
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { coderScim } from './terminal-double';

it('an app on its way out that is gone when it is deleted again is told as gone, not as unknown', async () => {
  const server = createServer((request, response) => {
    request.resume();
    if (request.url?.endsWith('/removal') === true)
      return response.end(JSON.stringify({ app: 'acme', since: '2026-03-01T00:00:00Z', pending: [], hold: null }));
    return response
      .writeHead(404)
      .end(JSON.stringify({ error: { code: 'not_found', message: 'no app "acme" is declared' } }));
  }).listen(0, '127.0.0.1');
  await new Promise(done => server.once('listening', done));
  try {
    const { code, out } = await coderScim(['delete', 'acme', '--yes'], {
      environment: {
        CODER_SCIM_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        CODER_SCIM_ADMIN_TOKEN: 'admin-token-of-this-test',
      },
    });
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('nothing of it is left in Coder') });
  } finally {
    await new Promise(done => server.close(done));
  }
});
