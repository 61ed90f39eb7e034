/**
 * Compiles a filter to a condition of SQL that is never null and agrees with the evaluator in memory (`scim-language/filter/compare.ts`). Equality
 * of userName, externalId, displayName, id, emails.value and members.value, and `and` of these with anything, uses an index. What is
 * not indexed is looked at once for each row: what a filter costs does not grow with its length times the length of texts.
 */
import { sql } from 'kysely';
import { type CompareOperator, type Filter, type Literal } from '../../../scim-language/filter/ast';
import { type Attribute, type AttributePath, target } from '../../../scim-language/schema/attribute';
import { fold } from '../../../scim-language/schema/fold';
import { type Backend } from '../../database/backend';
import { type Db, backendOf } from '../../database/database';
import { type Once, computedOnce } from './computed-once';
import { checkCost } from './cost';
import { type Among, type MergedFilter, mergeComparisons } from './merge-comparisons';
import { anyLookUp, comparisonLookUp, isLookUp, valueLookUp } from './look-up';
import { type Elements, type Place, type Scope, type Slot, childSlot, isTrue, memberSlot, placeOf } from './slots';
import { FALSE, type Sql, TRUE, folded, hasPart, isOneOf } from './sql-text';

/** The condition on a row of `users` or `groups`. */
export function filterSql(scope: Scope, filter: MergedFilter): Sql {
  // Hundreds of terms may be of one attribute: making its place again for each is most of what compiling would cost.
  const places = new Map<Attribute, Place>();
  const placeFor: PlaceFor = path => {
    const known = places.get(target(path));
    const place = known ?? placeOf(scope, path);
    places.set(target(path), place);
    return place;
  };
  return allOf(scope.backend, filter, (term, once) => termSql(scope, placeFor, term, once));
}

type PlaceFor = (path: AttributePath) => Place;

/**
 * The condition on a row of `members`, for a filter whose names are sub-attributes of `members`.
 * @throws CostlyFilter
 */
export function memberFilter(db: Db, filter: Filter, baseUrl: string): Sql {
  const merged = mergeComparisons(filter);
  checkCost(merged, true);
  return elementSql(backendOf(db), merged, child => memberSlot(baseUrl, child.name));
}

/** The terms of an `and`, or the one term that the filter is, with what they share worked out once. */
function allOf(backend: Backend, filter: MergedFilter, compile: (term: MergedFilter, once: Once) => Sql): Sql {
  const terms = filter.kind === 'and' ? filter.terms : [filter];
  return sql`(${sql.join(computedOnce(backend, terms, compile), sql` and `)})`;
}

function termSql(scope: Scope, placeFor: PlaceFor, filter: MergedFilter, once: Once): Sql {
  const { backend } = scope;
  switch (filter.kind) {
    case 'or':
      if (isLookUp(scope, filter))
        return anyLookUp(
          scope,
          filter.terms.map(term => filterSql(scope, term)),
        );
      return logic(filter, term => termSql(scope, placeFor, term, once));
    case 'and':
    case 'not':
    case 'constant':
      return logic(filter, term => termSql(scope, placeFor, term, once));
    case 'presence':
    case 'comparison':
    case 'among': {
      const looked = filter.kind === 'presence' ? undefined : comparisonLookUp(scope, filter);
      if (looked !== undefined) return looked;
      const place = placeFor(filter.path);
      const meets = (slot: Slot, condition: Condition, by: Once) =>
        slotMeets(backend, sharing(backend, slot, by), target(filter.path), condition);
      return place.kind === 'one'
        ? meets(place.slot, filter, once)
        : someMeet(place.elements, filter.path.subAttribute, filter, meets);
    }
    case 'valuePath': {
      const { attribute } = filter;
      const place = placeFor({ attribute });
      if (place.kind === 'one') {
        const met = elementTerm(backend, filter.filter, child => childSlot(scope, child), once);
        return sql`(${place.slot.present} and ${met})`;
      }
      const some = place.elements.exists(slot => elementSql(backend, filter.filter, slot));
      const narrowed = valueLookUp(scope, attribute, filter.filter);
      return narrowed === undefined ? some : sql`(${narrowed} and ${some})`;
    }
  }
}

/** Conditions on one slot. */
type Condition = Extract<MergedFilter, { kind: 'presence' | 'comparison' | 'among' }>;

