/** Texts of statements for SQLite: their values are kept from its planner, so that a prepared statement stays prepared. */
import { type ColumnUpdateNode, SqliteDialect, SqliteQueryCompiler, type ValuesNode } from 'kysely';

/**
 * SQLite looks at the value that a plain `column = ?` or `limit ?` is given while it plans, and plans anew whenever one is given: a join, or
 * two rows in order, cost four to fifteen times what they do without (https://www.sqlite.org/queryplanner-ng.html#qpsg; what turns that off
 * is out of reach from here). It does not look into an expression.
 */
const KEPT_FROM_PLANNER = 'coalesce(?, null)';

class SqliteCompiler extends SqliteQueryCompiler {
  /** Within what is written rather than compared, where nothing is planned by it. */
  #written = 0;

  protected override getCurrentParameterPlaceholder(): string {
    return this.#written > 0 ? '?' : KEPT_FROM_PLANNER;
  }

  protected override visitValues(node: ValuesNode): void {
    this.#written += 1;
    super.visitValues(node);
    this.#written -= 1;
  }

  protected override visitColumnUpdate(node: ColumnUpdateNode): void {
    this.#written += 1;
    super.visitColumnUpdate(node);
    this.#written -= 1;
  }
}

export class PlannedOnceDialect extends SqliteDialect {
  override createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteCompiler();
  }
}
