/**
 * How quickly a bridge is ready after its start, and how much memory it holds when nothing happens.
 * `npm run build && npx tsx test/bench/start.ts [--runs 5] [--database postgres://…]`; limits: ready within 1 s, 120 MB.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { spawnBridge } from '../support/bridge';
import { startCoderDouble } from '../support/coder-double';
import { ms, printTable, summary } from './measure';

const READY_LIMIT_MS = 1_000;
const MEMORY_LIMIT_MB = 120;
const IDLE_MS = 5_000;

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

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' }, database: { type: 'string' } } });
  if (!existsSync(join(__dirname, '..', '..', 'dist', 'bridge', 'main.js'))) {
    throw new Error('dist/bridge/main.js is missing: npm run build');
  }
  process.env['CODER_SCIM_TEST_DIST'] = '1';
  const coder = await startCoderDouble();
  const ready: number[] = [];
  const empty: number[] = [];
  const facts: ProcessFacts[] = [];
  for (let run = 0; run < Number(values.runs); run += 1) {
    empty.push(await emptyNode());
    const bridge = await spawnBridge({
      coderUrl: coder.url,
      coderToken: coder.token,
      ...(values.database === undefined ? {} : { databaseUrl: values.database }),
    });
    ready.push(bridge.readyAfterMs);
    await new Promise(resolve => setTimeout(resolve, IDLE_MS));
    facts.push(processFacts(bridge.pid));
    await bridge.stop();
  }
  await coder.close();
  const readyMs = summary(ready).median;
  const memory = summary(facts.map(({ residentMb }) => residentMb)).median;
  const mark = (value: number, limit: number) => (value <= limit ? 'ok' : 'over');
  printTable(`start, ${values.runs} runs, load ${loadavg()[0]?.toFixed(1)}`, [
    ['what', 'median', 'limit', ''],
    ['an empty Node.js', ms(summary(empty).median), '', ''],
    ['ready after', ms(readyMs), ms(READY_LIMIT_MS), mark(readyMs, READY_LIMIT_MS)],
    ['processor time until idle', ms(summary(facts.map(({ cpuMs }) => cpuMs)).median), '', ''],
    ['memory when idle', `${memory.toFixed(0)} MB`, `${MEMORY_LIMIT_MB} MB`, mark(memory, MEMORY_LIMIT_MB)],
  ]);
}

void main();
