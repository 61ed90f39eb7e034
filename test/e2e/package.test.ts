import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');

/** The package as npm would publish it, installed in a project of somebody else. */
describe('the published package', () => {
  let project: string;
  beforeAll(() => {
    project = mkdtempSync(join(tmpdir(), 'coder-scim-consumer-'));
    const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
    const target = join(project, 'node_modules', 'coder-scim');
    mkdirSync(target, { recursive: true });
    execFileSync('tar', ['-xzf', join(project, filename), '-C', target, '--strip-components', '1']);
    installFromHere(project);
  });
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  test('has what it needs and nothing of the workshop', () => {
    const root = join(project, 'node_modules', 'coder-scim');
    expect(readdirSync(root).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'deploy',
      'dist',
      'docs',
      'package.json',
    ]);
    for (const file of [
      'mapping-state.schema.json',
      'provider/terraform-provider-coderscim',
      'provider/deploy-step.js',
      'bridge/main.js',
    ]) {
      expect({ file, exists: existsSync(join(root, 'dist', file)) }).toEqual({ file, exists: true });
    }
    expect(existsSync(join(root, 'dist', 'test'))).toBe(false);
  });

  test('the quick start compiles against its types and synthesizes', () => {
    writeFileSync(join(project, 'main.ts'), readFileSync(join(ROOT, 'examples/quick-start/main.ts')));
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          module: 'node20',
          target: 'es2022',
          skipLibCheck: false,
          types: ['node'],
          outDir: 'out',
        },
        files: ['main.ts'],
      }),
    );
    const compiled = spawnSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', project], {
      encoding: 'utf8',
    });
    expect(compiled.stdout).toBe('');
    execFileSync(process.execPath, [join(project, 'out', 'main.js')], { cwd: project });
    const stack = JSON.parse(readFileSync(join(project, 'cdktf.out/stacks/coder-access/cdk.tf.json'), 'utf8')) as {
      resource: object;
    };
    expect(Object.keys(stack.resource)).toEqual(['coderscim_app']);
  });

  test('the command line starts', () => {
    const ran = spawnSync(process.execPath, [join(project, 'node_modules/coder-scim/dist/bridge/main.js'), '--help'], {
      encoding: 'utf8',
      cwd: project,
    });
    expect(ran.status).toBe(0);
    expect(ran.stdout).toMatch(/serve[^]*apply[^]*token/);
  });
});

/** Links this repository's dependencies into the project: the test needs no network. */
function installFromHere(project: string): void {
  const modules = join(ROOT, 'node_modules');
  for (const name of readdirSync(modules).filter(entry => !entry.startsWith('.'))) {
    const packages = name.startsWith('@') ? readdirSync(join(modules, name)).map(part => `${name}/${part}`) : [name];
    for (const one of packages) {
      const link = join(project, 'node_modules', one);
      mkdirSync(dirname(link), { recursive: true });
      if (!existsSync(link)) symlinkSync(join(modules, one), link);
    }
  }
}
