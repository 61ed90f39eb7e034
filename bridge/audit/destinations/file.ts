/** JSON lines on standard output, or at the end of a file. */
import { write } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DELIVERY_MS, type Destination, type Format } from './destination';
import { nameOf } from './place';

const writeTo = promisify(write);

/** How often a pipe that is full is tried again. */
const FULL_MS = 50;

/**
 * Past `process.stdout`, a failure of which ends the process: where there is no room, or nobody reads any more, lines wait and the bridge
 * goes on.
 * @param fd @default standard output
 */
export function toStdout(format: Format, fd = 1): Destination {
  /** What was written last ends within a line. */
  let torn = false;
  return {
    name: nameOf({ kind: 'stdout' }),
    begins: 'oldest',
    async deliver(lines) {
      const late = AbortSignal.timeout(DELIVERY_MS);
      // Each by itself: one that a pipe takes as a whole has no line of the log within it.
      for (const line of lines) {
        // A line that was not written to its end is ended: it comes again as a whole.
        let rest = Buffer.from(`${torn ? '\n' : ''}${format(line)}\n`);
        while (rest.length > 0) {
          rest = rest.subarray(await writeSome(fd, rest, late));
          torn = rest.length > 0;
        }
      }
      return lines.length;
    },
  };
}

/** @returns how many of the bytes were written */
async function writeSome(fd: number, bytes: Buffer, late: AbortSignal): Promise<number> {
  for (;;) {
    try {
      return (await writeTo(fd, bytes)).bytesWritten;
    } catch (error) {
      // Who reads is slower than what is written.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || late.aborted) throw error;
      await sleep(FULL_MS);
    }
  }
}

/** The file is opened anew each time, so that it may be rotated away at any moment; readable by its owner alone. */
export function toFile(path: string, format: Format): Destination {
  return {
    name: nameOf({ kind: 'file', path }),
    begins: 'oldest',
    async deliver(lines) {
      const file = await open(path, 'a+', 0o600);
      try {
        const { size } = await file.stat();
        const last = Buffer.alloc(1);
        if (size > 0) await file.read(last, 0, 1, size - 1);
        // A line that a crash cut off is ended: it comes again as a whole.
        const begin = size === 0 || last.toString() === '\n' ? '' : '\n';
        await file.appendFile(`${begin}${lines.map(line => `${format(line)}\n`).join('')}`);
        await file.datasync();
        return lines.length;
      } finally {
        await file.close();
      }
    },
  };
}
