// A script as an executable with Node inside (a "single executable application" of Node), for the platform that this runs on.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postject from 'postject';

/** Marks where Node looks for the script; set by Node, the same in all versions. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** @param script one CommonJS file with everything inside */
export async function buildExecutable(script, file) {
  const folder = mkdtempSync(join(tmpdir(), 'coder-scim-executable-'));
  try {
    const blob = join(folder, 'blob');
    const config = join(folder, 'sea.json');
    writeFileSync(
      config,
      JSON.stringify({ main: script, output: blob, useCodeCache: true, disableExperimentalSEAWarning: true }),
    );
    execFileSync(process.execPath, ['--experimental-sea-config', config], { stdio: ['ignore', 'ignore', 'inherit'] });
    copyFileSync(process.execPath, file);
    if (process.platform === 'darwin') execFileSync('codesign', ['--remove-signature', file]);
    await postject.inject(file, 'NODE_SEA_BLOB', readFileSync(blob), {
      sentinelFuse: FUSE,
      ...(process.platform === 'darwin' ? { machoSegmentName: 'NODE_SEA' } : {}),
    });
    if (process.platform === 'darwin') execFileSync('codesign', ['--sign', '-', file]);
    chmodSync(file, 0o755);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
