/** A database as JSON lines: first what it is, then each row under the name of its table, at last how many there were. */
import { type RawBuilder, sql } from 'kysely';
import { type Database, type Db } from '../database/database';
import { schemaVersion } from '../database/migrations';
import { CARRIED, type Row, TABLE_NAMES, type TableName } from './tables';

/** Of the form; another one is refused. */
export const EXPORT_FORMAT = 1;

const PAGE = 1_000;

export interface ExportHeader {
  readonly coderScimExport: number;
  /** Version of the tables. */
  readonly schema: number;
}

/** @param write takes a piece of the text; the next one waits for it */
export async function exportDatabase(database: Database, write: (text: string) => Promise<void>): Promise<number> {
  return database.db
    .transaction()
    .setIsolationLevel(database.backend === 'postgres' ? 'repeatable read' : 'serializable')
    .execute(async db => {
      const header: ExportHeader = { coderScimExport: EXPORT_FORMAT, schema: await schemaVersion(db) };
      await write(`${JSON.stringify(header)}\n`);
      let rows = 0;
      for (const table of TABLE_NAMES) rows += await exportTable(db, table, write);
      await write(`${JSON.stringify({ rows })}\n`);
      return rows;
    });
}

async function exportTable(db: Db, table: TableName, write: (text: string) => Promise<void>): Promise<number> {
  const { key } = CARRIED[table];
  const columns = sql.join(key.map(column => sql.ref(column)));
  let after: RawBuilder<unknown> = sql`true`;
  for (let count = 0; ;) {
    const { rows } = await sql<Record<string, unknown>>`
      select * from ${sql.table(table)} where ${after} order by ${columns} limit ${sql.lit(PAGE)}`.execute(db);
    const last = rows.at(-1);
    if (last === undefined) return count;
    count += rows.length;
    await write(rows.map(row => `${JSON.stringify([table, plain(row)])}\n`).join(''));
    if (rows.length < PAGE) return count;
    after = sql`(${columns}) > (${sql.join(key.map(column => sql.val(last[column])))})`;
  }
}

/** Documents as text, as SQLite has them. */
function plain(row: Record<string, unknown>): Row {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      typeof value === 'object' && value !== null ? JSON.stringify(value) : (value as Row[string]),
    ]),
  );
}
