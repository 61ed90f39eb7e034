/** What dependency-cruiser says of this repository: the rules, the files, and who imports whom. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');

/** A rule of `.dependency-cruiser.cjs` as this script reads it. */
export interface Rule {
  readonly name: string;
  readonly comment?: string | undefined;
  readonly from: { readonly path?: string | undefined };
  readonly to: { readonly pathNot?: readonly string[] | undefined };
}

export interface Import {
  readonly from: string;
  readonly to: string;
}

/** The rules of the repository. */
export function readRules(): readonly Rule[] {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- the rule file is what dependency-cruiser reads itself
  const { forbidden } = require(join(ROOT, '.dependency-cruiser.cjs')) as { readonly forbidden: readonly Rule[] };
  return forbidden;
}

interface Answer {
  readonly modules: readonly {
    readonly source: string;
    readonly dependencies: readonly { readonly resolved: string }[];
  }[];
  readonly summary: {
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { readonly name: string };
    }[];
  };
}

/**
 * Every import of these folders, those of types included, and what breaks a rule.
 * @param folder where the folders are
 */
export function cruise(
  folders: readonly string[],
  folder = ROOT,
): { readonly imports: readonly Import[]; readonly violations: readonly (Import & { readonly rule: string })[] } {
  const program = join(ROOT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
  const config = join(ROOT, '.dependency-cruiser.cjs');
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [program, '--config', config, '--output-type', 'json', ...folders],
    { cwd: folder, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 },
  );
  // A violation is a status of its own, and an answer all the same.
  if (stdout === '') throw new Error(`dependency-cruiser gave no answer: ${stderr}`);
  const { modules, summary } = JSON.parse(stdout) as Answer;
  return {
    imports: modules.flatMap(({ source, dependencies }) =>
      dependencies.map(({ resolved }) => ({ from: source, to: resolved })),
    ),
    violations: summary.violations.map(({ from, to, rule }) => ({ from, to, rule: rule.name })),
  };
}
