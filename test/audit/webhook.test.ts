/** Calls of the webhook, as a receiver that drops what it has already had sees them. */
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { toWebhook } from '../../bridge/audit/destinations/webhook';
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
let had: { id: string; type: string; subjects: string[] }[];
let said: string[];
/** Whether the receiver has no use for a call. */
let refuses: (body: string) => boolean;
const log = { warn: (_of: object, text?: string) => void said.push(text ?? '') };

beforeEach(async () => {
  had = [];
  said = [];
  refuses = () => false;
  web = createServer((request, response) => {
    let body = '';
    request.on('data', part => (body += String(part)));
    request.on('end', () => {
      if (refuses(body)) {
        response.writeHead(400).end();
        return;
      }
      const { type, data } = JSON.parse(body) as { type: string; data: { lines: { subject: string }[] } };
      had.push({ id: String(request.headers['webhook-id']), type, subjects: data.lines.map(({ subject }) => subject) });
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
  await toWebhook({ url, secret: undefined }, log).deliver(lines);
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

describe('a kind of call that the receiver refuses', () => {
  const types = () => had.map(({ type }) => type);
  const held = [hold(1), hold(2, { action: 'guard.hold' }), hold(3, { action: 'work.park' })];

  it('holds up no other, none of which is sent again with it, until it is taken', async () => {
    refuses = body => body.includes('"type":"person.held"');
    const webhook = toWebhook({ url, secret: undefined }, log);
    await expect(webhook.deliver(held)).rejects.toThrow('answered 400');
    expect(types()).toEqual(['guard.hold', 'work.park']);
    await expect(webhook.deliver([...held, hold(4, { action: 'guard.release' })])).rejects.toThrow('answered 400');
    expect(types()).toEqual(['guard.hold', 'work.park', 'guard.release']);
    refuses = () => false;
    expect(await webhook.deliver([...held, hold(4, { action: 'guard.release' })])).toBe(4);
    expect(types()).toEqual(['guard.hold', 'work.park', 'guard.release', 'person.held']);
    expect(said).toEqual([]);
  });

  it('is sent with its long texts cut, which is said', async () => {
    refuses = body => body.length > 5_000;
    const webhook = toWebhook({ url, secret: undefined }, log);
    expect(await webhook.deliver([hold(1, { detail: 'x'.repeat(10_000) })])).toBe(1);
    expect(types()).toEqual(['person.held']);
    expect(said).toEqual([expect.stringContaining('with its long texts cut')]);
  });

  it('is given up after an hour, which is said', async () => {
    refuses = body => body.includes('"type":"person.held"');
    let now = 0;
    const webhook = toWebhook({ url, secret: undefined }, log, () => now);
    await expect(webhook.deliver(held)).rejects.toThrow('answered 400');
    now = 3_599_000;
    await expect(webhook.deliver(held)).rejects.toThrow('answered 400');
    now = 3_600_000;
    expect(await webhook.deliver(held)).toBe(3);
    expect(types()).toEqual(['guard.hold', 'work.park']);
    expect(said).toEqual([expect.stringContaining('given up')]);
  });
});
