/**
 * A database that an earlier version wrote is brought up to date, and nothing of it is lost. Each release adds the one that it writes to
 * `test/fixtures/databases`, as SQL.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { listApps } from '../../bridge/store/apps/apps';
import { queryAudit } from '../../bridge/store/audit/audit';
import { sealAudit } from '../../bridge/store/audit/chain';
import { verifyChain } from '../../bridge/store/audit/verify-chain';
import { type Database, openDatabase } from '../../bridge/store/database/database';
import { schemaVersion } from '../../bridge/store/database/migrations';
import { countDirectory } from '../../bridge/store/directory';
import { findPeople } from '../../bridge/store/accounts/people';
import { freshSqlite } from '../support/databases';

const FOLDER = join(__dirname, '..', 'fixtures', 'databases');
const versions = readdirSync(FOLDER).filter(file => file.endsWith('.sql'));

it('there are databases of earlier versions', () => expect(versions).toContain('schema-8.sql'));

describe.each(versions)('%s', file => {
  const fresh = freshSqlite();
  let database: Database;
  let lines: number;

  beforeAll(async () => {
    const old = new BetterSqlite3(fresh.url.slice('sqlite:'.length));
    old.exec(readFileSync(join(FOLDER, file), 'utf8'));
    lines = (old.prepare('select count(*) as n from audit').get() as { n: number }).n;
    old.close();
    database = await openDatabase(fresh.url);
  });
  afterAll(async () => {
    await database.close();
    await fresh.drop();
  });

  it('has the tables of today', async () => {
    const today = await openDatabase(':memory:');
    expect(await schemaVersion(database.db)).toBe(await schemaVersion(today.db));
    await today.close();
  });

  it('has the app, the people and who they are in Coder', async () => {
    expect((await listApps(database.db)).map(({ name, generation }) => [name, generation])).toEqual([['acme', 1]]);
    expect(await countDirectory(database.db, 'acme')).toEqual({ users: 2, activeUsers: 1, groups: 1 });
    expect(await findPeople(database.db, 'alice@example.com')).toMatchObject([
      { app: 'acme', externalId: 'ext-alice@example.com', coderUsername: 'alice', how: 'created' },
    ]);
  });

  it('has its whole audit trail, which becomes a chain', async () => {
    expect(lines).toBeGreaterThan(0);
    expect(await queryAudit(database.db, { limit: 1_000 })).toHaveLength(lines);
    while ((await sealAudit(database)).length > 0);
    expect(await verifyChain(database.db)).toMatchObject({ whole: true, checked: lines, unsealed: 0 });
  });
});
