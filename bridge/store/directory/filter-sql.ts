/**
 * Compiles a filter to a condition of SQL that is never null and agrees with the evaluator in memory (`scim/filter/compare.ts`). Equality
 * of userName, externalId, displayName, id, emails.value and members.value, and `and` of these with anything, uses an index.
 */
import { sql } from 'kysely';
import { type CompareOperator, type Filter, type Literal } from '../../scim/filter/ast';
import { type Attribute, target } from '../../scim/schema/attribute';
import { fold } from '../../scim/schema/fold';
import { type Backend } from '../backend';
import { type Db, backendOf } from '../database';
import { CostlyFilter } from './errors';
import { type Scope, type Slot, childSlot, isTrue, memberSlot, placeOf } from './slots';
import { FALSE, type Sql, TRUE, folded, hasPart } from './sql-text';

/** The condition on a row of `users` or `groups`. */
export function filterSql(scope: Scope, filter: Filter): Sql {
  switch (filter.kind) {
    case 'or':
      return isLookUp(scope, filter) ? anyLookUp(scope, filter.terms) : logic(filter, term => filterSql(scope, term));
    case 'and':
    case 'not':
    case 'constant':
      return logic(filter, term => filterSql(scope, term));
    case 'presence': {
      const place = placeOf(scope, filter.path);
      if (place.kind === 'one') return place.slot.present;
      return place.elements.exists(slot => slot(filter.path.subAttribute).present);
    }
    case 'comparison': {
      const { path, operator, value } = filter;
      const looked =
        operator === 'eq' && typeof value === 'string'
          ? lookUp(scope, path.attribute, path.subAttribute, value)
          : undefined;
      if (looked !== undefined) return looked;
      const place = placeOf(scope, path);
      const meets = (slot: Slot, by: CompareOperator) => slotMeets(scope.backend, slot, target(path), by, value);
      if (place.kind === 'one') return meets(place.slot, operator);
      const { exists } = place.elements;
      if (value === null) {
        const present = exists(slot => slot(path.subAttribute).present);
        return operator === 'eq' ? sql`not ${present}` : present;
      }
      const some = exists(slot => meets(slot(path.subAttribute), operator));
      return operator === 'ne' ? sql`(not ${exists(() => TRUE)} or ${some})` : some;
    }
    case 'valuePath': {
      const { attribute } = filter;
      const place = placeOf(scope, { attribute });
      if (place.kind === 'one')
        return sql`(${place.slot.present} and ${elementSql(scope.backend, filter.filter, child => childSlot(scope, child))})`;
      const some = place.elements.exists(slot => elementSql(scope.backend, filter.filter, slot));
      const narrowed = valueLookUp(scope, attribute, filter.filter);
      return narrowed === undefined ? some : sql`(${narrowed} and ${some})`;
    }
  }
}

/** Whether the filter is answered from an index whatever the size of the directory. */
export function isLookUp(scope: Scope, filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.terms.some(term => isLookUp(scope, term));
    case 'or':
      return filter.terms.length <= MOST_LOOK_UPS && filter.terms.every(term => isLookUp(scope, term));
    case 'comparison': {
      if (filter.operator !== 'eq' || typeof filter.value !== 'string') return false;
      const { attribute, subAttribute } = filter.path;
      const indexed = ['id', 'externalId', 'userName', 'displayName'].includes(attribute.path);
      return indexed || lookUp(scope, attribute, subAttribute, filter.value) !== undefined;
    }
    case 'valuePath':
      return valueLookUp(scope, filter.attribute, filter.filter) !== undefined;
    default:
      return false;
  }
}

/** Comparisons of rows in one filter. A group may have 100,000 of them, and each is compared with each. */
const MOST_ROW_COMPARISONS = 20;

/** @throws CostlyFilter */
export function checkCost(filter: Filter, ofRows = false): void {
  const comparisons = countRowComparisons(filter, ofRows);
  if (comparisons > MOST_ROW_COMPARISONS) throw new CostlyFilter(comparisons, MOST_ROW_COMPARISONS);
}

function countRowComparisons(filter: Filter, ofRows: boolean): number {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.reduce((sum, term) => sum + countRowComparisons(term, ofRows), 0);
    case 'not':
      return countRowComparisons(filter.term, ofRows);
    case 'valuePath':
      return countRowComparisons(filter.filter, isRows(filter.attribute));
    case 'comparison': {
      const isLookedUp = filter.operator === 'eq' && filter.path.subAttribute?.name === 'value';
      return ofRows || (isRows(filter.path.attribute) && !isLookedUp) ? 1 : 0;
    }
    case 'presence':
    case 'constant':
      return 0;
  }
}

function isRows({ path }: Attribute): boolean {
  return path === 'members' || path === 'groups';
}

/**
 * The condition on a row of `members`, for a filter whose names are sub-attributes of `members`.
 * @throws CostlyFilter
 */
export function memberFilter(db: Db, filter: Filter, baseUrl: string): Sql {
  checkCost(filter, true);
  return elementSql(backendOf(db), filter, child => memberSlot(baseUrl, child.name));
}

