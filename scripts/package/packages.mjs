// Which packages are inside the files of the package: what licences and the bill of materials are made of.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, PARTS, ROOT } from './bundle.mjs';

/**
 * Name, version, licence (SPDX), folder from the root, and the files that something of it is in, by name and version.
 */
export async function packagesInside() {
  const found = new Map();
  for (const { file, entry, kind } of PARTS) {
    for (const folder of new Set((await bundle(entry, kind)).flatMap(packageFolder))) {
      if (!found.has(folder)) found.set(folder, { ...described(folder), folder, files: [] });
      found.get(folder).files.push(file);
    }
  }
  const key = ({ name, version }) => `${name} ${version}`;
  return [...found.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function described(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
  return { name, version, license };
}

/** The folder of the package that a file belongs to; none for ours. */
function packageFolder(file) {
  const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file.replaceAll('\\', '/'))?.[0];
  return folder !== undefined && existsSync(join(ROOT, folder, 'package.json')) ? [folder] : [];
}
