/** Texts of statements for SQLite: their values are kept from its planner, so that a prepared statement stays prepared. */
import { type OperationNode, SqliteDialect, SqliteQueryCompiler } from 'kysely';

/**
 * SQLite looks at the value that a plain `column = ?` or `limit ?` is given while it plans, and plans anew whenever one is given: a join, or
 * two rows in order, cost four to fifteen times what they do without (https://www.sqlite.org/queryplanner-ng.html#qpsg; what turns that off
 * is out of reach from here). It does not look into an expression. Nor does it choose a partial index by one: whoever wants that writes the
 * value into the text (`sql.lit`).
 */
const KEPT_FROM_PLANNER = 'coalesce(?, null)';

/** What is written rather than compared, and lists: nothing is planned by their values. */
const PLAIN: readonly OperationNode['kind'][] = ['ValuesNode', 'ColumnUpdateNode', 'PrimitiveValueListNode'];

class SqliteCompiler extends SqliteQueryCompiler {
  protected override getCurrentParameterPlaceholder(): string {
    return this.nodeStack.some(({ kind }) => PLAIN.includes(kind)) ? '?' : KEPT_FROM_PLANNER;
  }
}

export class PlannedOnceDialect extends SqliteDialect {
  override createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteCompiler();
  }
}
