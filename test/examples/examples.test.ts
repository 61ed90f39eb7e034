import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const ROOT = resolve(__dirname, '../..');
const EXAMPLES = readdirSync(join(ROOT, 'examples')).filter(
  name => existsSync(join(ROOT, 'examples', name, 'main.ts')) && name !== 'demo',
);

/** Runs an example the way `cdktf synth` runs it, and returns the synthesized stack. */
async function synthesize(example: string): Promise<{ resource: Record<string, Record<string, object>> }> {
  const outdir = mkdtempSync(join(tmpdir(), 'coder-scim-example-'));
  try {
    await promisify(execFile)(
      process.execPath,
      [join(ROOT, 'node_modules/tsx/dist/cli.mjs'), join(ROOT, 'examples', example, 'main.ts')],
      {
        cwd: ROOT,
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'], CDKTF_OUTDIR: outdir },
      },
    );
    const [stack] = readdirSync(join(outdir, 'stacks'));
    return JSON.parse(readFileSync(join(outdir, 'stacks', stack ?? '', 'cdk.tf.json'), 'utf8')) as never;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

test.each(EXAMPLES)('the example %s synthesizes an app', async example => {
  const { resource } = await synthesize(example);
  const apps = Object.values(resource).flatMap(ofType => Object.values(ofType));
  expect(apps.length).toBeGreaterThan(0);
});

test.each(['README.md', 'docs/quick-start.md'])('%s shows the quick start as it is', document => {
  const text = readFileSync(join(ROOT, document), 'utf8');
  expect(text).toContain(readFileSync(join(ROOT, 'examples/quick-start/main.ts'), 'utf8'));
});

test('every file that the documents point at exists', () => {
  for (const document of [
    'README.md',
    'CONTRIBUTING.md',
    ...readdirSync(join(ROOT, 'docs')).flatMap(name => (name.endsWith('.md') ? [`docs/${name}`] : [])),
  ]) {
    const text = readFileSync(join(ROOT, document), 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(match => match[1] ?? '');
    const missing = links.filter(link => !existsSync(resolve(ROOT, document, '..', link)));
    expect({ document, missing }).toEqual({ document, missing: [] });
  }
});
