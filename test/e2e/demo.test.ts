import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');

test('the demo runs to its end and everybody is in Coder as declared', () => {
  const demo = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/tsx/dist/cli.mjs'), join(ROOT, 'examples/demo/main.ts')],
    {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    },
  );
  expect({ status: demo.status, output: demo.stdout + demo.stderr }).toMatchObject({
    status: 0,
    output: expect.stringMatching(/all 10 people are in Coder as declared/) as string,
  });
});