/** Look-ups that one `or` joins; SQLite allows 500 parts of a union. */
const MOST_LOOK_UPS = 100;

/** Look-ups joined by `or`: as a plain condition no planner could be relied on to look each of them up. */
function anyLookUp(scope: Scope, terms: readonly Filter[]): Sql {
  const table = scope.type === 'User' ? 'users' : 'groups';
  const id = sql.ref(`${table}.id`);
  const found = terms.map(
    term =>
      sql`select ${id} from ${sql.table(table)} where ${sql.ref(`${table}.app`)} = ${scope.app} and ${filterSql(scope, term)}`,
  );
  return sql`${id} in (${sql.join(found, sql` union all `)})`;
}

/** Rows that are found by a value of a multi-valued attribute that has a table of its own. */
function lookUp(scope: Scope, attribute: Attribute, sub: Attribute | undefined, value: string): Sql | undefined {
  if (sub?.name !== 'value') return undefined;
  if (scope.type === 'User' && attribute.path === 'emails')
    return sql`users.id in (select user_id from user_emails where app = ${scope.app} and email_key = ${fold(value)})`;
  if (scope.type === 'Group' && attribute.path === 'members')
    return sql`groups.id in (select group_id from members where member_id = ${value})`;
  return undefined;
}

/** The look-up that a value path implies: of a `value eq` which each element that meets it must have. */
function valueLookUp(scope: Scope, attribute: Attribute, filter: Filter): Sql | undefined {
  const terms = filter.kind === 'and' ? filter.terms : [filter];
  for (const term of terms) {
    if (term.kind !== 'comparison' || term.operator !== 'eq' || typeof term.value !== 'string') continue;
    const looked = lookUp(scope, attribute, term.path.attribute, term.value);
    if (looked !== undefined) return looked;
  }
  return undefined;
}

/** A filter of a value path on one element. */
function elementSql(backend: Backend, filter: Filter, slotOf: (child: Attribute) => Slot): Sql {
  switch (filter.kind) {
    case 'presence':
      return slotOf(filter.path.attribute).present;
    case 'comparison': {
      const { attribute } = filter.path;
      return slotMeets(backend, slotOf(attribute), attribute, filter.operator, filter.value);
    }
    case 'valuePath':
      return FALSE;
    default:
      return logic(filter, term => elementSql(backend, term, slotOf));
  }
}

type Logic = Extract<Filter, { kind: 'and' | 'or' | 'not' | 'constant' }>;

function logic(filter: Logic, compile: (term: Filter) => Sql): Sql {
  switch (filter.kind) {
    case 'and':
      return sql`(${sql.join(filter.terms.map(compile), sql` and `)})`;
    case 'or':
      return sql`(${sql.join(filter.terms.map(compile), sql` or `)})`;
    case 'not':
      return sql`(not ${compile(filter.term)})`;
    case 'constant':
      return filter.value ? TRUE : FALSE;
  }
}

/** One slot against a literal; false, not null, when the slot is empty. */
function slotMeets(
  backend: Backend,
  slot: Slot,
  attribute: Attribute,
  operator: CompareOperator,
  literal: Literal,
): Sql {
  if (literal === null) return operator === 'eq' ? sql`(not (${slot.present}))` : slot.present;
  if (operator === 'ne') return sql`(not ${slotMeets(backend, slot, attribute, 'eq', literal)})`;
  const met = valueMeets(backend, slot, attribute, operator, literal);
  return slot.present === TRUE ? sql`(${met})` : sql`(${slot.present} and ${met})`;
}

const SYMBOLS = { eq: sql`=`, gt: sql`>`, ge: sql`>=`, lt: sql`<`, le: sql`<=` } as const;

function valueMeets(
  backend: Backend,
  slot: Slot,
  attribute: Attribute,
  operator: Exclude<CompareOperator, 'ne'>,
  literal: Exclude<Literal, null>,
): Sql {
  if (typeof literal === 'boolean') return literal ? isTrue(backend, slot) : sql`(not (${isTrue(backend, slot)}))`;
  const text = () =>
    attribute.caseExact && attribute.type !== 'dateTime'
      ? { value: slot.value, wanted: String(literal) }
      : { value: slot.folded ?? folded(backend, slot.value), wanted: fold(String(literal)) };
  if (operator === 'co' || operator === 'sw' || operator === 'ew') {
    const { value, wanted } = text();
    return hasPart(backend, value, operator, wanted);
  }
  const symbol = SYMBOLS[operator];
  if (typeof literal === 'number') {
    if (backend === 'sqlite') return sql`${slot.value} ${symbol} ${literal}`;
    // Postgres may cast before it looks at the condition beside it, unless a case keeps it from that.
    return sql`case when jsonb_typeof(${slot.node ?? sql`null`}) = 'number'
      then cast(${slot.value} as numeric) ${symbol} cast(${literal} as numeric) else false end`;
  }
  if (attribute.type === 'dateTime')
    return slot.milliseconds === undefined
      ? sql`${slot.value} ${symbol} ${literal}`
      : sql`${slot.milliseconds} ${symbol} ${Date.parse(literal)}`;
  const { value, wanted } = text();
  return sql`${value} ${symbol} ${wanted}`;
}
