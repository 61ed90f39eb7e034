/**
 * Where the values of attributes are in the database: in columns, in the JSON document, or in rows. What a filter calls a slot
 * (see `scim-language/filter/compare.ts`) is here a value of SQL.
 */
import { sql } from 'kysely';
import { type Attribute, type AttributePath, target } from '../../../scim-language/schema/attribute';
import { ENTERPRISE_USER_SCHEMA } from '../../../scim-language/schema/definitions/enterprise-user';
import { type Backend } from '../../database/backend';
import { withAbove } from '../../database/nesting';
import { type UserOrGroup } from '../resources';
import { type Sql, TRUE, dateTimeText, jsonElements, jsonNode, jsonScalar, uriComponent } from './sql-text';

/** What SQL of attributes depends on. */
export interface Scope {
  readonly backend: Backend;
  readonly type: UserOrGroup;
  readonly app: string;
  /** Base URL of the SCIM endpoint, without a slash at the end. */
  readonly baseUrl: string;
}

/** One value, or none. */
export interface Slot {
  /** Of the attribute it is a value of: one for each slot of a row. */
  readonly name: string;
  /** Whether the value is a column: nothing has to be worked out to have it. */
  readonly stored?: true;
  /** Whether there is a value; never null. */
  readonly present: Sql;
  /** The value; null when there is none. */
  readonly value: Sql;
  /** The value folded, where a column holds it so. */
  readonly folded?: Sql;
  /** Milliseconds, where a column holds a dateTime so. */
  readonly milliseconds?: Sql;
  /** The value as jsonb, where it comes from JSON. */
  readonly node?: Sql;
}

/** Many values: `exists` asks for one that meets a condition. */
export interface Elements {
  readonly exists: (condition: (slot: (sub?: Attribute) => Slot) => Sql) => Sql;
  /** One value of the one element that a sort goes by: the primary one, else the first. */
  readonly chosen: (value: (slot: (sub?: Attribute) => Slot) => Sql) => Sql;
}

export type Place =
  { readonly kind: 'one'; readonly slot: Slot } | { readonly kind: 'many'; readonly elements: Elements };

/** Where a path of a resource leads to. */
export function placeOf(scope: Scope, path: AttributePath): Place {
  const { attribute } = path;
  if (attribute.multiValued) return { kind: 'many', elements: elementsOf(scope, attribute) };
  return { kind: 'one', slot: singleSlot(scope, target(path)) };
}

/** The slot of a sub-attribute of a complex attribute that has one value, for a value path on it. */
export function childSlot(scope: Scope, child: Attribute): Slot {
  return singleSlot(scope, child);
}

function singleSlot(scope: Scope, attribute: Attribute): Slot {
  return columnSlot(scope, attribute) ?? jsonSlot(scope.backend, documentOf(scope), attribute.location);
}

function tableOf({ type }: Scope): 'users' | 'groups' {
  return type === 'User' ? 'users' : 'groups';
}

function documentOf(scope: Scope): Sql {
  return sql.ref(`${tableOf(scope)}.document`);
}

/** Attributes that have a column, or follow from one. */
function columnSlot(scope: Scope, { location }: Attribute): Slot | undefined {
  const table = tableOf(scope);
  const column = (name: string): Sql => sql.ref(`${table}.${name}`);
  const name = location.join(' ');
  const always = (value: Sql, more: Partial<Slot> = {}): Slot => ({ name, present: TRUE, value, ...more });
  switch (name) {
    case 'id':
      return always(column('id'), { stored: true });
    case 'externalId':
      return {
        name,
        stored: true,
        present: sql`${column('external_id')} is not null`,
        value: column('external_id'),
      };
    case 'userName':
      return always(column('user_name'), { stored: true, folded: column('user_name_key') });
    case 'displayName':
      return {
        name,
        stored: true,
        present: scope.type === 'Group' ? TRUE : sql`${column('display_name_key')} is not null`,
        value: column('display_name_key'),
        folded: column('display_name_key'),
      };
    case 'meta':
      return always(TRUE);
    case 'meta resourceType':
      return always(sql`cast(${scope.type} as text)`);
    case 'meta created':
      return always(dateTimeText(scope.backend, column('created_at')), { milliseconds: column('created_at') });
    case 'meta lastModified':
      return always(dateTimeText(scope.backend, column('modified_at')), { milliseconds: column('modified_at') });
    case 'meta version':
      return always(sql`'W/"' || ${column('version')} || '"'`);
    case 'meta location':
      return always(sql`cast(${`${scope.baseUrl}/${scope.type}s/`} as text) || ${column('id')}`);
    case `${ENTERPRISE_USER_SCHEMA} manager $ref`: {
      const manager = jsonSlot(scope.backend, documentOf(scope), [ENTERPRISE_USER_SCHEMA, 'manager', 'value']);
      const id = uriComponent(scope.backend, manager.value);
      return { name, present: manager.present, value: sql`cast(${`${scope.baseUrl}/Users/`} as text) || ${id}` };
    }
    default:
      return undefined;
  }
}

