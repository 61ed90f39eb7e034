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
  const folder = existsSync(dirname(path)) ? realpathSync(dirname(path)) : dirname(path);
  // From where the link really is: the folder that it is in may be a link itself.
  if (target !== undefined) return realPath(resolve(folder, target), links - 1);
  return join(folder, basename(path));
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
