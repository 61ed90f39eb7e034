/** JSON lines on standard output, or at the end of a file. */
import { open } from 'node:fs/promises';
import { type Destination, type Format } from './destination';
import { nameOf } from './place';

export function toStdout(format: Format): Destination {
  return {
    name: nameOf({ kind: 'stdout' }),
    begins: 'oldest',
    deliver: lines =>
      new Promise((resolve, reject) =>
        process.stdout.write(lines.map(line => `${format(line)}\n`).join(''), error =>
          error ? reject(error) : resolve(),
        ),
      ),
  };
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
      } finally {
        await file.close();
      }
    },
  };
}
