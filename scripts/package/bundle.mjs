// Makes one file of a program or library, with the packages that it uses inside: nothing is installed beside it but what a
// user has anyway (peerDependencies).
import { chmodSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { COMMAND_HEAD, PLUGIN_HEAD } from './launcher.mjs';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { peerDependencies } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** The files of the package that are made this way, by their place in it. */
export const PARTS = [
  { file: 'constructs/index.js', entry: 'constructs/index.ts', kind: 'library' },
  { file: 'mapping-state.js', entry: 'bridge/contract/mapping-state/public.ts', kind: 'library' },
  { file: 'provider/address.js', entry: 'provider/address.ts', kind: 'library' },
  { file: 'bridge/main.js', entry: 'bridge/main.ts', kind: 'command' },
  { file: 'provider/terraform-provider-coderscim', entry: 'provider/main.ts', kind: 'plugin' },
  { file: 'provider/deploy-step.js', entry: 'provider/deploy-step.ts', kind: 'plugin' },
];

// What is read in stack traces keeps its lines; what is copied into stacks is small.
const KINDS = {
  library: {},
  command: { banner: { js: COMMAND_HEAD } },
  plugin: { banner: { js: PLUGIN_HEAD }, minify: true },
};

/**
 * @param kind `library`, `command` or `plugin`
 * @param outFile where it goes; without one nothing is written
 * @returns the files that something of is inside, from the root of the repository
 */
export async function bundle(entry, kind, outFile) {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile: outFile ?? 'unwritten.js',
    write: outFile !== undefined,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    // Class names appear in messages.
    keepNames: true,
    legalComments: 'none',
    external: [...Object.keys(peerDependencies), ...NEVER_ASKED],
    plugins: [englishOnly],
    metafile: true,
    logLevel: 'warning',
    ...KINDS[kind],
  });
  if (outFile !== undefined && kind !== 'library') chmodSync(outFile, 0o755);
  const [{ inputs }] = Object.values(metafile.outputs);
  return Object.keys(inputs).filter(file => inputs[file].bytesInOutput > 0);
}

// Wanted by gRPC's introspection service, which is not served, and by pg when somebody chooses the native driver.
const NEVER_ASKED = ['@grpc/proto-loader', 'pg-native'];

// zod carries its messages in fifty languages, more than a quarter of the file; ours are English.
const englishOnly = {
  name: 'english-only',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

// node scripts/package/bundle.mjs ENTRY OUTFILE: any program that Terraform is to start, for tests.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [entry, outFile] = process.argv.slice(2);
  if (entry === undefined || outFile === undefined) {
    console.error('usage: node scripts/package/bundle.mjs ENTRY OUTFILE');
    process.exit(2);
  }
  await bundle(entry, 'plugin', outFile);
}
