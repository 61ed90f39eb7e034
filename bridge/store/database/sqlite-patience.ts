/**
 * Waits for a lock that another process has on the SQLite file: between tries, never in them, so that the event loop goes on. A statement
 * outside a transaction waits a moment here; a transaction of `transact` waits longer, and without the connection.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CompiledQuery, type DatabaseConnection, type Driver, type QueryResult } from 'kysely';
import { PlannedOnceDialect } from './sqlite-compiler';
import { type SqliteConnection } from './sqlite-connection';
import { DirectAdapter, type DirectConnection } from './sqlite-direct';
import { isLocked } from './sqlite-locks';
import { type Trouble } from './trouble';

const PATIENCE_MS = 200;
const PAUSE_MS = 10;

export class PatientDialect extends PlannedOnceDialect {
  constructor(
    private readonly connection: SqliteConnection,
    private readonly direct: DirectConnection,
    private readonly trouble: Trouble,
  ) {
    super({ database: connection });
  }

  override createAdapter(): DirectAdapter {
    return new DirectAdapter(this.direct);
  }

  override createDriver(): Driver {
    const driver = super.createDriver();
    const acquire = driver.acquireConnection.bind(driver);
    const release = driver.releaseConnection.bind(driver);
    driver.acquireConnection = async () => {
      const connection = await acquire();
      this.direct.held = true;
      return this.patient(connection);
    };
    driver.releaseConnection = connection => {
      this.direct.held = false;
      return release(connection);
    };
    // What reads first and writes later would meet a lock in its middle, where nothing can be tried again.
    driver.beginTransaction = async connection => {
      await connection.executeQuery(CompiledQuery.raw('begin immediate'));
    };
    const rollback = driver.rollbackTransaction.bind(driver);
    // For a full disk and one that fails SQLite ends the transaction by itself: saying that there is none would hide why.
    driver.rollbackTransaction = async connection => {
      if (this.connection.inTransaction) await rollback(connection);
    };
    return driver;
  }

  private patient(connection: DatabaseConnection): DatabaseConnection {
    const execute = async <Row>(query: CompiledQuery): Promise<QueryResult<Row>> => {
      for (let waited = 0; ; waited += PAUSE_MS) {
        const within = this.connection.inTransaction;
        try {
          const result = await connection.executeQuery<Row>(query);
          if (result.numAffectedRows !== undefined) this.trouble.written();
          return result;
        } catch (error) {
          this.trouble.failed(error);
          if (within || waited >= PATIENCE_MS || !isLocked(error)) throw error;
        }
        await sleep(PAUSE_MS);
      }
    };
    return { executeQuery: execute, streamQuery: connection.streamQuery.bind(connection) };
  }
}
