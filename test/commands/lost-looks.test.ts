/** A look that is lost after a document was accepted, or while somebody waits, is no failure of what was done. */
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { parseMappingState } from '../../bridge/contract/mapping-state';
import { coderScim } from './terminal-double';

const state = parseMappingState({ version: 1, app: 'acme', identityProvider: 'okta' });
const document = {
  app: 'acme',
  state,
  generation: 1,
  converged: false,
  updatedAt: '2026-03-01T00:00:00Z',
  updatedBy: 'admin',
  scimBaseUrl: 'https://scim.example.com/apps/acme/scim/v2',
  groupIds: {},
};

let server: Server;
let looks: number;
/** What the bridge answers to looks after the write, one after the other; then it agrees. */
let failures: (number | 'nothing')[];

beforeEach(async () => {
  looks = 0;
  let written = false;
  server = createServer((request, response) => {
    request.resume();
    const refuse = (status: number, code: string) =>
      response.writeHead(status).end(JSON.stringify({ error: { code, message: 'said by the test' } }));
    if (request.method === 'PUT') {
      written = true;
      return response.end(JSON.stringify(document));
    }
    if (!written) return refuse(404, 'not_found');
    looks++;
    const failure = failures.shift();
    if (failure === 'nothing') return response.destroy();
    if (failure !== undefined) return refuse(failure, 'internal');
    const isList = request.url?.endsWith('/apps') === true;
    return response.end(JSON.stringify(isList ? { apps: [document] } : { ...document, converged: true }));
  }).listen(0, '127.0.0.1');
  await new Promise(done => server.once('listening', done));
});
afterEach(() => new Promise(done => server.close(done)));

const apply = (...more: string[]) =>
  coderScim(['apply', '-', ...more], {
    input: JSON.stringify(state),
    environment: {
      CODER_SCIM_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      CODER_SCIM_ADMIN_TOKEN: 'admin-token-of-this-test',
    },
  });

test('an apply that waits goes on looking', async () => {
  failures = ['nothing', 502];
  expect(await apply('--wait', '60s')).toMatchObject({
    code: 0,
    out: expect.stringContaining('Coder agrees') as string,
  });
  expect(looks).toBe(4);
});

test('an apply whose last look is lost has applied', async () => {
  failures = [500];
  expect(await apply()).toMatchObject({ code: 0, out: expect.stringContaining('created, generation 1') as string });
});
