import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bridgeEnvironment } from '../support/bridge';
import { freshPostgres } from '../support/databases';
import { findPostgres } from '../support/postgres-server';
import { pack, type Project, projectWith, ROOT } from '../smoke/project';
import { compile, serve, serveAndDeploy, synth } from '../smoke/steps';

const run = promisify(execFile);
const FRAMEWORK = ['cdktf', 'constructs', '@types/node', 'undici-types'];

let folder: string;
let tarball: string;
let project: Project | undefined;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coder-scim-packed-'));
  tarball = await pack(folder);
});
afterEach(() => project?.remove());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Variables of a bridge whose Coder nobody asks. */
function bridgeOn(databaseUrl: string): Record<string, string> {
  return bridgeEnvironment({ coderUrl: 'http://127.0.0.1:9', coderToken: 'a-token-of-coder-0123456789', databaseUrl });
}

describe('the published package', () => {
  test('has what it needs and nothing of the workshop', async () => {
    project = await projectWith(tarball, []);
    const files = readdirSync(project.installed('coder-scim'), { recursive: true }) as string[];
    expect(files.filter(name => !name.includes('/')).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'THIRD-PARTY.md',
      'deploy',
      'dist',
      'docs',
      'package.json',
    ]);
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/mapping-state.schema.json',
        'dist/provider/terraform-provider-coderscim',
        'dist/provider/deploy-step.js',
        'dist/bridge/main.js',
        'dist/bridge/program.js',
      ]),
    );
    expect(files.filter(name => /(^|\/)(test|node_modules)\/|\.ts$/.test(name) && !name.endsWith('.d.ts'))).toEqual([]);
  });

  test('brings no other package, and runs no script when it is installed', async () => {
    project = await projectWith(tarball, []);
    const manifest = JSON.parse(readFileSync(project.installed('coder-scim', 'package.json'), 'utf8')) as {
      dependencies?: object;
      optionalDependencies?: object;
      scripts: object;
      peerDependencies: object;
      peerDependenciesMeta: object;
    };
    expect(manifest.dependencies ?? {}).toEqual({});
    expect(manifest.optionalDependencies ?? {}).toEqual({});
    expect(Object.keys(manifest.scripts).filter(name => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
    const optional = Object.keys(manifest.peerDependencies).map(name => [name, { optional: true }]);
    expect(manifest.peerDependenciesMeta).toEqual(Object.fromEntries(optional));
  });

  test('what is a null_resource says what to install', async () => {
    project = await projectWith(tarball, FRAMEWORK);
    const main = `const { App, TerraformStack } = require('cdktf');
    const { IdentityProvider, ProvisioningCheck, ScimApp } = require('coder-scim');
    const app = new ScimApp(new TerraformStack(new App(), 's'), 'okta', { identityProvider: IdentityProvider.OKTA });
    new ProvisioningCheck(app, 'check');`;
    await expect(run(process.execPath, [project.write('main.js', main)])).rejects.toThrow(
      's/okta/check: is a null_resource, and @cdktf/provider-null is not installed: `npm install @cdktf/provider-null`',
    );
  });

  test('needs the framework for its constructs and SQLite for its bridge: what compiles is planned', async () => {
    project = await projectWith(tarball, [...FRAMEWORK, 'better-sqlite3']);
    await compile(project, process.execPath, join(ROOT, 'node_modules/typescript/bin/tsc'));
    await synth(project, process.execPath);
    await serveAndDeploy(project, process.execPath);
  });

  test('without SQLite it says in one line what to install', async () => {
    project = await projectWith(tarball, []);
    const refused = await serve(project, process.execPath, bridgeOn(`sqlite:${project.folder}/bridge.db`)).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(refused.trimEnd().split('\n')).toEqual([
      expect.stringContaining('SQLite is not installed: `npm install --ignore-scripts better-sqlite3@13`'),
    ]);
  });

  (findPostgres() === undefined ? test.skip : test)('on Postgres it needs nothing beside it', async () => {
    project = await projectWith(tarball, []);
    const fresh = await freshPostgres();
    try {
      const bridge = await serve(project, process.execPath, bridgeOn(fresh.url));
      // The page as well: nothing is read from files that are not there.
      for (const path of ['/healthz', '/ui'])
        expect([path, (await fetch(`${bridge.url}${path}`)).status]).toEqual([path, 200]);
      await bridge.stop();
    } finally {
      await fresh.drop();
    }
  });
});
