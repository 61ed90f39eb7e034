/**
 * Statements that run all the time: built by Kysely and compiled once for each database, and run with other values each time. On SQLite
 * they go to the connection straight away, where nobody else has it; Postgres plans them once for each connection.
 */
import { type Compilable, type CompiledQuery, type Expression, type Kysely, type RawBuilder, sql } from 'kysely';
import { type Backend } from './backend';
import { type Db, backendOf } from './database';
import { keepPlanned } from './postgres-statements';
import { runDirectly } from './sqlite-direct';
import { type Tables } from './tables';

/** A list of texts is one value as well: see `listed`. */
type Value = string | number | null | readonly string[];

/** The values of a statement as expressions of its text. */
export type Places<V> = { readonly [Name in keyof V]: Expression<V[Name]> };

export interface Ran<Row> {
  readonly rows: readonly Row[];
  /** Rows that were written. */
  readonly changes: number;
}

export type Statement<V, Row> = (db: Db, values: V) => Promise<Ran<Row>>;

/** Stands in the compiled text's list of values for the one of that name. */
class Place {
  constructor(readonly name: string) {}
}

interface Text<Row> {
  readonly query: CompiledQuery<Row>;
  /** A place for each value, or the value itself where it is part of the statement. */
  readonly order: readonly unknown[];
}

/**
 * `statement<{ id: string }>()((db, { id }) => db.selectFrom('users').selectAll().where('id', '=', id))`. What builds the text is
 * called once for each database: it may look at nothing but that.
 */
export function statement<V extends { readonly [Name in keyof V]: Value }>() {
  return <Row>(
    build: (db: Kysely<Tables>, places: Places<V>) => Compilable<Row> | RawBuilder<Row>,
  ): Statement<V, Row> => {
    const texts = new Map<Backend, Text<Row>>();

    const textFor = (db: Db, backend: Backend): Text<Row> => {
      const known = texts.get(backend);
      if (known !== undefined) return known;
      const places = new Proxy({} as Places<V>, { get: (_target, name) => sql`${new Place(String(name))}` });
      const query = build(db, places).compile(db);
      if (backend === 'postgres') keepPlanned(query.sql);
      const made = { query, order: query.parameters };
      texts.set(backend, made);
      return made;
    };

    return async (db, values) => {
      const backend = backendOf(db);
      const { query, order } = textFor(db, backend);
      const parameters = order.map(value => {
        const given = value instanceof Place ? values[value.name as keyof V] : value;
        return backend === 'sqlite' && Array.isArray(given) ? JSON.stringify(given) : given;
      });
      const ran = runDirectly<Row>(db, query.sql, parameters);
      if (ran !== undefined) return ran;
      const { rows, numAffectedRows = 0n } = await db.executeQuery<Row>({ ...query, parameters });
      return { rows, changes: Number(numAffectedRows) };
    };
  };
}
