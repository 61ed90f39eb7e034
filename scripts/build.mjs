// Builds dist/: the package as it is published. Every program and library is one file with what it uses inside, so that a
// platform's repository gets no server, a stack carries its provider along, and a bridge needs SQLite at most.
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { bundle, PARTS, ROOT } from './package/bundle.mjs';
import { writeDeclarations } from './package/declarations.mjs';
import { commandLauncher, WINDOWS_LAUNCHER } from './package/launcher.mjs';

const dist = join(ROOT, 'dist');
rmSync(dist, { recursive: true, force: true });

await Promise.all(PARTS.map(({ file, entry, kind }) => bundle(entry, kind, join(dist, file))));
writeDeclarations(ROOT, dist);

const write = (file, text) => {
  mkdirSync(dirname(join(dist, file)), { recursive: true });
  writeFileSync(join(dist, file), text);
};
write('bridge/main.js', commandLauncher('./program.js'));
chmodSync(join(dist, 'bridge/main.js'), 0o755);
write('provider/terraform-provider-coderscim.cmd', WINDOWS_LAUNCHER);
const require = createRequire(import.meta.url);
const { CLI_CONFIG, CLI_CONFIG_FILE } = require('../dist/provider/address.js');
write(`provider/${CLI_CONFIG_FILE}`, CLI_CONFIG);
const { mappingStateJsonSchema } = require('../dist/mapping-state.js');
write('mapping-state.schema.json', `${JSON.stringify(mappingStateJsonSchema(), null, 2)}\n`);
write('.built', '');
