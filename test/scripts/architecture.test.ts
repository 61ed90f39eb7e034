import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ARCHITECTURE_FILE, renderArchitecture } from '../../scripts/architecture';
import { cruise, readRules } from '../../scripts/architecture/imports';
import { roomsOf } from '../../scripts/architecture/rooms';

/** The rules that these files break, as "file → file: rule". */
function brokenBy(files: Readonly<Record<string, string>>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'coder-scim-rooms-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const folders = [...new Set(Object.keys(files).map(name => name.split('/')[0] ?? ''))];
    return cruise(folders, folder)
      .violations.map(({ from, to, rule }) => `${from} → ${to}: ${rule}`)
      .sort();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('architecture', () => {
  it('is drawn as it is: `npm run architecture` draws it anew', () => {
    const page = readFileSync(ARCHITECTURE_FILE, 'utf8');
    expect(page).toBe(renderArchitecture(page));
  });

  it('names files that there are', () => {
    const page = readFileSync(ARCHITECTURE_FILE, 'utf8');
    const named = [...page.matchAll(/`((?:bridge|constructs|provider)\/[^`]*)`/g)].map(([, path = '']) => path);
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter(path => !existsSync(join(dirname(ARCHITECTURE_FILE), '..', path)))).toEqual([]);
  });

  it('has floors: no room may import one that may import it', () => {
    const rooms = roomsOf(readRules(), []);
    const floors = new Map(rooms.map(({ name, floor }) => [name, floor]));
    for (const { name, mayImport, floor } of rooms) {
      for (const other of mayImport)
        expect([name, other, (floors.get(other) ?? Infinity) < floor]).toEqual([name, other, true]);
    }
  });

  it('refuses an import that goes upward or aside, one of types too', () => {
    const file = 'export interface Thing { readonly id: string }\nexport const thing = 1;\n';
    const broken = brokenBy({
      'bridge/coder/users.ts': file,
      'bridge/reconcile/reconciler.ts': file,
      'bridge/main.ts': file,
      'test/support/thing.ts': file,
      'bridge/scim/resources/users.ts': "import { type Thing } from '../../coder/users';\nexport type T = Thing;\n",
      'bridge/store/apps/apps.ts': "export { thing } from '../../reconcile/reconciler';\n",
      'bridge/reconcile/decide/plan.ts':
        "import { type Thing } from '../../coder/users';\nimport { thing } from '../../coder/users';\nexport const t: Thing = { id: String(thing) };\n",
      'bridge/contract/directory.ts': "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\n",
      'bridge/admin/router.ts': "export { thing } from '../../test/support/thing';\n",
      'bridge/commands/serve.ts': "export { thing } from '../main';\n",
      'bridge/novelty/novelty.ts': "export { thing } from '../coder/users';\n",
    });
    expect(broken).toEqual([
      'bridge/admin/router.ts → test/support/thing.ts: bridge/admin',
      'bridge/commands/serve.ts → bridge/main.ts: bridge/commands',
      'bridge/contract/directory.ts → fs: bridge/contract',
      'bridge/novelty/novelty.ts → bridge/coder/users.ts: every file has a room',
      'bridge/reconcile/decide/plan.ts → bridge/coder/users.ts: bridge/reconcile/decide: types only of bridge/coder',
      'bridge/scim/resources/users.ts → bridge/coder/users.ts: bridge/scim',
      'bridge/store/apps/apps.ts → bridge/reconcile/reconciler.ts: bridge/store',
    ]);
  });

  it('refuses a circle of types', () => {
    const broken = brokenBy({
      'bridge/coder/one.ts': "import { type Two } from './two';\nexport interface One { readonly two: Two }\n",
      'bridge/coder/two.ts': "import { type One } from './one';\nexport interface Two { readonly one: One }\n",
    });
    expect(broken).toEqual(['bridge/coder/one.ts → bridge/coder/two.ts: no circle']);
  });
});
