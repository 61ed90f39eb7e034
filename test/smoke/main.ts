/**
 * The packed package as users have it: installed by npm from its registry, on each supported Node, framework and compiler.
 * `npm run smoke` compiles, synthesizes, serves, applies, asks for the status and deploys with all of them.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pack, type Project, projectOfNpm } from './project';
import { compile, serveAndDeploy, synth } from './steps';

const run = promisify(execFile);
const PLATFORM = `${process.platform}-${process.arch}`;

/** What is tried: `NAME VERSION`, and where it is. */
interface Tool {
  readonly name: string;
  readonly path: string;
}

class Toolchain {
  private constructor(private readonly folder: string) {}

  /** As pinned beside this file. */
  static async install(into: string): Promise<Toolchain> {
    const folder = join(into, 'toolchain');
    mkdirSync(folder);
    for (const file of ['package.json', 'package-lock.json', '.npmrc'])
      copyFileSync(join(__dirname, 'toolchain', file), join(folder, file));
    await run('npm', ['ci', '--loglevel=error'], { cwd: folder });
    return new Toolchain(folder);
  }

  /** The Node that runs this, and the others that come for this platform. */
  get nodes(): readonly Tool[] {
    const others = ['24', '26'].flatMap(major => {
      const path = join(this.folder, 'node_modules', `node-${major}-${PLATFORM}`, 'bin/node');
      return existsSync(path) ? [{ name: `node ${this.version(`node-${major}-${PLATFORM}`)}`, path }] : [];
    });
    if (others.length < 2) console.log(`-   no Node 24 or 26 comes for ${PLATFORM}: not tried`);
    return [{ name: `node ${process.versions.node}`, path: process.execPath }, ...others];
  }

  get compilers(): readonly Tool[] {
    const folders = readdirSync(join(this.folder, 'node_modules')).filter(name => name.startsWith('typescript-'));
    return folders.sort().map(folder => ({
      name: `typescript ${this.version(folder)}`,
      path: join(this.folder, 'node_modules', folder, 'bin/tsc'),
    }));
  }

  version(folder: string): string {
    const manifest = readFileSync(join(this.folder, 'node_modules', folder, 'package.json'), 'utf8');
    return (JSON.parse(manifest) as { version: string }).version;
  }

  /** Exact versions, for a project. */
  pinned(...packages: readonly string[]): Record<string, string> {
    return Object.fromEntries(packages.map(name => [name, this.version(name)]));
  }
}

let failures = 0;

/** Tries one thing and says how that went. */
async function attempt(what: string, action: () => Promise<void>): Promise<void> {
  const begun = performance.now();
  try {
    await action();
    console.log(`ok  ${what} (${((performance.now() - begun) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failures += 1;
    console.log(`✗   ${what}\n${error instanceof Error ? error.message : String(error)}`);
  }
}

async function tryAll(project: Project, framework: string, toolchain: Toolchain): Promise<void> {
  for (const { name, path } of toolchain.compilers)
    await attempt(`${framework}, ${name}: compile`, () => compile(project, process.execPath, path));
  for (const { name, path } of toolchain.nodes) {
    await attempt(`${framework}, ${name}: synth, serve, apply, status, deploy`, async () => {
      await synth(project, path);
      await serveAndDeploy(project, path);
    });
  }
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'coder-scim-smoke-'));
  try {
    const tarball = await pack(folder);
    const toolchain = await Toolchain.install(folder);
    const beside = toolchain.pinned('constructs', 'better-sqlite3', '@types/node');
    const cdktf = toolchain.version('cdktf');
    const cdktn = toolchain.version('cdktn');
    const frameworks = { [`cdktf ${cdktf}`]: cdktf, [`cdktn ${cdktn} as cdktf`]: `npm:cdktn@${cdktn}` };
    for (const [framework, version] of Object.entries(frameworks)) {
      await attempt(`${framework}: everything`, async () => {
        const project = await projectOfNpm(tarball, { ...beside, cdktf: version });
        await tryAll(project, framework, toolchain).finally(() => project.remove());
      });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(failures === 0 ? 'everything works' : `${failures} failed`);
  process.exitCode = failures === 0 ? 0 : 1;
}

void main();
