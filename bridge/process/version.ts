import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The version of the package that this code is part of: from the nearest `package.json`, in the sources as in `dist`. */
export function packageVersion(from = __dirname): string {
  for (let folder = from; ; folder = dirname(folder)) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
        string,
        unknown
      >;
      if (name === 'coder-scim' && typeof version === 'string') return version;
    } catch {
      // Not in this folder: one up.
    }
    if (dirname(folder) === folder) return 'unknown';
  }
}
