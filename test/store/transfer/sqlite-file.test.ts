/** Backup and restore of the SQLite file where the disk, the source or the rights are not as one would wish. */
import { execFile } from 'node:child_process';
import fs, {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { openDatabase } from '../../../bridge/store/database/database';
import { writeSetting } from '../../../bridge/store/database/settings';
import { backupSqlite, restoreSqlite } from '../../../bridge/store/transfer/sqlite-file';
import { coderScim } from '../../support/bridge';

const folder = mkdtempSync(join(tmpdir(), 'cscim-transfer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let number = 0;
/** A folder of its own, in which what lies beside a database can be seen. */
const freshFolder = (): string => {
  const path = join(folder, String((number += 1)));
  mkdirSync(path);
  return path;
};
const filled = async (path: string, value: string): Promise<string> => {
  const database = await openDatabase(path);
  await database.transact(db => writeSetting(db, 'value', value));
  await database.close();
  return path;
};
/** What a file says that is looked at alone. */
const settingsOf = (path: string): Map<string, string> => {
  const file = new BetterSqlite3(path, { readonly: true });
  try {
    expect(file.pragma('integrity_check', { simple: true })).toBe('ok');
    const rows = file.prepare<[], { key: string; value: string }>('select key, value from settings').all();
    return new Map(rows.map(({ key, value }) => [key, value]));
  } finally {
    file.close();
  }
};
const valueOf = (path: string): string | undefined => settingsOf(path).get('value');

/** `coder-scim` as a process that may write files of so many bytes, as on a disk that is nearly full. */
const limited = (bytes: number, environment: Record<string, string>, ...argv: string[]) =>
  new Promise<{ code: number; said: string }>(resolve => {
    const command = ['-c', `ulimit -f ${Math.floor(bytes / 512)}; exec "$@"`, 'sh', ...coderScim(), ...argv];
    const env = { PATH: process.env['PATH'] ?? '', HOME: folder, ...environment };
    execFile('sh', command, { cwd: join(__dirname, '../../..'), env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), said: `${out}${err}` }),
    );
  });

describe('a restore on a disk that is nearly full', () => {
  // The copy fits, and what is written into it does in its log, and not in the file.
  it('puts nothing in place that is not whole and marked, and leaves the database as it was', async () => {
    const path = await filled(join(freshFolder(), 'coder-scim.db'), 'of before');
    const backup = join(freshFolder(), 'backup.db');
    backupSqlite(await filled(join(freshFolder(), 'other.db'), 'of the backup'), backup);
    const { size } = statSync(backup);
    for (const [room, isEnough] of [
      [0, false],
      [8_192, false],
      [1_000_000, true],
    ] as const) {
      const restored = await limited(
        size + room,
        { CODER_SCIM_DATABASE_URL: path },
        ...['restore', backup, '--by', 'olga'.repeat(10_000)],
      );
      expect({ room, ...restored }).toMatchObject({ room, code: isEnough ? 0 : expect.any(Number) });
      expect(restored.code === 0).toBe(isEnough);
      expect(restored.said).not.toMatch(/defect|\n {4}at /);
      expect(valueOf(path)).toBe(isEnough ? 'of the backup' : 'of before');
      expect(settingsOf(path).has('recovery')).toBe(isEnough);
    }
  });
});

it('a backup that does not fit says so, and leaves nothing', async () => {
  const path = await filled(join(freshFolder(), 'coder-scim.db'), 'x'.repeat(200_000));
  const target = join(freshFolder(), 'backup.db');
  const { code, said } = await limited(200_000, { CODER_SCIM_DATABASE_URL: path }, 'backup', target);
  expect({ code, said }).toEqual({
    code: 2,
    said: expect.stringMatching(
      /^error {2}".*backup\.db" can not be written: the disk .* \(SQLITE_(IOERR|FULL).*\)\n$/,
    ),
  });
  expect(readdirSync(dirname(target))).toEqual([]);
});

describe('a source with a log beside it, as a snapshot of a volume and what a killed bridge leaves have', () => {
  it.each([
    ['', 0o755],
    [', where nobody may write', 0o555],
  ])('is restored with what its log has%s, and is not written to', async (_where, mode) => {
    const left = freshFolder();
    const [running, killed] = [join(freshFolder(), 'running.db'), join(left, 'killed.db')];
    const database = await openDatabase(await filled(running, 'in the file'));
    await database.transact(db => writeSetting(db, 'value', 'in the log'));
    for (const part of ['', '-wal']) copyFileSync(`${running}${part}`, `${killed}${part}`);
    await database.close();
    const contents = () => ['', '-wal'].map(part => readFileSync(`${killed}${part}`).toString('hex'));
    const found = contents();
    const path = join(freshFolder(), 'coder-scim.db');
    chmodSync(left, mode);
    try {
      await restoreSqlite(killed, path, 'olga', 1);
    } finally {
      chmodSync(left, 0o755);
    }
    expect(valueOf(path)).toBe('in the log');
    expect(contents()).toEqual(found);
  });

  it('is refused by its name when the two can not be read', async () => {
    const killed = await filled(join(freshFolder(), 'killed.db'), 'x');
    writeFileSync(killed, 'x'.repeat(8_192));
    writeFileSync(`${killed}-wal`, 'x'.repeat(8_192));
    const path = await filled(join(freshFolder(), 'coder-scim.db'), 'of before');
    await expect(restoreSqlite(killed, path, 'olga', 1)).rejects.toThrow(`${JSON.stringify(killed)} can not be read`);
    expect(valueOf(path)).toBe('of before');
  });
});

describe('the place of the database', () => {
  it('is never empty while a backup is put there, and the one of before is kept with its log', async () => {
    const path = await filled(join(freshFolder(), 'coder-scim.db'), 'of before');
    writeFileSync(`${path}-wal`, '');
    const backup = await filled(join(freshFolder(), 'backup.db'), 'of the backup');
    const { renameSync } = fs;
    const rename = jest.spyOn(fs, 'renameSync');
    const found: boolean[] = [];
    rename.mockImplementation((from, to) => {
      found.push(existsSync(path));
      renameSync(from, to);
      found.push(existsSync(path));
    });
    try {
      const { before = '' } = await restoreSqlite(backup, path, 'olga', 1);
      expect([found.length > 2, found.every(Boolean)]).toEqual([true, true]);
      expect(existsSync(`${before}-wal`)).toBe(true);
      expect([valueOf(before), valueOf(path)]).toEqual(['of before', 'of the backup']);
    } finally {
      rename.mockRestore();
    }
  });

  it('keeps its database when nothing can be put there, and the message says where the kept one is', async () => {
    const path = await filled(join(freshFolder(), 'coder-scim.db'), 'of before');
    const backup = await filled(join(freshFolder(), 'backup.db'), 'of the backup');
    const rename = jest.spyOn(fs, 'renameSync').mockImplementation(() => {
      throw new Error('refused');
    });
    try {
      await expect(restoreSqlite(backup, path, 'olga', 1)).rejects.toThrow(
        `refused; the database of before is "${path}.before-1970-01-01T00-00-00-001Z"`,
      );
      expect([valueOf(path), valueOf(`${path}.before-1970-01-01T00-00-00-001Z`)]).toEqual(['of before', 'of before']);
    } finally {
      rename.mockRestore();
    }
  });
});

(process.getuid?.() === 0 ? it : it.skip)(
  'what root restores belongs to whom the database or its folder belongs',
  async () => {
    const backup = await filled(join(freshFolder(), 'backup.db'), 'of the backup');
    const owners = (path: string) => [path, `${path}.lock`].map(one => [statSync(one).uid, statSync(one).gid]);
    const [there, fresh] = [
      await filled(join(freshFolder(), 'there.db'), 'of before'),
      join(freshFolder(), 'fresh.db'),
    ];
    fs.chownSync(there, 1234, 1235);
    fs.chownSync(dirname(fresh), 2345, 2346);
    await restoreSqlite(backup, there, 'olga', 1);
    await restoreSqlite(backup, fresh, 'olga', 1);
    expect(owners(there)).toEqual(Array(2).fill([1234, 1235]));
    expect(owners(fresh)).toEqual(Array(2).fill([2345, 2346]));
  },
);
