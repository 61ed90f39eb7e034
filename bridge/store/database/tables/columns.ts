/** What columns hold, in both backends. */
import { type ColumnType } from 'kysely';

/** 0 or 1: SQLite has no boolean. */
export type Flag = 0 | 1;
/** A JSON document column. Write JSON text; `readJson` in database.ts reads both backends. */
export type Json = ColumnType<unknown, string, string>;
