// Runs the demo, the tests or the Coder double from any state of a clone: checks what the machine needs, installs from
// the lockfile what is missing, builds what is stale, and then starts the program, all on the Node that the lockfile brings
// (node/find.mjs). Plain Node, no dependency: it runs first, on whatever Node the machine has, from 20 on.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNode, isBefore, NoNode, ownPath, pathName, withNode } from './node/find.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const [program, ...rest] = process.argv.slice(2);
const say = text => process.stderr.write(`${text}\n`);

function stop(problem, next) {
  say(`\n✗ ${problem}\n  → ${next}\n`);
  process.exit(1);
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error) stop(`${command} can not be started: ${result.error.message}`, 'check that it is on the PATH');
  return result.status ?? 1;
}

const OLDEST_TO_START = '20.0';

function checkStart() {
  if (isBefore(process.versions.node, OLDEST_TO_START)) {
    stop(
      `Node ${process.versions.node} is too old to start: 20 or newer installs the Node that runs everything else`,
      'install a current Node from https://nodejs.org and try again',
    );
  }
}

/** Terraform 1.6 or newer, or OpenTofu 1.6 or newer, in that order; TERRAFORM_BINARY_NAME names another one, as it does for cdktf. */
function checkTerraform() {
  const named = process.env.TERRAFORM_BINARY_NAME;
  for (const binary of named ? [named] : ['terraform', 'tofu']) {
    const found = spawnSync(binary, ['version', '-json'], {
      encoding: 'utf8',
      env: { ...process.env, CHECKPOINT_DISABLE: '1' },
    });
    if (found.error || found.status !== 0) continue;
    const version = /"terraform_version":\s*"([^"]+)"/.exec(found.stdout)?.[1] ?? '0';
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (major < 1 || (major === 1 && minor < 6))
      stop(`${binary} ${version} is too old: 1.6 or newer is needed`, 'upgrade it and try again');
    return;
  }
  stop(
    named ? `${named} (from TERRAFORM_BINARY_NAME) does not run` : 'neither terraform nor tofu is on the PATH',
    'install Terraform (https://developer.hashicorp.com/terraform/install) or OpenTofu (https://opentofu.org/docs/intro/install), 1.6 or newer',
  );
}

/** Written when everything of this lockfile is there. */
const marker = join(root, 'node_modules', '.installed');

function installation() {
  const lock = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  return `${lock.digest('hex')} ${process.platform} ${process.arch}`;
}

function isInstalled() {
  return existsSync(marker) && readFileSync(marker, 'utf8') === installation();
}

/** @returns whether there was something to install */
function install() {
  if (isInstalled()) return false;
  say('installing dependencies and the Node to run on from the lockfile (once) …');
  // Without the packages' programs on the PATH: npm replaces them, the Node of the lockfile among them.
  const status = run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    shell: process.platform === 'win32',
    stdio: ['ignore', 2, 2],
    env: { ...process.env, [pathName(process.env)]: ownPath(root) },
  });
  if (status !== 0)
    stop(
      'npm ci failed',
      'read the lines above; this one time npm needs its registry, or a mirror that it is set up for',
    );
  writeFileSync(marker, installation());
  return true;
}

function checkSqlite(path) {
  const open = "new (require('better-sqlite3'))(':memory:').close()";
  const { status, stderr } = spawnSync(path, ['-e', open], { cwd: root, encoding: 'utf8' });
  if (status === 0) return;
  rmSync(marker);
  const cause = /^\w*Error: .*$/m.exec(stderr)?.[0] ?? stderr.trim();
  stop(
    `the SQLite binding does not load: ${cause}`,
    'better-sqlite3 comes built for Linux (glibc and musl), macOS and Windows on x64 and arm64: use one of these',
  );
}

function node() {
  try {
    const found = findNode(root);
    if (found.why !== undefined) say(`on Node ${found.version} of ${found.path}, ${found.why}`);
    return found.path;
  } catch (error) {
    if (error instanceof NoNode) stop(error.message, error.next);
    throw error;
  }
}

function newest(path) {
  const entry = statSync(path);
  if (!entry.isDirectory()) return entry.mtimeMs;
  return Math.max(0, ...readdirSync(path).map(name => newest(join(path, name))));
}

function build(path) {
  const built = join(root, 'dist', '.built');
  const sources = [
    'bridge',
    'constructs',
    'provider',
    'scripts/build.mjs',
    'scripts/package',
    'tsconfig.build.json',
    'package.json',
  ].map(path => join(root, path));
  if (existsSync(built) && statSync(built).mtimeMs > Math.max(...sources.map(newest))) return;
  say('building …');
  if (run(path, [join(root, 'scripts', 'build.mjs')], { stdio: ['ignore', 2, 2], env: withNode(path) }) !== 0)
    stop('the build failed', 'read the lines above');
}

const bin = name => join(root, 'node_modules', name);
const programs = {
  build: () => [join(root, 'scripts', 'build.mjs')],
  demo: () => [bin('tsx/dist/cli.mjs'), join(root, 'examples', 'demo', 'main.ts')],
  test: () => [bin('jest/bin/jest.js')],
  'coder-double': () => [bin('tsx/dist/cli.mjs'), join(root, 'test', 'support', 'coder-double', 'main.ts')],
  simulate: () => [bin('tsx/dist/cli.mjs'), join(root, 'test', 'simulation', 'main.ts')],
  'kill-test': () => [bin('tsx/dist/cli.mjs'), join(root, 'test', 'kill', 'main.ts')],
  smoke: () => [bin('tsx/dist/cli.mjs'), join(root, 'test', 'smoke', 'main.ts')],
};

if (!Object.hasOwn(programs, program))
  stop(`unknown program ${JSON.stringify(program)}`, `wanted one of ${Object.keys(programs).join(', ')}`);
checkStart();
if (program === 'demo' || program === 'test' || program === 'smoke') checkTerraform();
const fresh = install();
const path = node();
if (fresh) checkSqlite(path);
if (program !== 'coder-double' && program !== 'build' && program !== 'simulate') build(path);
// The programs that tests start are those that were just built: they start in a tenth of the time of their sources.
const env = program === 'test' ? { CODER_SCIM_TEST_DIST: '1', ...withNode(path) } : withNode(path);
process.exit(run(path, [...programs[program](), ...rest], { env }));
