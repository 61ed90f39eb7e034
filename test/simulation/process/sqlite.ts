/**
 * Stands in for better-sqlite3: processes share one database in memory, each by a handle of its own. The real SQLite runs every
 * statement; the handle adds the points at which a process may be killed, and ends with the process.
 */
import RealDatabase from 'better-sqlite3';
import { type Disk, Killed, currentMachine, type Machine } from './machine';

/** Told of each change that has reached the database; may kill the process. */
export type OnCommit = (machine: Machine, what: string) => void;

/** A connection with its prepared statements: worlds come one after the other, and preparing costs more than running. */
interface Kept {
  readonly connection: RealDatabase.Database;
  readonly statements: Map<string, RealDatabase.Statement<unknown[]>>;
  readonly functions: Set<string>;
}

let kept: Kept | undefined;
/** What a database holds that was just made, by table. */
let fresh: ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]> | undefined;

function open(content?: Buffer): Kept {
  const connection = new RealDatabase(content ?? ':memory:');
  connection.pragma('foreign_keys = ON');
  return { connection, statements: new Map(), functions: new Set() };
}

function tablesOf({ connection }: Kept): string[] {
  return connection
    .prepare<[], { name: string }>(
      "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name",
    )
    .all()
    .map(({ name }) => name);
}

function empty(database: Kept): void {
  const { connection } = database;
  connection.pragma('foreign_keys = OFF');
  connection.transaction(() => {
    for (const table of tablesOf(database)) {
      connection.exec(`delete from "${table}"`);
      for (const row of fresh?.get(table) ?? []) {
        const names = Object.keys(row);
        connection
          .prepare(
            `insert into "${table}" (${names.map(name => `"${name}"`).join()}) values (${names.map(() => '?').join()})`,
          )
          .run(...Object.values(row));
      }
    }
    if (connection.prepare("select 1 from sqlite_master where name = 'sqlite_sequence'").get() !== undefined)
      connection.exec('delete from sqlite_sequence');
  })();
  connection.pragma('foreign_keys = ON');
}

/** The database of one world. */
export class MemoryDisk implements Disk {
  #database: Kept;
  /** Which process is inside a transaction. */
  inside: Machine | undefined;
  changed = false;

  constructor(readonly onCommit: OnCommit) {
    this.#database = kept ?? open();
    if (kept !== undefined) empty(kept);
    kept = undefined;
  }

  get connection(): RealDatabase.Database {
    return this.#database.connection;
  }

  prepare(text: string): RealDatabase.Statement<unknown[]> {
    const { connection, statements } = this.#database;
    const known = statements.get(text);
    if (known !== undefined) return known;
    const statement = connection.prepare<unknown[]>(text.replace(ROW_LOCKS, ''));
    statements.set(text, statement);
    return statement;
  }

  /** Once for a connection: SQLite prepares every statement anew when a function is put in the place of another. */
  define(name: string, options: RealDatabase.RegistrationOptions, run: (...values: unknown[]) => unknown): void {
    const { connection, functions } = this.#database;
    if (functions.has(name)) return;
    functions.add(name);
    connection.function(name, options, run);
  }

  /** The tables were just brought up to date: later worlds begin with what they hold now. */
  keepFresh(): void {
    fresh ??= new Map(
      tablesOf(this.#database).map(table => [
        table,
        this.connection.prepare<[], Record<string, unknown>>(`select * from "${table}"`).all(),
      ]),
    );
  }

  /** A copy of everything that is committed. */
  backup(): Buffer {
    if (this.inside !== undefined) throw new Error('a transaction is open');
    return this.connection.serialize();
  }

  /** Puts a copy in the place of the database; no process may have it open. */
  restore(copy: Buffer): void {
    this.connection.close();
    this.#database = open(copy);
  }

  abandon(machine: Machine): void {
    if (this.inside !== machine) return;
    this.inside = undefined;
    this.changed = false;
    if (this.connection.inTransaction) this.connection.exec('rollback');
  }

  close(): void {
    kept = this.#database;
  }
}

const CHANGES = /^\s*(?:insert|update|delete|replace|with\b[^]*\b(?:insert into|update|delete from))\b/i;
const BOUNDARY = /^\s*(begin|commit|rollback|savepoint|release)\b(?!\s+to)/i;
// What Postgres knows and SQLite does not need: one process at a time is inside a transaction here.
const ROW_LOCKS = / for (?:no key )?update(?: skip locked)?| for key share/g;

class Statement {
  readonly reader: boolean;
  readonly #real: RealDatabase.Statement<unknown[]>;
  readonly #boundary: string | undefined;
  readonly #changes: boolean;

  constructor(
    private readonly handle: Handle,
    private readonly text: string,
  ) {
    this.#real = handle.disk.prepare(text);
    this.reader = this.#real.reader;
    this.#boundary = BOUNDARY.exec(text)?.[1]?.toLowerCase();
    this.#changes = CHANGES.test(text);
  }

  all(...values: unknown[]): unknown[] {
    this.#enter();
    const rows = this.#real.all(...this.#bound(values));
    this.#leave(rows.length);
    return rows;
  }

  get(...values: unknown[]): unknown {
    this.#enter();
    const row = this.#real.get(...this.#bound(values));
    this.#leave(row === undefined ? 0 : 1);
    return row;
  }

  *iterate(...values: unknown[]): IterableIterator<unknown> {
    yield* this.all(...values);
  }

  run(...values: unknown[]): RealDatabase.RunResult {
    this.#enter();
    const result = this.#real.run(...this.#bound(values));
    this.#leave(result.changes);
    return result;
  }

  // Kysely hands over one list; others hand over the values.
  #bound(values: unknown[]): unknown[] {
    return values.length === 1 && Array.isArray(values[0]) ? (values[0] as unknown[]) : values;
  }

  #enter(): void {
    const { disk, machine } = this.handle;
    if (!machine.alive) throw new Killed(machine.name);
    if (disk.inside !== undefined && disk.inside !== machine)
      throw new Error(`${machine.name} runs a statement while ${disk.inside.name} is inside a transaction`);
  }

  #leave(changes: number): void {
    const { disk, machine } = this.handle;
    switch (this.#boundary) {
      case 'begin':
        disk.inside = machine;
        disk.changed = false;
        return;
      case 'savepoint':
      case 'release':
        return;
      case 'rollback':
        disk.inside = undefined;
        return;
      case 'commit': {
        disk.inside = undefined;
        if (disk.changed) this.#committed('commit');
        return;
      }
      default:
        if (!this.#changes || changes === 0) return;
        if (disk.inside === machine) disk.changed = true;
        else this.#committed(this.text);
    }
  }

  #committed(what: string): void {
    const { disk, machine } = this.handle;
    disk.onCommit(machine, what);
    if (!machine.alive) throw new Killed(machine.name);
  }
}

class Handle {
  readonly machine = currentMachine();
  readonly disk = this.machine.disk as MemoryDisk;
  readonly open = true;

  get inTransaction(): boolean {
    return this.disk.inside === this.machine;
  }

  prepare(text: string): Statement {
    return new Statement(this, text);
  }

  pragma(text: string, options?: RealDatabase.PragmaOptions): unknown {
    return this.disk.connection.pragma(text, options);
  }

  exec(text: string): this {
    this.disk.connection.exec(text);
    return this;
  }

  function(name: string, options: RealDatabase.RegistrationOptions, run: (...values: unknown[]) => unknown): this {
    this.disk.define(name, options, run);
    return this;
  }

  close(): this {
    return this;
  }
}

/** As the product asks for it. */
export const sqliteEngine = (): typeof Handle => Handle;
