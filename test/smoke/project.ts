/** A project of somebody else, with the package in it as npm publishes it. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

export const ROOT = resolve(__dirname, '../..');
const run = promisify(execFile);

export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), 'coder-scim-consumer-'));

  /** Where a package is, or a file of it. */
  installed(name: string, ...file: string[]): string {
    return join(this.folder, 'node_modules', name, ...file);
  }

  /** The command line as npm links it. */
  get coderScim(): string {
    return this.installed('coder-scim', 'dist/bridge/main.js');
  }

  write(file: string, content: string | object): string {
    const path = join(this.folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
    return path;
  }

  copy(from: string, to: string): void {
    this.write(to, readFileSync(join(ROOT, from), 'utf8'));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The tarball of what is built. */
export async function pack(into: string): Promise<string> {
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', into], {
    cwd: ROOT,
  });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  return join(into, filename);
}

/** Without npm and its registry: unpacked, beside those packages of this repository that a user would have, and no others. */
export async function projectWith(tarball: string, packages: readonly string[]): Promise<Project> {
  const project = new Project();
  mkdirSync(project.installed('coder-scim'), { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', project.installed('coder-scim'), '--strip-components', '1']);
  for (const name of packages) {
    mkdirSync(dirname(project.installed(name)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), project.installed(name));
  }
  return project;
}

/** As npm installs it, from its registry. Nothing compiles, and no install script runs. */
export async function projectOfNpm(tarball: string, dependencies: Readonly<Record<string, string>>): Promise<Project> {
  const project = new Project();
  project.write('package.json', { private: true, dependencies: { ...dependencies, 'coder-scim': `file:${tarball}` } });
  await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: project.folder });
  return project;
}
