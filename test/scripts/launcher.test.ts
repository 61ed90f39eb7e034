/** What stands before the program: what V8 made of it is kept, where nobody else can write, and nowhere else. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const LAUNCHER = pathToFileURL(resolve(__dirname, '../../scripts/package/launcher.mjs')).href;
const text = execFileSync(process.execPath, [
  '--input-type=module',
  '--eval',
  `import { commandLauncher } from ${JSON.stringify(LAUNCHER)}; process.stdout.write(commandLauncher('./program.js'))`,
]);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coder-scim-launcher-'));
  writeFileSync(join(folder, 'main.js'), text);
  writeFileSync(join(folder, 'program.js'), 'console.log("ran", process.argv.slice(2).join());');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What it printed, with these variables and no others. */
function start(environment: Readonly<Record<string, string>>): string {
  const ran = spawnSync(process.execPath, [join(folder, 'main.js'), 'serve'], { env: environment, encoding: 'utf8' });
  return `${ran.stdout}${ran.stderr}`;
}

/** Whether compiled code lies in a folder. */
const isKept = (place: string) =>
  existsSync(place) && readdirSync(place, { recursive: true, withFileTypes: true }).some(entry => entry.isFile());

test.each([
  ['the cache of the service', 'CACHE_DIRECTORY', ''],
  ['the cache of the user', 'XDG_CACHE_HOME', ''],
  ['.cache in the home of the user', 'HOME', '.cache'],
])('compiled code is kept in %s, which others can not enter', (_, variable, below) => {
  expect(start({ [variable]: folder })).toBe('ran serve\n');
  const place = join(folder, below, 'coder-scim');
  expect(isKept(place)).toBe(true);
  expect(statSync(place).mode & 0o777).toBe(0o700);
});

test('what others can write is not run: a folder that is open to them is left alone', () => {
  const place = join(folder, 'coder-scim');
  mkdirSync(place);
  for (const open of [0o777, 0o770]) {
    chmodSync(place, open);
    expect(start({ XDG_CACHE_HOME: folder })).toBe('ran serve\n');
    expect(isKept(place)).toBe(false);
  }
});

test('nor is it kept below a folder where others could put theirs in its place', () => {
  const shared = join(folder, 'shared');
  mkdirSync(shared);
  chmodSync(shared, 0o1777);
  expect(start({ XDG_CACHE_HOME: shared })).toBe('ran serve\n');
  expect(isKept(shared)).toBe(false);
});

test('the program starts all the same where nothing can be written, where nothing is named, and where it is not wanted', () => {
  expect(start({ XDG_CACHE_HOME: join(folder, 'main.js') })).toBe('ran serve\n');
  expect(start({})).toBe('ran serve\n');
  expect(start({ XDG_CACHE_HOME: folder, NODE_DISABLE_COMPILE_CACHE: '1' })).toBe('ran serve\n');
  expect(start({ XDG_CACHE_HOME: 'here' })).toBe('ran serve\n');
  expect(isKept(join(folder, 'coder-scim'))).toBe(false);
});
