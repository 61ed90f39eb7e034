/**
 * The short way to the one connection of a SQLite file: whoever holds it for a transaction, or finds it free, runs a statement on it at once,
 * without the turns of the event loop that waiting for it in line takes.
 */
import { type Kysely, SqliteAdapter } from 'kysely';
import { type Tables } from './tables';
import { type SqliteConnection } from './sqlite-connection';
import { isLocked } from './sqlite-locks';
import { type Trouble } from './trouble';

interface Result<Row> {
  readonly rows: readonly Row[];
  readonly changes: number;
}

export class DirectConnection {
  /** Whether somebody has the connection, for a statement or a transaction. */
  held = false;
  /** Whose transaction has it. */
  holder: Kysely<Tables> | undefined;
  // The texts are those of the program: few, and kept for good.
  readonly #statements = new Map<string, ReturnType<SqliteConnection['prepare']>>();

  constructor(
    private readonly connection: SqliteConnection,
    private readonly trouble: Trouble,
  ) {}

  run<Row>(text: string, parameters: readonly unknown[] = []): Result<Row> {
    try {
      let prepared = this.#statements.get(text);
      if (prepared === undefined) {
        prepared = this.connection.prepare(text);
        this.#statements.set(text, prepared);
      }
      if (prepared.reader) return { rows: prepared.all(parameters) as Row[], changes: 0 };
      const { changes } = prepared.run(parameters);
      this.trouble.written();
      return { rows: [], changes: Number(changes) };
    } catch (error) {
      this.trouble.failed(error);
      throw error;
    }
  }
}

/** Tells from any handle of a database which connection it is about. */
export class DirectAdapter extends SqliteAdapter {
  constructor(readonly direct: DirectConnection) {
    super();
  }
}

/** Undefined when the connection is somebody else's right now, or the file another process's: then there is a line to wait in. */
export function runDirectly<Row>(
  db: Kysely<Tables>,
  text: string,
  parameters: readonly unknown[],
): Result<Row> | undefined {
  const { adapter } = db.getExecutor();
  if (!(adapter instanceof DirectAdapter)) return undefined;
  const { direct } = adapter;
  const isHolder = direct.holder === db;
  if (direct.held && !isHolder) return undefined;
  try {
    return direct.run<Row>(text, parameters);
  } catch (error) {
    if (!isHolder && isLocked(error)) return undefined;
    throw error;
  }
}
