// The types of what users import: what tsc declares of it, and nothing that stands behind it.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

const require = createRequire(import.meta.url);
const { exports: offered, peerDependencies } = require('../../package.json');

/** @throws Error when tsc has something to say, or a type is of a package that users do not have */
export function writeDeclarations(root, dist) {
  const tsc = spawnSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (tsc.status !== 0) throw new Error(`tsc refuses the sources:\n${tsc.stdout}${tsc.stderr}`);
  const entries = Object.values(offered).flatMap(({ types }) => (types === undefined ? [] : [join(root, types)]));
  const kept = reachable(entries, dist);
  for (const file of readdirSync(dist, { recursive: true })) {
    if (!kept.has(join(dist, file)) && /\.(d\.ts|json)$/.test(file)) rmSync(join(dist, file));
  }
}

/** Every declaration that these lead to. */
function reachable(entries, dist) {
  const found = new Set();
  const visit = file => {
    if (found.has(file)) return;
    found.add(file);
    for (const { fileName } of ts.preProcessFile(readFileSync(file, 'utf8')).importedFiles) {
      if (fileName.startsWith('.')) visit(located(join(dirname(file), fileName)));
      else if (!isThere(fileName))
        throw new Error(`${relative(dist, file)} has types of ${fileName}, which is inside our files: users lack them`);
    }
  };
  entries.forEach(visit);
  return found;
}

function located(path) {
  const file = [`${path}.d.ts`, join(path, 'index.d.ts')].find(existsSync);
  if (file === undefined) throw new Error(`no declaration is written for ${path}`);
  return file;
}

/** What a user of these types has: the framework. Types of the rest would have to be installed for the compiler's sake. */
function isThere(name) {
  return ['cdktf', 'constructs'].includes(name) && name in peerDependencies;
}
