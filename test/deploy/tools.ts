/** Programs of others that check what is in deploy/: run where they are installed, named where they are not. */
import { spawnSync } from 'node:child_process';

export function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

/** `it` where the program is on the PATH; else the test is skipped, and its name says how to get the program. */
export function itWith(program: string, install: string) {
  if (isInstalled(program)) return it;
  return (name: string, test: jest.ProvidesCallback) =>
    it.skip(`${name} (${program} is not installed: ${install})`, test);
}

/** What the program says, and how it ends. */
export function run(program: string, args: readonly string[], input?: string): { code: number | null; said: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    // Before the test itself ends: then it is said which program hung.
    timeout: 280_000,
    ...(input === undefined ? {} : { input }),
  });
  if (error !== undefined) throw error;
  return { code: status, said: `${stdout}${stderr}` };
}
