// Builds dist/: the package as it is published. tsc for constructs and bridge; the provider also as one file, because
// Terraform starts it from a folder that has no node_modules.
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleProgram, bundleProvider, WINDOWS_LAUNCHER } from '../provider/bundle.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
rmSync(dist, { recursive: true, force: true });

const tsc = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);
chmodSync(join(dist, 'bridge', 'main.js'), 0o755);

await bundleProgram(join(root, 'provider', 'deploy-step.ts'), join(dist, 'provider', 'deploy-step.js'));
await bundleProvider(join(dist, 'provider', 'terraform-provider-coderscim'));
writeFileSync(join(dist, 'provider', 'terraform-provider-coderscim.cmd'), WINDOWS_LAUNCHER);

const require = createRequire(import.meta.url);
const { CLI_CONFIG, CLI_CONFIG_FILE } = require('../dist/provider/address.js');
writeFileSync(join(dist, 'provider', CLI_CONFIG_FILE), CLI_CONFIG);
const { mappingStateJsonSchema } = require('../dist/bridge/contract/mapping-state/index.js');
writeFileSync(join(dist, 'mapping-state.schema.json'), `${JSON.stringify(mappingStateJsonSchema(), null, 2)}\n`);
writeFileSync(join(dist, '.built'), '');
