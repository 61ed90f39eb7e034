// Runs the demo, the tests or the Coder double from any state of a clone: checks what the machine needs, installs from
// the lockfile what is missing, builds what is stale, and then starts the program. Plain Node, no dependency: it runs first.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

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

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 11)) {
    stop(
      `Node ${process.versions.node} is too old: coder-scim needs 20.11 or newer`,
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

function install() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const marker = join(root, 'node_modules', '.installed');
  const wanted = `${lock} ${process.versions.modules}`;
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  say(
    'installing dependencies from the lockfile (once; the SQLite binding may be compiled, which takes a minute or two) …',
  );
  const status = run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    shell: process.platform === 'win32',
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0)
    stop(
      'npm ci failed',
      'read the lines above; without a prebuilt SQLite binding a C++ compiler, make and python3 are needed',
    );
  const require = createRequire(join(root, 'package.json'));
  try {
    const Database = require('better-sqlite3');
    new Database(':memory:').close();
  } catch (cause) {
    stop(
      `the SQLite binding does not load: ${cause instanceof Error ? cause.message.split('\n')[0] : cause}`,
      'run `npm rebuild better-sqlite3` and read what it says',
    );
  }
  writeFileSync(marker, wanted);
}

function newest(path) {
  const entry = statSync(path);
  if (!entry.isDirectory()) return entry.mtimeMs;
  return Math.max(0, ...readdirSync(path).map(name => newest(join(path, name))));
}

function build() {
  const built = join(root, 'dist', '.built');
  const sources = ['bridge', 'constructs', 'provider', 'scripts/build.mjs', 'tsconfig.build.json', 'package.json'].map(
    path => join(root, path),
  );
  if (existsSync(built) && statSync(built).mtimeMs > Math.max(...sources.map(newest))) return;
  say('building …');
  if (run(process.execPath, [join(root, 'scripts', 'build.mjs')], { stdio: ['ignore', 2, 2] }) !== 0)
    stop('the build failed', 'read the lines above');
}

const bin = name => join(root, 'node_modules', name);
const programs = {
  demo: () => [bin('tsx/dist/cli.mjs'), join(root, 'examples', 'demo', 'main.ts')],
  test: () => [bin('jest/bin/jest.js')],
  'coder-double': () => [bin('tsx/dist/cli.mjs'), join(root, 'test', 'support', 'coder-double', 'main.ts')],
  simulate: () => [bin('tsx/dist/cli.mjs'), join(root, 'test', 'simulation', 'main.ts')],
  'kill-test': () => [bin('tsx/dist/cli.mjs'), join(root, 'test', 'kill', 'main.ts')],
};

if (!Object.hasOwn(programs, program))
  stop(`unknown program ${JSON.stringify(program)}`, `wanted one of ${Object.keys(programs).join(', ')}`);
checkNode();
if (program === 'demo' || program === 'test') checkTerraform();
install();
if (program !== 'coder-double' && program !== 'simulate') build();
process.exit(run(process.execPath, [...programs[program](), ...rest]));
