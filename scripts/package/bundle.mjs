// Makes one file of a program or library, with the packages that it uses inside: nothing is installed beside it but what a
// user has anyway (peerDependencies).
import { chmodSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { PLUGIN_HEAD } from './launcher.mjs';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { peerDependencies } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** The files of the package that are made this way, by their place in it. */
export const PARTS = [
  { file: 'constructs/index.js', entry: 'constructs/index.ts', kind: 'library' },
  { file: 'mapping-state.js', entry: 'bridge/contract/mapping-state/public.ts', kind: 'library' },
  { file: 'provider/address.js', entry: 'provider/address.ts', kind: 'library' },
  { file: 'bridge/program.js', entry: 'bridge/main.ts', kind: 'program' },
  { file: 'provider/terraform-provider-coderscim', entry: 'provider/main.ts', kind: 'plugin' },
  { file: 'provider/deploy-step.js', entry: 'provider/deploy-step.ts', kind: 'plugin' },
];

// The text of a program is in memory for as long as it runs, and that of a library is read at each synth: comments and spaces go, and what
// is read in stack traces keeps its names, and short lines. What is copied into stacks is small.
const READABLE = { minifyWhitespace: true, minifySyntax: true, lineLimit: 160 };
const KINDS = {
  library: READABLE,
  program: READABLE,
  plugin: { banner: { js: PLUGIN_HEAD }, minify: true },
};

/**
 * @param kind `library`, `program` or `plugin`
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
    // Class names appear in messages. Where names are not shortened they stay by themselves, and cost memory and time at the start.
    keepNames: kind === 'plugin',
    legalComments: 'none',
    external: [...Object.keys(peerDependencies), ...NEVER_ASKED],
    plugins: [
      englishOnly,
      partsOfUndici,
      serverOfGrpc,
      encodingsOfJson,
      servedTypes,
      ...(kind === 'plugin' ? [schemaAsData] : []),
    ],
    metafile: true,
    logLevel: 'warning',
    ...KINDS[kind],
  });
  if (outFile !== undefined) checkText(outFile);
  if (outFile !== undefined && kind === 'plugin') chmodSync(outFile, 0o755);
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

// undici as a whole is loaded with caches, mocks and sockets that nobody asks for: a third of a bridge's start, and seven megabytes of
// its memory. A name that is missing here is an error of the build.
const UNDICI = {
  Agent: "export { default as Agent } from './lib/dispatcher/agent.js';",
  Pool: "export { default as Pool } from './lib/dispatcher/pool.js';",
  EnvHttpProxyAgent: "export { default as EnvHttpProxyAgent } from './lib/dispatcher/env-http-proxy-agent.js';",
  fetch: "export { fetch } from './lib/web/fetch/index.js';",
};
const partsOfUndici = {
  name: 'parts-of-undici',
  setup({ initialOptions, onLoad }) {
    // The programs differ in what they ask for.
    const names = initialOptions.entryPoints[0].includes('bridge') ? ['Agent', 'Pool'] : ['EnvHttpProxyAgent', 'fetch'];
    onLoad({ filter: /[\\/]undici[\\/]index\.js$/ }, () => ({
      contents: [
        "import Dispatcher from './lib/dispatcher/dispatcher.js';",
        "import api from './lib/api/index.js';",
        ...names.map(name => UNDICI[name]),
        'Object.assign(Dispatcher.prototype, api);',
      ].join('\n'),
    }));
    // HTTP/2 is used where `allowH2` says so, which nobody does; Node's module for it is another two megabytes.
    onLoad({ filter: /[\\/]undici[\\/]lib[\\/]dispatcher[\\/]client-h2\.js$/ }, () => ({
      contents: 'module.exports = undefined;',
    }));
  },
};

// A body is JSON or a form, in UTF: the tables of every other encoding are half a megabyte. Another charset is refused as unknown.
const encodingsOfJson = {
  name: 'encodings-of-json',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]iconv-lite[\\/]encodings[\\/](dbcs-data|sbcs-data-generated)\.js$/ }, () => ({
      contents: '',
    }));
  },
};

// Every type there is, with its extensions, is read and indexed at the start: those that are served or read here, and those that have a charset.
const servedTypes = {
  name: 'served-types',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]mime-db[\\/]db\.json$/ }, ({ path }) => {
      const types = Object.entries(JSON.parse(readFileSync(path, 'utf8')));
      return {
        contents: JSON.stringify(
          Object.fromEntries(types.filter(([name, { charset }]) => charset !== undefined || SERVED.test(name))),
        ),
        loader: 'json',
      };
    });
  },
};
const SERVED =
  /^(text\/(html|plain|css|javascript|csv)|application\/(json|scim\+json|octet-stream|x-www-form-urlencoded)|image\/(svg\+xml|png|x-icon)|font\/woff2)$/;

// A plugin serves and calls nobody: channels, load balancers and the making of clients are a third of its start.
const serverOfGrpc = {
  name: 'server-of-grpc',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]@grpc[\\/]grpc-js[\\/]build[\\/]src[\\/]index\.js$/ }, () => ({
      contents: [
        "import * as ip from './resolver-ip.js';",
        "import * as uds from './resolver-uds.js';",
        "export { Server } from './server.js';",
        "export { ServerCredentials } from './server-credentials.js';",
        "export { Status as status } from './constants.js';",
        'ip.setup();',
        'uds.setup();',
      ].join('\n'),
    }));
    // Wanted by the introspection service, which is not served.
    onLoad({ filter: /[\\/]@grpc[\\/]grpc-js[\\/]build[\\/]src[\\/]make-client\.js$/ }, () => ({ contents: '' }));
  },
};

// The attributes of a resource come from the JSON Schema of a mapping state, at each of a plan's three starts; to make it takes a tenth of one.
const schemaAsData = {
  name: 'schema-as-data',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]mapping-state[\\/]json-schema\.ts$/ }, async ({ path }) => {
      const { outputFiles } = await build({
        entryPoints: [path],
        write: false,
        bundle: true,
        platform: 'node',
        format: 'cjs',
      });
      const made = { exports: {} };
      new Function('module', 'require', outputFiles[0].text)(made, createRequire(path));
      const schema = JSON.stringify(made.exports.mappingStateJsonSchema());
      return { contents: `export const mappingStateJsonSchema = () => JSON.parse(${JSON.stringify(schema)});` };
    });
  },
};

/**
 * V8 keeps a text in two bytes a letter as soon as one letter needs them. And a class that names itself is renamed where names are not
 * kept, which for an error would be another `type` in the log.
 * @throws Error naming the place
 */
function checkText(file) {
  const text = readFileSync(file, 'utf8');
  const wide = /[^\0-\xff]/.exec(text);
  if (wide !== null) {
    const place = JSON.stringify(text.slice(Math.max(0, wide.index - 60), wide.index + 20));
    throw new Error(
      `${file} has ${wide[0]} in ${place}, which doubles its size in memory: write it as \\u and its number`,
    );
  }
  const renamed = /class _(\w*Error) /.exec(text)?.[1];
  if (renamed !== undefined)
    throw new Error(
      `${renamed} names itself inside, and is called _${renamed} in ${file}: let a function beside it do that`,
    );
}

// node scripts/package/bundle.mjs ENTRY OUTFILE: any program that Terraform is to start, for tests.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [entry, outFile] = process.argv.slice(2);
  if (entry === undefined || outFile === undefined) {
    console.error('usage: node scripts/package/bundle.mjs ENTRY OUTFILE');
    process.exit(2);
  }
  await bundle(entry, 'plugin', outFile);
}
