/**
 * How quickly a bridge is ready after its start, and how much memory it holds when nothing happens.
 * `npm run build && npx tsx test/bench/start.ts [--runs 5] [--database postgres://…]`; limits: ready within 300 ms, 80 MB. Measured with what was
 * compiled at the start before, and without, in turn.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadavg, tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { spawnBridge } from '../support/bridge';
import { startCoderDouble } from '../support/coder-double';
import { ms, printTable, summary } from './measure';

const READY_LIMIT_MS = 300;
const MEMORY_LIMIT_MB = 80;
// What a start leaves behind V8 gives back by itself within some ten seconds.
const IDLE_MS = 20_000;

interface ProcessFacts {
  readonly residentMb: number;
  readonly cpuMs: number;
}

// Linux counts processor time in hundredths of a second.
function processFacts(pid: number): ProcessFacts {
  const [, resident = '0'] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return { residentMb: Number(resident) / 1024, cpuMs: (Number(fields[11]) + Number(fields[12])) * 10 };
}

/** Milliseconds in which this machine starts a Node that does nothing: what of the rest is the machine's. */
async function emptyNode(): Promise<number> {
  const started = performance.now();
  const child = spawn(process.execPath, ['-e', '0']);
  await new Promise(resolve => child.once('close', resolve));
  return performance.now() - started;
}

/** Where the compiled program is kept; undefined: it is compiled at each start. */
type Kept = string | undefined;

interface Start extends ProcessFacts {
  readonly readyMs: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' }, database: { type: 'string' } } });
  if (!existsSync(join(__dirname, '..', '..', 'dist', 'bridge', 'main.js'))) {
    throw new Error('dist/bridge/main.js is missing: npm run build');
  }
  process.env['CODER_SCIM_TEST_DIST'] = '1';
  const coder = await startCoderDouble();
  const cache = mkdtempSync(join(tmpdir(), 'bench-start-'));
  const start = async (kept: Kept): Promise<Start> => {
    const bridge = await spawnBridge({
      coderUrl: coder.url,
      coderToken: coder.token,
      ...(values.database === undefined ? {} : { databaseUrl: values.database }),
      env: kept === undefined ? { NODE_DISABLE_COMPILE_CACHE: '1' } : { XDG_CACHE_HOME: kept },
    });
    await new Promise(resolve => setTimeout(resolve, IDLE_MS));
    const facts = { readyMs: bridge.readyAfterMs, ...processFacts(bridge.pid) };
    await bridge.stop();
    return facts;
  };
  // What the starts that count find compiled.
  await start(cache);
  const empty: number[] = [];
  const starts: Record<'kept' | 'compiled', Start[]> = { kept: [], compiled: [] };
  for (let run = 0; run < Number(values.runs); run += 1) {
    empty.push(await emptyNode());
    starts.kept.push(await start(cache));
    starts.compiled.push(await start(undefined));
  }
  await coder.close();
  rmSync(cache, { recursive: true });
  const mark = (value: number, limit: number) => (value <= limit ? 'ok' : 'over');
  const rows = (how: string, all: readonly Start[]) => {
    const readyMs = summary(all.map(one => one.readyMs)).median;
    const memory = summary(all.map(one => one.residentMb)).median;
    return [
      [`ready after, ${how}`, ms(readyMs), ms(READY_LIMIT_MS), mark(readyMs, READY_LIMIT_MS)],
      ['… processor time until idle', ms(summary(all.map(one => one.cpuMs)).median), '', ''],
      ['… memory when idle', `${memory.toFixed(0)} MB`, `${MEMORY_LIMIT_MB} MB`, mark(memory, MEMORY_LIMIT_MB)],
    ];
  };
  printTable(`start, ${values.runs} runs, load ${loadavg()[0]?.toFixed(1)}`, [
    ['what', 'median', 'limit', ''],
    ['an empty Node.js', ms(summary(empty).median), '', ''],
    ...rows('compiled before', starts.kept),
    ...rows('compiled now', starts.compiled),
  ]);
}

void main();
