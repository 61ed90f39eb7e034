/** Calls of the webhook, as a receiver that drops what it has already had sees them. */
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { toWebhook } from '../../bridge/audit/destinations/http';
import { type SealedRecord } from '../../bridge/store/audit/chain';

const hold = (seq: number, more: Partial<SealedRecord> = {}): SealedRecord => ({
  id: seq,
  seq,
  hash: seq.toString(16).padStart(64, '0'),
  at: 1_700_000_000_000 + seq,
  app: 'okta',
  actor: 'scim',
  token: null,
  request_id: null,
  subject: `u${seq}`,
  subject_name: `u${seq}@example.com`,
  coder_user_id: null,
  action: 'person.held',
  target: 'no-email',
  idp_group: null,
  mapping: null,
  before: null,
  after: null,
  result: 'held',
  detail: null,
  ...more,
});

let web: Server;
let url: string;
let had: { id: string; subjects: string[] }[];

beforeEach(async () => {
  had = [];
  web = createServer((request, response) => {
    let body = '';
    request.on('data', part => (body += String(part)));
    request.on('end', () => {
      const { data } = JSON.parse(body) as { data: { lines: { subject: string }[] } };
      had.push({ id: String(request.headers['webhook-id']), subjects: data.lines.map(({ subject }) => subject) });
      response.writeHead(204).end();
    });
  }).listen(0, '127.0.0.1');
  await new Promise(resolve => web.once('listening', resolve));
  url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/hook`;
});
afterEach(() => new Promise(resolve => web.close(resolve)));

/** Ids of the calls that these lines are. */
async function deliver(...lines: SealedRecord[]): Promise<string[]> {
  const before = had.length;
  await toWebhook({ url, secret: undefined }).deliver(lines);
  return had.slice(before).map(({ id }) => id);
}

it('a call that comes again has the id that it had, also beside another kind', async () => {
  const [first] = await deliver(hold(1), hold(2));
  expect(await deliver(hold(1), hold(2))).toEqual([first]);
  const again = await deliver(hold(1), hold(2), hold(3, { action: 'work.park' }));
  expect(again).toEqual([first, expect.not.stringMatching(first ?? '')]);
});

it('a call that comes again with more lines has another id: nothing new is dropped as known', async () => {
  const [one] = await deliver(hold(1));
  const [both] = await deliver(hold(1), hold(2));
  expect(both).not.toBe(one);
  expect(new Map(had.map(({ id, subjects }) => [id, subjects])).get(both ?? '')).toEqual(['u1', 'u2']);
});
