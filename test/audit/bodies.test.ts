/** What an HTTP endpoint takes in one body, and what becomes of a line that it does not take. */
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type AuditWatch, createAuditWatch } from '../../bridge/audit/watch';
import { writeAudit } from '../../bridge/store/audit/audit';
import { type Database, openDatabase } from '../../bridge/store/database/database';
import { until } from '../support/until';

let web: Server;
let database: Database;
let watch: AuditWatch | undefined;
let refuses: (body: string) => number | undefined;
let refused: number;
/** Numbers of lines and what they say, as the endpoint took them. */
let taken: { seq: number; detail: string }[];
let said: string[];
let behind: number | undefined;

beforeEach(async () => {
  [refused, taken, said, behind] = [0, [], [], undefined];
  database = await openDatabase(':memory:');
  web = createServer((request, response) => {
    let body = '';
    request.on('data', part => (body += String(part)));
    request.on('end', () => {
      const status = refuses(body);
      if (status !== undefined) refused += 1;
      else
        for (const line of body.trimEnd().split('\n'))
          taken.push((JSON.parse(line) as { unmapped: { seq: number; detail: string } }).unmapped);
      response.writeHead(status ?? 204).end();
    });
  }).listen(0, '127.0.0.1');
  await new Promise(resolve => web.once('listening', resolve));
});
afterEach(async () => {
  await watch?.stop();
  await database.close();
  await new Promise(resolve => web.close(resolve));
});

const write = (details: readonly string[]): Promise<void> =>
  database.transact(db =>
    writeAudit(
      db,
      details.map(detail => ({ at: 1, app: 'okta', actor: 'scim', action: 'group.add', result: 'done', detail })),
    ),
  );

function start(): void {
  watch = createAuditWatch({
    database,
    exports: [{ kind: 'http', url: `http://127.0.0.1:${(web.address() as AddressInfo).port}/audit` }],
    authorization: undefined,
    webhook: undefined,
    version: '1.0.0',
    owner: 'one',
    log: {
      debug: () => undefined,
      info: () => undefined,
      warn: (_of: object, text?: string) => void said.push(text ?? ''),
      error: () => undefined,
    } as never,
    clock: () => Date.now(),
    observe: { sealed: () => undefined, exported: (_place, count) => (behind = count) },
  });
  watch.start();
}

/** Nothing waits, once the lines are sealed. */
const settled = (lines: number) => until('nothing to wait', () => taken.length >= lines && behind === 0);
const upTo = (last: number): number[] => Array.from({ length: last }, (_, n) => n + 1);
const tooLarge = (bytes: number) => (body: string) => (Buffer.byteLength(body) > bytes ? 413 : undefined);

it('an endpoint that takes 100 KB gets 250 lines of 1 KB all the same, in order, each once', async () => {
  refuses = tooLarge(100_000);
  await write(Array<string>(250).fill('x'.repeat(1_000)));
  start();
  await settled(250);
  expect(taken.map(({ seq }) => seq)).toEqual(upTo(250));
  // What it takes is not found out anew for each body.
  expect(refused).toBeLessThan(10);
  expect(said).toEqual([]);
});

it('a body has half a mebibyte at most, however long the lines are that wait', async () => {
  refuses = tooLarge(512 * 1024);
  await write(Array<string>(250).fill('x'.repeat(5_000)));
  start();
  await settled(250);
  expect(taken.map(({ seq }) => seq)).toEqual(upTo(250));
  expect(refused).toBe(0);
});

it('a line that is too large alone is sent with its long texts cut, which is said, and what follows it as it is', async () => {
  refuses = tooLarge(20_000);
  await write(['one', 'x'.repeat(30_000), 'three']);
  start();
  await settled(3);
  expect(taken.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(taken.map(({ detail }) => detail)).toEqual([
    'one',
    expect.stringMatching(/^x{200}… \(cut: 30000 characters\)$/),
    'three',
  ]);
  expect(said).toEqual([expect.stringContaining('with its long texts cut')]);
});

it('a line that is taken by no means waits with all that follow it, and what is before it is there once', async () => {
  refuses = body => (body.includes('unwanted') ? 422 : undefined);
  await write(['one', 'two', `unwanted ${'x'.repeat(1_000)}`, 'four']);
  start();
  await until('it is told', () => said.length > 0);
  expect(said).toEqual([expect.stringContaining('audit lines could not be delivered')]);
  await until('what waits is counted', () => behind === 2);
  expect(taken.map(({ seq }) => seq)).toEqual([1, 2]);
  refuses = () => undefined;
  await settled(4);
  expect(taken.map(({ seq }) => seq)).toEqual(upTo(4));
});
