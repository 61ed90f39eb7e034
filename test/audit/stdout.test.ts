/** Audit lines on standard output that is a pipe: slow readers, and readers that go away. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Destination } from '../../bridge/audit/destinations/destination';
import { toStdout } from '../../bridge/audit/destinations/file';
import { type SealedRecord } from '../../bridge/store/audit/chain';
import { until } from '../support/until';

// More than any pipe holds.
const LONG = 'x'.repeat(200_000);
const line = (seq: number, detail = ''): SealedRecord => ({ seq, detail }) as SealedRecord;
const toPipe = (fd: number): Destination => toStdout(({ seq, detail }) => JSON.stringify({ seq, detail }), fd);
const parsed = (lines: readonly string[]) => lines.map(text => JSON.parse(text) as { seq: number; detail: string });

let folder: string;
let pipe: string;
let reader: number;
let writer: number;

const openReader = () => openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coder-scim-stdout-'));
  pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  reader = openReader();
  writer = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
});
afterEach(() => {
  closeSync(reader);
  closeSync(writer);
  rmSync(folder, { recursive: true });
});

/** What there is to read now. */
function readSome(): string {
  const part = Buffer.alloc(4_096);
  try {
    return part.toString('utf8', 0, readSync(reader, part));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return '';
    throw error;
  }
}

async function readLines(count: number): Promise<string[]> {
  let text = '';
  await until(`${count} lines`, () => {
    for (let part = readSome(); part !== ''; part = readSome()) text += part;
    return text.split('\n').length > count;
  });
  expect(text.endsWith('\n')).toBe(true);
  return text.split('\n').slice(0, -1);
}

it('a slow reader gets every line whole and in order', async () => {
  const lines = [line(1, LONG), line(2), line(3, LONG), line(4)];
  const [read] = await Promise.all([readLines(4), toPipe(writer).deliver(lines)]);
  expect(parsed(read)).toEqual(lines);
});

it('a reader that goes away within a line is told of, and who reads next gets it as a line of its own', async () => {
  const stdout = toPipe(writer);
  const gone = expect(stdout.deliver([line(1, LONG)])).rejects.toMatchObject({ code: 'EPIPE' });
  await until('it has begun', () => readSome() !== '');
  closeSync(reader);
  await gone;
  reader = openReader();
  const [[, ...whole]] = await Promise.all([readLines(3), stdout.deliver([line(1, LONG), line(2)])]);
  expect(parsed(whole)).toEqual([line(1, LONG), line(2)]);
});