function jsonSlot(backend: Backend, json: Sql, keys: readonly string[]): Slot {
  const node = jsonNode(backend, json, keys);
  return { name: keys.join(' '), present: sql`${node} is not null`, value: jsonScalar(backend, json, keys), node };
}

function elementsOf(scope: Scope, attribute: Attribute): Elements {
  if (scope.type === 'Group' && attribute.path === 'members') return memberElements(scope);
  if (scope.type === 'User' && attribute.path === 'groups') return groupElements(scope);
  const { backend } = scope;
  const from = jsonElements(backend, documentOf(scope), attribute.location);
  const value = sql.ref('element.value');
  const slot = (sub?: Attribute): Slot => {
    if (sub !== undefined && !sub.element) return jsonSlot(backend, value, [sub.name]);
    const text = backend === 'sqlite' ? value : sql`(${value} #>> '{}') collate "C"`;
    return { name: '', present: TRUE, value: text, node: value };
  };
  const primary = attribute.children.get('primary');
  const rank = primary === undefined ? sql`` : sql`case when ${isTrue(backend, slot(primary))} then 0 else 1 end,`;
  return {
    exists: condition => sql`exists (select 1 from ${from} where ${condition(slot)})`,
    chosen: wanted => sql`(select ${wanted(slot)} from ${from} order by ${rank} element.key limit 1)`,
  };
}

/** Whether a truth value is true; never null. */
export function isTrue(backend: Backend, slot: Slot): Sql {
  return backend === 'sqlite' ? sql`${slot.value} is 1` : sql`coalesce(${slot.value} = 'true', false)`;
}

/** `members` of the group at hand. */
function memberElements(scope: Scope): Elements {
  const from = sql`members where members.group_id = groups.id`;
  const slot = (sub?: Attribute) => memberSlot(scope.baseUrl, sub?.name);
  return {
    exists: condition => sql`exists (select 1 from ${from} and ${condition(slot)})`,
    chosen: wanted => sql`(select ${wanted(slot)} from ${from} order by members.member_id limit 1)`,
  };
}

/** A sub-attribute of a row of `members`. */
export function memberSlot(baseUrl: string, name = 'value'): Slot {
  const value = sql.ref('members.member_id');
  switch (name) {
    case 'type':
      return { name, stored: true, present: TRUE, value: sql.ref('members.member_type') };
    case 'display':
      return { name, stored: true, present: sql`members.display is not null`, value: sql.ref('members.display') };
    case '$ref':
      return {
        name,
        present: TRUE,
        value: sql`cast(${baseUrl} as text) || '/' || members.member_type || 's/' || ${value}`,
      };
    default:
      return { name, stored: true, present: TRUE, value };
  }
}

/** `groups` of the user at hand: direct ones and those that contain them. */
function groupElements(scope: Scope): Elements {
  const above = withAbove(sql.ref<string>('users.id'));
  const from = sql`above join groups as outer_group on outer_group.id = above.id`;
  const id = sql.ref('outer_group.id');
  const slot = (sub?: Attribute): Slot => {
    const name = sub?.name ?? 'value';
    switch (name) {
      case 'display':
        return {
          name,
          stored: true,
          present: TRUE,
          value: sql.ref('outer_group.display_name'),
          folded: sql.ref('outer_group.display_name_key'),
        };
      case 'type':
        return {
          name,
          present: TRUE,
          value: sql`case when exists (select 1 from members where members.group_id = ${id} and members.member_id = users.id)
            then 'direct' else 'indirect' end`,
        };
      case '$ref':
        return { name, present: TRUE, value: sql`cast(${`${scope.baseUrl}/Groups/`} as text) || ${id}` };
      default:
        return { name, stored: true, present: TRUE, value: id };
    }
  };
  return {
    exists: condition => sql`exists (${above} select 1 from ${from} where ${condition(slot)})`,
    chosen: wanted => sql`(${above} select ${wanted(slot)} from ${from} order by ${id} limit 1)`,
  };
}
