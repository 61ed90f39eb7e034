/** An app whose end comes between two questions of one command. */
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo } from 'node:net';
import { coderScim } from './terminal-double';

/** `coder-scim delete acme --yes` against a bridge in which the app is on its way out, and which answers the deletion like this. */
async function deleted(answer: RequestListener) {
  const server = createServer((request, response) => {
    request.resume();
    if (request.url?.endsWith('/removal') === true)
      return response.end(JSON.stringify({ app: 'acme', since: '2026-03-01T00:00:00Z', pending: [], hold: null }));
    return request.method === 'DELETE' ? answer(request, response) : unknown(request, response);
  }).listen(0, '127.0.0.1');
  await new Promise(done => server.once('listening', done));
  try {
    return await coderScim(['delete', 'acme', '--yes'], {
      environment: {
        CODER_SCIM_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        CODER_SCIM_ADMIN_TOKEN: 'admin-token-of-this-test',
      },
    });
  } finally {
    await new Promise(done => server.close(done));
  }
}

const unknown: RequestListener = (_, response) =>
  response.writeHead(404).end(JSON.stringify({ error: { code: 'not_found', message: 'no app "acme" is declared' } }));

it('an app on its way out that is gone when it is deleted again is told as gone, not as unknown', async () => {
  const { code, out } = await deleted(unknown);
  expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('nothing of it is left in Coder') });
});

it('an app on its way out that somebody has declared anew by then stays', async () => {
  let isDeleted = false;
  const { code, err } = await deleted(({ headers }, response) => {
    // As a bridge answers in which it is at generation 3.
    if (headers['if-match'] === undefined || headers['if-match'] === '"3"') {
      isDeleted = true;
      return response.writeHead(204).end();
    }
    const message = 'app "acme" is at generation 3';
    return response
      .writeHead(412)
      .end(JSON.stringify({ error: { code: 'generation_conflict', message, generation: 3 } }));
  });
  expect([isDeleted, code]).toEqual([false, 4]);
  expect(err).toContain('generation 3');
});
