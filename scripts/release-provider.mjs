// The provider as release files, for those who use it without the package: a zip per platform, their sums, and a folder
// that is a filesystem mirror and, served over HTTPS, a network mirror. With --executable it also makes a self-contained
// executable for the platform that this runs on, for places that have no Node; its zip takes the script's place.
//
//   npm run release-provider -- [--executable] [--out FOLDER]
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import archiver from 'archiver';
import { buildExecutable } from './release/executable.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: options } = parseArgs({
  options: { executable: { type: 'boolean', default: false }, out: { type: 'string', default: 'dist-release' } },
});
const out = resolve(root, options.out);
const dist = join(root, 'dist');
if (!existsSync(join(dist, '.built'))) {
  console.error('nothing is built: run `npm run build` first');
  process.exit(1);
}
const { PROVIDER_NAME, PROVIDER_PLATFORMS, PROVIDER_SOURCE, PROVIDER_VERSION, providerFiles } = createRequire(
  import.meta.url,
)('../dist/provider/address.js');

rmSync(out, { recursive: true, force: true });
const mirror = join(out, 'mirror', PROVIDER_SOURCE);
mkdirSync(mirror, { recursive: true });

const here = `${process.platform === 'win32' ? 'windows' : process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
const archives = {};
const sums = [];
for (const platform of PROVIDER_PLATFORMS) {
  const files =
    options.executable && platform === here
      ? await executable(platform)
      : providerFiles(platform).map(({ name, built }) => ({ name, path: join(dist, built) }));
  const zip = `terraform-provider-${PROVIDER_NAME}_${PROVIDER_VERSION}_${platform}.zip`;
  await pack(join(mirror, zip), [
    ...files,
    { name: 'LICENSE', path: join(root, 'LICENSE') },
    { name: 'THIRD-PARTY.md', path: join(root, 'THIRD-PARTY.md') },
  ]);
  const sum = createHash('sha256')
    .update(readFileSync(join(mirror, zip)))
    .digest('hex');
  sums.push(`${sum}  ${zip}`);
  archives[platform] = { url: zip, hashes: [`zh:${sum}`] };
  console.log(`${zip}${options.executable && platform === here ? '  (executable)' : ''}`);
}
// The network mirror protocol: which versions there are, and what a version is made of.
writeFileSync(join(mirror, 'index.json'), JSON.stringify({ versions: { [PROVIDER_VERSION]: {} } }));
writeFileSync(join(mirror, `${PROVIDER_VERSION}.json`), JSON.stringify({ archives }));
writeFileSync(join(mirror, 'SHA256SUMS'), `${sums.join('\n')}\n`);
console.log(
  `in ${out}: mirror/ for a filesystem or network mirror; zips and SHA256SUMS are in ${mirror.slice(out.length + 1)}`,
);

async function executable(platform) {
  const [{ name }] = providerFiles(platform);
  const path = join(out, name.replace(/\.cmd$/, '.exe'));
  await buildExecutable(join(dist, 'provider', `terraform-provider-${PROVIDER_NAME}`), path);
  return [
    { name: path.slice(out.length + 1), path },
    { name: 'LICENSE-Node.txt', path: licenceOfNode() },
  ];
}

/** Of the Node that goes into the executable: it lies beside in whatever way Node was installed. */
function licenceOfNode() {
  const folder = dirname(process.execPath);
  const found = [join(folder, '..', 'LICENSE'), join(folder, 'LICENSE')].find(existsSync);
  if (found !== undefined) return found;
  console.error(
    `no LICENSE lies beside ${process.execPath}, and the executable can't be passed on without: use a Node from nodejs.org`,
  );
  process.exit(1);
}

/** A zip that is the same bytes each time: one date for all files, what can be started marked so. */
async function pack(file, entries) {
  const zip = archiver('zip', { zlib: { level: 9 } });
  const written = createWriteStream(file);
  zip.pipe(written);
  for (const { name, path } of entries) {
    const starts = name.startsWith('terraform-provider-');
    zip.append(readFileSync(path), { name, mode: starts ? 0o755 : 0o644, date: new Date('2020-01-01T00:00:00Z') });
  }
  await zip.finalize();
  await finished(written);
}
