/**
 * Stands in for the opening of the database: replicas believe to share a Postgres, for a SQLite file has one bridge. Row locks
 * mean nothing here, because one process at a time is inside a transaction; what Postgres does between two open transactions is
 * tried by the kill test.
 */
import { openDatabase as open, type Database } from '../../../bridge/store/database/database';
import { currentMachine } from './machine';
import { type MemoryDisk } from './sqlite';

export * from '../../../bridge/store/database/database';

let replicas = 1;

export function setReplicas(count: number): void {
  replicas = count;
}

export async function openDatabase(url: string, options?: { readonly alone?: boolean }): Promise<Database> {
  const disk = currentMachine().disk as MemoryDisk;
  const database = await open(url, options);
  disk.keepFresh();
  return replicas === 1 ? database : { ...database, backend: 'postgres', changes: undefined };
}
