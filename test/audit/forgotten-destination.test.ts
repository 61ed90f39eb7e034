/** A destination that is taken away while replicas change one by one, as in a rolling update. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Destination } from '../../bridge/audit/destinations/destination';
import { createAuditExporter } from '../../bridge/audit/exporter';
import { type AuditWatch, createAuditWatch } from '../../bridge/audit/watch';
import { type AuditRow, writeAudit } from '../../bridge/store/audit/audit';
import { pruneAudit, readChain } from '../../bridge/store/audit/chain';
import { keepCursors } from '../../bridge/store/audit/cursors';
import { type Database, openDatabase } from '../../bridge/store/database/database';
import { describeEachDatabase } from '../support/databases';
import { until } from '../support/until';

describeEachDatabase('a place of the audit trail that a newer replica does not have', (_open, { freshUrl }) => {
  let folder: string;
  let databases: Database[];
  const watches: AuditWatch[] = [];
  let said: string[];
  const pending = new Map<string, number>();
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (of: object, text?: string) => void said.push(`${JSON.stringify(of)} ${text ?? ''}`),
    error: () => undefined,
  } as never;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'coder-scim-forgotten-'));
    const url = await freshUrl();
    databases = [await openDatabase(url), await openDatabase(url)];
    said = [];
    pending.clear();
  });
  afterEach(async () => {
    for (const watch of watches.splice(0)) await watch.stop();
    for (const database of databases) await database.close();
    rmSync(folder, { recursive: true });
  });

  function startWatch(replica: number, ...places: string[]): AuditWatch {
    const database = databases[replica];
    if (database === undefined) throw new Error('no such replica');
    const watch = createAuditWatch({
      database,
      exports: places.map(place => ({ kind: 'file', path: join(folder, place) })),
      authorization: undefined,
      webhook: undefined,
      version: '1.0.0',
      owner: `replica-${replica}`,
      log,
      clock: () => Date.now(),
      observe: {
        sealed: () => undefined,
        exported: (place, behind) => void pending.set(`${place} of ${replica}`, behind),
      },
    });
    watches.push(watch);
    watch.start();
    return watch;
  }
  const write = async (count: number): Promise<void> => {
    const line = { at: 1, app: 'okta', actor: 'scim', action: 'group.add', result: 'done' } as const;
    await databases[0]?.transact(db => writeAudit(db, Array<AuditRow>(count).fill(line)));
  };
  const sent = (place: string): number =>
    existsSync(join(folder, place)) ? readFileSync(join(folder, place), 'utf8').split('\n').length - 1 : 0;

  it('gets nothing again from one that has it still, and keeps no line from being removed by age', async () => {
    await write(3);
    startWatch(0, 'kept', 'taken-away');
    await until('both have all', () => sent('kept') === 3 && sent('taken-away') === 3);

    startWatch(1, 'kept');
    await until('the older replica says that it was forgotten', () =>
      said.some(text => /taken-away.*not sent there any more/.test(text)),
    );
    await write(2);
    await until('what is configured has the new lines', () => sent('kept') === 5);
    expect(sent('taken-away')).toBe(3);
    expect(said).toHaveLength(1);
    // An alert looks at what is not sent.
    await until('what it is not sent any more is counted', () =>
      [...pending].some(([place, behind]) => place.includes('taken-away') && behind === 2),
    );
    let removed = 0;
    await until('all are removed by age', async () => {
      removed += (await databases[1]?.transact(db => pruneAudit(db, 2))) ?? 0;
      return removed === 5;
    });
  });

  it('counts from what it has, though it was forgotten in the middle of a delivery', async () => {
    await write(3);
    const destination: Destination = {
      name: 'taken-away',
      begins: 'oldest',
      deliver: async lines => {
        await databases[1]?.transact(db => keepCursors(db, []));
        return lines.length;
      },
    };
    const watch = startWatch(1);
    let behind: number | undefined;
    const exporter = createAuditExporter({
      database: databases[0] as Database,
      destination,
      owner: 'replica-0',
      log,
      clock: () => Date.now(),
      observe: count => (behind = count),
    });
    await until('all lines to be sealed', async () => (await readChain((databases[0] as Database).db)).head.seq === 3);
    await watch.stop();
    exporter.start();
    await until('it is forgotten', () => said.length > 0);
    await until('a look after that', () => behind !== undefined);
    await exporter.stop();
    expect(behind).toBe(0);
  });

  it('is sent to again by one that knew it, once one is started that has it', async () => {
    await write(3);
    startWatch(0, 'wanted');
    await until('it has all', () => sent('wanted') === 3);
    startWatch(1);
    await until('it is forgotten', () => said.length > 0);
    const newer = startWatch(1, 'wanted');
    await until('it has all once more', () => sent('wanted') === 6);
    await newer.stop();
    await write(1);
    await until('it has the new line', () => sent('wanted') === 7);
  });
});
