/** Runs a suite on every database the bridge supports, each time on fresh ones. */
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { type Backend } from '../../bridge/store/database/backend';
import { type Database, openDatabase } from '../../bridge/store/database/database';
import { findPostgres, postgresUrl } from './postgres-server';

/** A URL of a new, empty database, and how to be rid of it. */
export interface FreshDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** An empty SQLite file in a temporary folder. */
export function freshSqlite(): FreshDatabase {
  const folder = mkdtempSync(join(tmpdir(), 'cscim-sqlite-'));
  return {
    url: `sqlite:${join(folder, 'test.db')}`,
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** An empty database on the run's Postgres server, or a copy of one. */
export async function freshPostgres(template = 'template0'): Promise<FreshDatabase> {
  const server = await postgresUrl();
  const name = `test_${randomBytes(8).toString('hex')}`;
  const execute = async (statement: string) => {
    const client = new Client({ connectionString: server });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  };
  await execute(`create database ${name} encoding 'UTF8' template ${template}`);
  return {
    url: server.replace(/\/[^/?]*(\?|$)/, `/${name}$1`),
    drop: () => execute(`drop database if exists ${name} with (force)`),
  };
}

/** A backup of a database that nobody has open, as a database of its own. */
export async function copyDatabase(url: string): Promise<FreshDatabase> {
  const fresh = url.startsWith('sqlite:') ? freshSqlite() : await freshPostgres(databaseName(url));
  if (url.startsWith('sqlite:')) copyFileSync(url.slice('sqlite:'.length), fresh.url.slice('sqlite:'.length));
  return fresh;
}

function databaseName(url: string): string {
  return /\/([^/?]*)(\?|$)/.exec(url)?.[1] ?? '';
}

/** Opens a fresh database; it is closed and dropped at the end of the suite. */
export type OpenFresh = () => Promise<Database>;

/** What a suite may ask of its backend beside databases. */
export interface SuiteBackend {
  readonly backend: Backend;
  /** A URL of a fresh database, for suites that open it several times, as replicas do. */
  readonly freshUrl: () => Promise<string>;
}

/** Declares the suite once for SQLite and once for Postgres; without a Postgres on the machine that one is skipped. */
export function describeEachDatabase(name: string, suite: (open: OpenFresh, on: SuiteBackend) => void): void {
  for (const backend of ['sqlite', 'postgres'] as const) {
    const declare = backend === 'postgres' && findPostgres() === undefined ? describe.skip : describe;
    declare(`${name} on ${backend}`, () => {
      const dropped: (() => Promise<void>)[] = [];
      afterAll(async () => {
        for (const drop of dropped.reverse()) await drop();
      });
      const freshUrl = async () => {
        const fresh = backend === 'sqlite' ? freshSqlite() : await freshPostgres();
        dropped.push(() => fresh.drop());
        return fresh.url;
      };
      const open = async () => {
        const database = await openDatabase(await freshUrl());
        dropped.push(() => database.close());
        return database;
      };
      suite(open, { backend, freshUrl });
    });
  }
}