/** A condition on an attribute with many values: see `scim-language/filter/compare.ts`. */
function someMeet(
  { exists }: Elements,
  sub: Attribute | undefined,
  condition: Condition,
  meets: (slot: Slot, condition: Condition, once: Once) => Sql,
): Sql {
  const asItIs: Once = (_name, value) => value;
  if (condition.kind === 'comparison' && condition.value === null) {
    const present = exists(slot => slot(sub).present);
    return condition.operator === 'eq' ? sql`not ${present}` : present;
  }
  const some = exists(slot => meets(slot(sub), condition, asItIs));
  return condition.kind === 'comparison' && condition.operator === 'ne'
    ? sql`(not ${exists(() => TRUE)} or ${some})`
    : some;
}

/** A filter of a value path on one element. */
function elementSql(backend: Backend, filter: MergedFilter, slotOf: (child: Attribute) => Slot): Sql {
  return allOf(backend, filter, (term, once) => elementTerm(backend, term, slotOf, once));
}

function elementTerm(backend: Backend, filter: MergedFilter, slotOf: (child: Attribute) => Slot, once: Once): Sql {
  switch (filter.kind) {
    case 'presence':
    case 'comparison':
    case 'among': {
      const { attribute } = filter.path;
      return slotMeets(backend, sharing(backend, slotOf(attribute), once), attribute, filter);
    }
    case 'valuePath':
      return FALSE;
    default:
      return logic(filter, term => elementTerm(backend, term, slotOf, once));
  }
}

type Logic = Extract<MergedFilter, { kind: 'and' | 'or' | 'not' | 'constant' }>;

function logic(filter: Logic, compile: (term: MergedFilter) => Sql): Sql {
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

/** The slot with what has to be worked out of a document or a text shared by all terms that ask for it. */
function sharing(backend: Backend, slot: Slot, once: Once): Slot & { readonly folded: Sql } {
  const { name, stored, node } = slot;
  return {
    ...slot,
    get present() {
      return stored === true || slot.present === TRUE ? slot.present : once(`${name} present`, slot.present);
    },
    get value() {
      return stored === true ? slot.value : once(`${name} value`, slot.value);
    },
    get folded() {
      return slot.folded ?? once(`${name} folded`, folded(backend, slot.value));
    },
    ...(node === undefined
      ? {}
      : {
          get node() {
            return once(`${name} node`, node);
          },
        }),
  };
}

/** One slot against a condition; false, not null, when the slot is empty. */
function slotMeets(
  backend: Backend,
  slot: Slot & { readonly folded: Sql },
  attribute: Attribute,
  condition: Condition,
): Sql {
  if (condition.kind === 'presence') return slot.present;
  if (condition.kind === 'among') {
    const met = present(slot, isAmong(backend, slot, attribute, condition));
    return condition.negated ? sql`(not ${met})` : met;
  }
  const { operator, value } = condition;
  if (value === null) return operator === 'eq' ? sql`(not (${slot.present}))` : slot.present;
  const met = present(slot, valueMeets(backend, slot, attribute, operator === 'ne' ? 'eq' : operator, value));
  return operator === 'ne' ? sql`(not ${met})` : met;
}

function present(slot: Slot, met: Sql): Sql {
  const there = slot.present;
  return there === TRUE ? sql`(${met})` : sql`(${there} and ${met})`;
}

function isAmong(
  backend: Backend,
  slot: Slot & { readonly folded: Sql },
  { caseExact }: Attribute,
  { values }: Among,
): Sql {
  return caseExact
    ? sql`${slot.value} ${isOneOf(backend, values)}`
    : sql`${slot.folded} ${isOneOf(backend, values.map(fold))}`;
}

const SYMBOLS = { eq: sql`=`, gt: sql`>`, ge: sql`>=`, lt: sql`<`, le: sql`<=` } as const;

function valueMeets(
  backend: Backend,
  slot: Slot & { readonly folded: Sql },
  attribute: Attribute,
  operator: Exclude<CompareOperator, 'ne'>,
  literal: Exclude<Literal, null>,
): Sql {
  if (typeof literal === 'boolean') return literal ? isTrue(backend, slot) : sql`(not (${isTrue(backend, slot)}))`;
  const text = () =>
    attribute.caseExact && attribute.type !== 'dateTime'
      ? { value: slot.value, wanted: String(literal) }
      : { value: slot.folded, wanted: fold(String(literal)) };
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
