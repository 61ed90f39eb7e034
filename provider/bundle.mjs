// Makes one executable file of a program that runs where there is no node_modules: the Terraform provider, and what else
// a stack carries along. Beside it, <file>.NOTICE.txt has the licences of the packages inside.
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const { engines } = JSON.parse(readFileSync(join(here, '..', 'package.json'), 'utf8'));
const [major] = /\d+/.exec(engines.node) ?? [];
const WANTED = `Node.js ${engines.node.replace(/^>=\s*/, '')} or newer, as node on PATH or named by CODER_SCIM_NODE`;

// A shell script to a shell, and nothing to Node: the second line is text and a comment there. What is missing is said on
// stdout, since that is the line that Terraform shows of a plugin which does not start.
const LAUNCHER = `#!/bin/sh
":" //; command -v "\${CODER_SCIM_NODE:-node}" >/dev/null 2>&1 && exec "\${CODER_SCIM_NODE:-node}" "$0" "$@"; echo "coder-scim needs ${WANTED}, where Terraform runs; there is none"; exit 1
if (parseInt(process.versions.node, 10) < ${major}) { console.log('coder-scim needs ${WANTED}, where Terraform runs; ' + process.execPath + ' is ' + process.version); process.exit(1); }`;

/** The same for Windows, where the provider's script lies beside it. */
export const WINDOWS_LAUNCHER = `@echo off\r
where node >nul 2>nul || (echo coder-scim needs ${WANTED.replace(' or named by CODER_SCIM_NODE', '')}, where Terraform runs; there is none& exit /b 1)\r
node "%~dp0coderscim.js" %*\r
`;

/** The Terraform provider, as one file that Terraform can start. */
export function bundleProvider(outFile) {
  return bundleProgram(join(here, 'main.ts'), outFile);
}

/** Any program of this repository, as one file with the dependencies inside. */
export async function bundleProgram(entry, outFile) {
  const { metafile } = await build({
    entryPoints: [entry],
    outfile: outFile,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    minify: true,
    // Class names appear in messages.
    keepNames: true,
    legalComments: 'none',
    banner: { js: LAUNCHER },
    // Asked for by gRPC's own introspection service, which is not served.
    external: ['@grpc/proto-loader'],
    plugins: [englishOnly],
    metafile: true,
    logLevel: 'warning',
  });
  chmodSync(outFile, 0o755);
  writeFileSync(`${outFile}.NOTICE.txt`, notice(Object.keys(metafile.inputs)));
}

// zod carries its messages in fifty languages, more than a quarter of the file; ours are English.
const englishOnly = {
  name: 'english-only',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

/** Licences of the packages that files belong to. */
function notice(files) {
  const folders = new Set(files.flatMap(file => packageFolder(file) ?? []));
  return [...folders]
    .map(folder => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const texts = readdirSync(folder).filter(file => /^(licen[cs]e|notice)/i.test(file));
      const body = texts.map(file => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n');
      return { title: `${name} ${version} (${license})`, body };
    })
    .sort((a, b) => (a.title < b.title ? -1 : 1))
    .map(({ title, body }) => `${title}\n${'-'.repeat(title.length)}\n${body}\n`)
    .join('\n\n');
}

function packageFolder(file) {
  const parts = file.split(/[\\/]/);
  const at = parts.lastIndexOf('node_modules');
  if (at < 0) return undefined;
  const folder = parts.slice(0, at + (parts[at + 1].startsWith('@') ? 3 : 2)).join(sep);
  return existsSync(join(folder, 'package.json')) ? folder : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [entry, outFile] = process.argv.slice(2);
  if (entry === undefined || outFile === undefined) {
    console.error('usage: node provider/bundle.mjs ENTRY OUTFILE');
    process.exit(2);
  }
  await bundleProgram(entry, outFile);
}
