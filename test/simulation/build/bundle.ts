/**
 * Makes one program of the simulation and the product's sources, with the edges of the machine replaced: database driver,
 * HTTP client and server, metrics. A mutant is the same program with one line of the product broken.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { type Mutant } from './mutants';

export const ROOT = resolve(__dirname, '..', '..', '..');
const HERE = join(ROOT, 'test', 'simulation');

/** What stands in for what; `from` narrows it to importers below a folder. */
const PACKAGES: Readonly<Record<string, string>> = {
  undici: 'process/coder-pool.ts',
};
const FILES: readonly { readonly file: RegExp; readonly by: string; readonly importer?: RegExp }[] = [
  { file: /^bridge\/http\/server\.ts$/, by: 'process/listen.ts' },
  { file: /^bridge\/http\/metrics\.ts$/, by: 'process/metrics.ts' },
  { file: /^bridge\/store\/database\/sqlite-engine\.ts$/, by: 'process/sqlite.ts' },
  { file: /^bridge\/audit\/keeper\.ts$/, by: 'process/audit-keeper.ts' },
  {
    file: /^bridge\/store\/database\/database\.ts$/,
    by: 'process/database.ts',
    importer: /^bridge\/process\//,
  },
];

function located(path: string): string | undefined {
  return [path, `${path}.ts`, join(path, 'index.ts')].find(
    candidate => existsSync(candidate) && candidate.endsWith('.ts'),
  );
}

function standIns(used: Set<string>): Plugin {
  return {
    name: 'stand-ins',
    setup(context) {
      context.onResolve({ filter: /^undici$/ }, ({ path, importer }) => {
        if (!relative(ROOT, importer).startsWith('bridge')) return undefined;
        used.add(path);
        const by = PACKAGES[path];
        return by === undefined ? undefined : { path: join(HERE, by) };
      });
      context.onResolve({ filter: /^\./ }, ({ path, importer, resolveDir }) => {
        const from = relative(ROOT, importer);
        if (from.startsWith('test/simulation')) return undefined;
        const target = located(resolve(resolveDir, path));
        if (target === undefined) return undefined;
        const name = relative(ROOT, target);
        const found = FILES.find(one => one.file.test(name) && (one.importer?.test(from) ?? true));
        if (found === undefined) return undefined;
        used.add(found.by);
        return { path: join(HERE, found.by) };
      });
    },
  };
}

function broken(mutant: Mutant, applied: Set<string>): Plugin {
  return {
    name: 'mutant',
    setup(context) {
      context.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const name = relative(ROOT, path);
        const edits = mutant.edits.filter(edit => edit.file === name);
        if (edits.length === 0) return undefined;
        let contents = readFileSync(path, 'utf8');
        for (const { find, put } of edits) {
          if (!contents.includes(find))
            throw new Error(
              `mutant ${mutant.name}: ${name} has no ${JSON.stringify(find)} any more; write the mutant anew`,
            );
          contents = contents.replace(find, () => put);
          applied.add(name);
        }
        return { contents, loader: 'ts' };
      });
    },
  };
}

/**
 * @returns the file of the program
 * @throws when something that has to be replaced is not there any more, or a mutant does not fit
 */
export async function bundle(mutant?: Mutant): Promise<string> {
  const folder = join(tmpdir(), `coder-scim-simulation-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `${mutant?.name ?? 'product'}.cjs`);
  const used = new Set<string>();
  const applied = new Set<string>();
  await build({
    entryPoints: [join(HERE, 'worker.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'error',
    plugins: [standIns(used), ...(mutant === undefined ? [] : [broken(mutant, applied)])],
  });
  const missing = [...Object.keys(PACKAGES), ...FILES.map(({ by }) => by)].filter(one => !used.has(one));
  if (missing.length > 0)
    throw new Error(
      `the product does not import what ${missing.join(', ')} stands in for: say in test/simulation/build/bundle.ts where it went`,
    );
  for (const { file } of mutant?.edits ?? [])
    if (!applied.has(file))
      throw new Error(`mutant ${mutant?.name ?? ''}: ${file} is not part of the program any more`);
  return outfile;
}
