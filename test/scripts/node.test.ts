/** Which Node the repository's programs run on, as a person at a terminal meets it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'coder-scim-node-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that says that it is this Node, and nothing else. */
function fakeNode(version: string): string {
  const path = join(folder, 'node');
  writeFileSync(path, `#!/bin/sh\necho ${version}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** `npm run coder-double`, with this Node asked for. */
function start(node: string) {
  return spawnSync(process.execPath, [join(ROOT, 'scripts/run.mjs'), 'coder-double', '--help'], {
    env: { ...process.env, CODER_SCIM_TEST_NODE: node },
    encoding: 'utf8',
  });
}

test('tests, and what they start by the name of node, run on the Node of the lockfile, unless another one is asked for', () => {
  const started = execFileSync('node', ['--print', 'process.version'], { encoding: 'utf8' }).trim();
  expect(started).toBe(process.version);
  if (process.env['CODER_SCIM_TEST_NODE'] !== undefined) return;
  const { optionalDependencies } = read('scripts/node/package.json');
  expect(new Set(Object.values(optionalDependencies))).toEqual(new Set([process.versions.node]));
});

test('another Node is taken when it is asked for, and said', () => {
  const { stderr, stdout } = start(fakeNode('v99.1.2'));
  expect(stderr).toContain(`on Node 99.1.2 of ${join(folder, 'node')}, from CODER_SCIM_TEST_NODE`);
  // What the fake says to everything: it was what ran.
  expect(stdout).toBe('v99.1.2\n');
});

test.each([
  ['v20.20.2', /Node 20\.20\.2 \(.*\) is too old: 22\.12 or newer is needed\n +→ put a newer Node first on the PATH/],
  ['v22.11.0', /Node 22\.11\.0 \(.*\) is too old/],
  ['nonsense', /is no Node that runs\n +→ name the path of another one/],
])('a Node that says %s is refused with the next step', (version, message) => {
  const { status, stderr } = start(fakeNode(version));
  expect([status, stderr]).toEqual([1, expect.stringMatching(message)]);
});

test('the published package brings no Node to its users', () => {
  const { dependencies, optionalDependencies = {}, peerDependencies, engines } = read('package.json');
  const asked = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
  expect(asked.filter(name => name.startsWith('node-') || name === 'coder-scim-node')).toEqual([]);
  expect(engines).toEqual({ node: '>=22.12' });
});

function read(file: string) {
  return JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as Record<
    'dependencies' | 'optionalDependencies' | 'peerDependencies' | 'engines',
    Record<string, string>
  >;
}
