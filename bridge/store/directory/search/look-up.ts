/** Which filters, or terms of filters, are answered from an index whatever the size of the directory. */
import { sql } from 'kysely';
import { type Attribute } from '../../../scim-language/schema/attribute';
import { fold } from '../../../scim-language/schema/fold';
import { type MergedFilter } from './merge-comparisons';
import { type Scope } from './slots';
import { type Sql, isOneOf } from './sql-text';

/** Look-ups that one `or` joins; SQLite allows 500 parts of a union. */
const MOST_LOOK_UPS = 100;

const INDEXED = ['id', 'externalId', 'userName', 'displayName'];

/** Whether the filter is answered from an index. */
export function isLookUp(scope: Scope, filter: MergedFilter): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.terms.some(term => isLookUp(scope, term));
    case 'or':
      return filter.terms.length <= MOST_LOOK_UPS && filter.terms.every(term => isLookUp(scope, term));
    case 'comparison':
    case 'among':
      if (textsWanted(filter) === undefined) return false;
      return INDEXED.includes(filter.path.attribute.path) || comparisonLookUp(scope, filter) !== undefined;
    case 'valuePath':
      return valueLookUp(scope, filter.attribute, filter.filter) !== undefined;
    default:
      return false;
  }
}

/** Look-ups joined by `or`: as a plain condition no planner could be relied on to look each of them up. */
export function anyLookUp({ type, app }: Scope, conditions: readonly Sql[]): Sql {
  const table = type === 'User' ? 'users' : 'groups';
  const id = sql.ref(`${table}.id`);
  const found = conditions.map(
    condition => sql`select ${id} from ${sql.table(table)} where ${sql.ref(`${table}.app`)} = ${app} and ${condition}`,
  );
  return sql`${id} in (${sql.join(found, sql` union all `)})`;
}

/** All of a comparison as a look-up, where it is one of a value that has a table of its own. */
export function comparisonLookUp(
  scope: Scope,
  filter: Extract<MergedFilter, { kind: 'comparison' | 'among' }>,
): Sql | undefined {
  const texts = textsWanted(filter);
  return texts === undefined ? undefined : lookUp(scope, filter.path.attribute, filter.path.subAttribute, texts);
}

/** The look-up that a value path implies: of values of which each element that meets it must have one. */
export function valueLookUp(scope: Scope, attribute: Attribute, filter: MergedFilter): Sql | undefined {
  const value = attribute.children.get('value');
  const texts = value === undefined ? undefined : valuesWanted(value, filter);
  return texts === undefined ? undefined : lookUp(scope, attribute, value, texts);
}

function valuesWanted(value: Attribute, filter: MergedFilter): readonly string[] | undefined {
  switch (filter.kind) {
    case 'comparison':
    case 'among':
      return filter.path.attribute === value ? textsWanted(filter) : undefined;
    case 'and':
      return filter.terms.map(term => valuesWanted(value, term)).find(texts => texts !== undefined);
    case 'or': {
      const each = filter.terms.map(term => valuesWanted(value, term));
      return each.every(texts => texts !== undefined) ? each.flat() : undefined;
    }
    default:
      return undefined;
  }
}

/** The texts of which the value must be one, when the filter is of that kind. */
function textsWanted(filter: Extract<MergedFilter, { kind: 'comparison' | 'among' }>): readonly string[] | undefined {
  if (filter.kind === 'among') return filter.negated ? undefined : filter.values;
  return filter.operator === 'eq' && typeof filter.value === 'string' ? [filter.value] : undefined;
}

/** Rows that are found by a value of a multi-valued attribute that has a table of its own. */
function lookUp(
  { backend, type, app }: Scope,
  attribute: Attribute,
  sub: Attribute | undefined,
  texts: readonly string[],
): Sql | undefined {
  if (sub?.name !== 'value') return undefined;
  if (type === 'User' && attribute.path === 'emails')
    return sql`users.id in (select user_id from user_emails where app = ${app} and email_key ${isOneOf(backend, texts.map(fold))})`;
  if (type === 'Group' && attribute.path === 'members')
    return sql`groups.id in (select group_id from members where member_id ${isOneOf(backend, texts)})`;
  return undefined;
}
