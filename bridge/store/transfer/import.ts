/** Fills an empty database with what another one exported: all of it, or nothing. */
import { ExpressionWrapper, PrimitiveValueListNode, sql, ValuesNode } from 'kysely';
import { DatabaseError, FileRefused } from '../database/backend';
import { type Database, type Db } from '../database/database';
import { schemaVersion } from '../database/migrations';
import { noteImported } from '../recovery/position';
import { EXPORT_FORMAT, type ExportHeader } from './export';
import { CARRIED, type Row, TABLE_NAMES, type TableName } from './tables';

// Bounded by the parameters of one statement on either backend.
const ROWS_AT_ONCE = 500;

/** @throws DatabaseError when the database is not empty. @throws FileRefused when the text is of another version or not whole */
export async function importDatabase(database: Database, lines: AsyncIterable<string>): Promise<number> {
  return database.db.transaction().execute(async db => {
    await refuseFilled(db);
    const reader = lines[Symbol.asyncIterator]();
    await checkHeader(db, (await reader.next()).value as string | undefined);
    // What an empty database had of its own makes place.
    await db.deleteFrom('settings').execute();
    let rows = 0;
    let batch: Row[] = [];
    let table: TableName | undefined;
    const flush = async () => {
      if (table !== undefined && batch.length > 0)
        await sql`insert into ${sql.table(table)} ${valuesOf(batch)}`.execute(db).catch(refuseRows(table));
      rows += batch.length;
      batch = [];
    };
    for (let next = await reader.next(); next.done !== true; next = await reader.next()) {
      const line = readLine(next.value);
      if ('rows' in line) {
        await flush();
        if (line.rows !== rows)
          throw new FileRefused(`the export says that it has ${line.rows} rows, got ${rows}: it is not whole`);
        await goOnCounting(db, database.backend === 'postgres');
        await noteImported(db);
        return rows;
      }
      const [name, row] = line;
      if (name !== table || batch.length === ROWS_AT_ONCE) await flush();
      table = name;
      batch.push(row);
    }
    throw new FileRefused(`the export ends after ${rows + batch.length} rows without its last line: it is not whole`);
  });
}

async function refuseFilled(db: Db): Promise<void> {
  for (const table of ['apps', 'users', 'audit'] as const) {
    const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(db);
    if (rows.length > 0)
      throw new DatabaseError(
        `the database is not empty (${table}): an import wants a new one, so that nothing is mixed`,
      );
  }
}

async function checkHeader(db: Db, text: string | undefined): Promise<void> {
  const header = parse(text ?? '') as Partial<ExportHeader> | undefined;
  if (header?.coderScimExport !== EXPORT_FORMAT)
    throw new FileRefused('this is no export of coder-scim: wanted what `coder-scim export` wrote');
  const schema = await schemaVersion(db);
  if (header.schema !== schema)
    throw new FileRefused(
      `the export is of schema version ${header.schema}, this coder-scim has ${schema}: export with this version as well (a bridge that starts brings its database up to date)`,
    );
}

function readLine(text: string): readonly [TableName, Row] | { readonly rows: number } {
  const line = parse(text);
  if (Array.isArray(line) && line.length === 2 && TABLE_NAMES.includes(line[0] as TableName))
    return line as [TableName, Row];
  if (typeof line === 'object' && line !== null && typeof (line as { rows?: unknown }).rows === 'number')
    return line as { rows: number };
  throw new FileRefused(`the export has a line that is no row of a table: ${JSON.stringify(text.slice(0, 80))}`);
}

// What SQLite and Postgres say of values: a constraint, a type, a column. Whatever else they say is not about the file.
const ABOUT_VALUES = /^(?:SQLITE_(?:CONSTRAINT|MISMATCH|RANGE|TOOBIG|ERROR)|(?:22|23|42)[0-9A-Z]{3}$)/;

const refuseRows =
  (table: TableName) =>
  (cause: unknown): never => {
    const { code, message } = cause as { code?: unknown; message?: unknown };
    if (typeof code !== 'string' || !ABOUT_VALUES.test(code)) throw cause;
    throw new FileRefused(`the export has rows that ${JSON.stringify(table)} does not take: ${String(message)}`, {
      cause,
    });
  };

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function valuesOf(batch: readonly Row[]) {
  const columns = Object.keys(batch[0] ?? {});
  const rows = batch.map(row => PrimitiveValueListNode.create(columns.map(column => row[column] ?? null)));
  return sql`(${sql.join(columns.map(column => sql.ref(column)))}) ${new ExpressionWrapper(ValuesNode.create(rows))}`;
}

/** What Postgres counts by itself goes on behind what came in; SQLite does so by itself. */
async function goOnCounting(db: Db, postgres: boolean): Promise<void> {
  if (!postgres) return;
  for (const table of TABLE_NAMES.filter(name => CARRIED[name].counted === true))
    await sql`select setval(pg_get_serial_sequence(${table}, 'id'), greatest((select coalesce(max(id), 0) from ${sql.table(table)}), 1))`.execute(
      db,
    );
}
