/** Processor time of the Postgres server that a run has started: its own, of the connections that are open, and of those that were. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Linux counts in hundredths of a second. */
const TICKS_PER_SECOND = 100;

/** Seconds since its start. @param directory of the server; undefined where it can't be told: another system, or a server that is not ours */
export function postgresSeconds(directory: string | undefined): number | undefined {
  if (directory === undefined || process.platform !== 'linux') return undefined;
  const server = Number(readFileSync(join(directory, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
  let ticks = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statOf(name);
    const [parent, own, ended] = [
      Number(fields[1]),
      Number(fields[11]) + Number(fields[12]),
      Number(fields[13]) + Number(fields[14]),
    ];
    if (Number(name) === server) ticks += own + ended;
    else if (parent === server) ticks += own;
  }
  return ticks / TICKS_PER_SECOND;
}

/** Fields of a process behind its name, which may have spaces in it; none for one that has ended meanwhile. */
function statOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    return [];
  }
}
