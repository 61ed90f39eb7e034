// The bill of materials of the package (CycloneDX, JSON): npm's own of this repository, narrowed to what is inside the files
// and, as optional, to what a user may have beside them. Scanners that read node_modules alone see neither.
//
//   npm run sbom -- [--out FILE]
import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from './package/bundle.mjs';
import { packagesInside } from './package/packages.mjs';

const { name, version, peerDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const { values: options } = parseArgs({
  options: { out: { type: 'string', default: `dist-release/${name}-${version}.cdx.json` } },
});
const out = resolve(ROOT, options.out);

const everything = JSON.parse(
  execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === 'win32',
  }),
);
const self = `${name}@${version}`;
const ours = everything.dependencies.find(({ ref }) => ref === self)?.dependsOn ?? [];
const inside = new Map((await packagesInside()).map(one => [`${one.name}@${one.version}`, one]));
const { packages: locked } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
const components = everything.components.flatMap(component => {
  const found = inside.get(component['bom-ref']);
  if (found !== undefined) {
    const { files, folder } = found;
    return [{ ...component, scope: 'required', hashes: hashesOf(folder), properties: files.map(insideOf) }];
  }
  const beside = component.name in peerDependencies && ours.includes(component['bom-ref']);
  return beside ? [{ ...component, scope: 'optional', properties: [] }] : [];
});
const missing = [...inside.keys()].filter(ref => !components.some(component => component['bom-ref'] === ref));
if (missing.length > 0) throw new Error(`npm's bill has no ${missing.join(', ')}: install from the lockfile first`);

const refs = new Set([self, ...components.map(component => component['bom-ref'])]);
const dependencies = everything.dependencies
  .filter(({ ref }) => refs.has(ref))
  .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter(other => refs.has(other)) }));
const { metadata } = everything;
const bill = {
  ...everything,
  metadata: { ...metadata, component: { ...metadata.component, name } },
  components,
  dependencies,
};

mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, `${JSON.stringify(bill, null, 2)}\n`);
console.log(`wrote ${out}: ${inside.size} packages inside, ${components.length - inside.size} beside`);

/** From the lockfile: npm says none where a package is elsewhere part of another one, too. */
function hashesOf(folder) {
  const [, algorithm, digest] = /^sha(\d+)-(.+)$/.exec(locked[folder].integrity);
  return [{ alg: `SHA-${algorithm}`, content: Buffer.from(digest, 'base64').toString('hex') }];
}

function insideOf(file) {
  return { name: `${name}:inside`, value: `dist/${file}` };
}
