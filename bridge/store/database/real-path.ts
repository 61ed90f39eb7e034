/** Which file a path means. */
import { existsSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** As many links as Linux follows. */
const MOST_LINKS = 40;

/**
 * However the file is named, by a link or through a linked folder, and whether or not it is there yet: it is one file. SQLite follows links
 * too, and has its log beside the file that they lead to.
 */
export function realPath(path: string, links = MOST_LINKS): string {
  if (existsSync(path)) return realpathSync(path);
  const target = links === 0 ? undefined : linkOf(path);
  if (target !== undefined) return realPath(resolve(dirname(path), target), links - 1);
  const folder = dirname(path);
  return existsSync(folder) ? join(realpathSync(folder), basename(path)) : path;
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
