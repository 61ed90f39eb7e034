/** What is inside the files of the package is told: licences to whoever passes it on, a bill of materials to scanners. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = resolve(__dirname, '../..');
const script = (name: string) => join(ROOT, 'scripts', name);

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'third-party-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function node(...args: string[]) {
  return spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
}

/** What is said of a package with these files. */
function licenceOf(license: string, files: Readonly<Record<string, string>>) {
  mkdirSync(join(folder, 'package'), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'package', name), text);
  const described = JSON.stringify({ name: 'left-pad', version: '1.0.0', license, folder: 'package' });
  const { status, stdout, stderr } = node(
    '--input-type=module',
    '--eval',
    `import { licenceText } from ${JSON.stringify(pathToFileURL(script('package/third-party.mjs')).href)};
    process.stdout.write(licenceText(${described}, ${JSON.stringify(folder)}));`,
  );
  return status === 0 ? stdout : stderr;
}

test('THIRD-PARTY.md has what is inside: `npm run third-party` writes it anew', () => {
  expect(node(script('package/third-party.mjs'), '--check')).toMatchObject({ status: 0, stderr: '' });
});

test('a licence that nobody has decided about is refused', () => {
  expect(licenceOf('AGPL-3.0', { LICENSE: 'text' })).toContain('left-pad 1.0.0 has licence "AGPL-3.0": wanted one of');
});

test('a licence without its text is refused; some have it in their README', () => {
  const text = 'Copyright (c) 2014 Somebody\n\nPermission is granted';
  expect(licenceOf('MIT', { 'README.md': '# left-pad\n\nMIT' })).toContain('comes without the text of its licence');
  expect(licenceOf('MIT', { 'README.md': `# left-pad\n\n## License\n\n${text}\n\n## Links\n\nnone` })).toBe(text);
  expect(licenceOf('MIT', { LICENSE: `${text}\r\n` })).toBe(text);
});

test('the bill of materials has what is inside as required, and what may stand beside as optional', () => {
  const out = join(folder, 'bill.json');
  expect(node(script('sbom.mjs'), '--out', out)).toMatchObject({ status: 0, stderr: '' });
  const bill = JSON.parse(readFileSync(out, 'utf8')) as {
    bomFormat: string;
    metadata: { component: { name: string; 'bom-ref': string } };
    components: { 'bom-ref': string; name: string; scope: string; purl: string; hashes: unknown[] }[];
    dependencies: { ref: string; dependsOn: string[] }[];
  };
  expect(bill).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: 'coder-scim' } } });
  const named = (scope: string) => bill.components.filter(one => one.scope === scope).map(({ name }) => name);
  const listed = readFileSync(join(ROOT, 'THIRD-PARTY.md'), 'utf8').matchAll(/^\| (\S+) \| \d/gm);
  expect(named('required').sort()).toEqual(Array.from(listed, ([, name]) => name).sort());
  expect(named('optional').sort()).toEqual([
    '@cdktf/provider-null',
    '@opentelemetry/sdk-node',
    'better-sqlite3',
    'cdktf',
    'constructs',
  ]);
  for (const { purl, hashes } of bill.components) expect([purl.slice(0, 8), hashes.length]).toEqual(['pkg:npm/', 1]);
  const known = new Set([bill.metadata.component['bom-ref'], ...bill.components.map(one => one['bom-ref'])]);
  for (const { ref, dependsOn } of bill.dependencies)
    expect([ref, ...dependsOn].filter(one => !known.has(one))).toEqual([]);
});
