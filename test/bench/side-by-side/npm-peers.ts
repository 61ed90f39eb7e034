/** Peers that npm has: installed into a temporary folder when they are asked for, since nobody else needs them. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface NpmPeer {
  readonly program: string;
  /** What is installed; the version of the first is shown. */
  readonly packages: readonly [string, ...string[]];
}

const PEERS: Readonly<Record<string, NpmPeer>> = {
  SCIMMY: { program: 'scimmy.mjs', packages: ['scimmy@1', 'scimmy-routers@1', 'express@5'] },
};

export interface InstalledPeers {
  /** Folders by name and version, each with a `start.mjs` (peers.ts). */
  readonly folders: Readonly<Record<string, string>>;
  remove(): void;
}

/** @throws Error of npm when it can not install them */
export function installNpmPeers(): InstalledPeers {
  const root = mkdtempSync(join(tmpdir(), 'cscim-peers-'));
  const folders: Record<string, string> = {};
  for (const [name, { program, packages }] of Object.entries(PEERS)) {
    const folder = mkdtempSync(join(root, `${name.toLowerCase()}-`));
    execFileSync('npm', ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', ...packages], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    copyFileSync(join(__dirname, program), join(folder, 'start.mjs'));
    const [first] = packages;
    folders[`${name} ${versionOf(folder, first.replace(/@[^@]*$/, ''))}, in memory`] = folder;
  }
  return { folders, remove: () => rmSync(root, { recursive: true, force: true }) };
}

function versionOf(folder: string, name: string): string {
  const manifest = readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
