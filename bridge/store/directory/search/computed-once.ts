/** Values that several terms of a condition look at are worked out once for each row, however many the terms are. */
import { sql } from 'kysely';
import { type Backend } from '../../database/backend';
import { type Sql } from './sql-text';

/** Stands in for a value in a condition: the name is one for each value. */
export type Once = (name: string, value: Sql) => Sql;

/**
 * Compiles terms that are joined by `and`. What is named twice or more is a column of a subquery without rows of its own, which neither
 * database takes apart; terms that have no part in that stay outside of it, where an index may be used.
 */
export function computedOnce<T>(backend: Backend, terms: readonly T[], compile: (term: T, once: Once) => Sql): Sql[] {
  const uses = new Map<string, number>();
  const plain = terms.map(term =>
    compile(term, (name, value) => {
      uses.set(name, (uses.get(name) ?? 0) + 1);
      return value;
    }),
  );
  if ([...uses.values()].every(count => count === 1)) return plain;
  const columns = new Map<string, { column: string; value: Sql }>();
  const outside: Sql[] = [];
  const inside: Sql[] = [];
  terms.forEach((term, index) => {
    let isInside = false;
    const compiled = compile(term, (name, value) => {
      if (uses.get(name) === 1) return value;
      isInside = true;
      const known = columns.get(name) ?? { column: `value_${columns.size}`, value };
      columns.set(name, known);
      return sql.ref(`once.${known.column}`);
    });
    if (isInside) inside.push(compiled);
    else outside.push(plain[index] ?? compiled);
  });
  const selected = [...columns.values()].map(({ column, value }) => sql`${value} as ${sql.ref(column)}`);
  const fence = backend === 'sqlite' ? sql`limit -1` : sql`offset 0`;
  const met = sql`exists (select 1 from (select ${sql.join(selected)} ${fence}) as once where ${sql.join(inside, sql` and `)})`;
  return [...outside, met];
}
