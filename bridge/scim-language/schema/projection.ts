/**
 * Which attributes an answer holds (RFC 7644 §3.9, RFC 7643 §7 `returned`): those that are always returned, then those asked for, or by
 * default all but those excluded. Also tells, before anything is read, whether an attribute is wanted at all.
 */
import { type Leniency } from '../dialects/dialect';
import { invalidValue } from '../errors';
import { type Json, type JsonObject, emptyObject, isJsonObject } from '../json';
import { type Attribute, target } from './attribute';
import { findAttribute, topLevelAttributes } from './look-up';
import { type ResourceType } from './resource-type';

/** Different names in one `attributes` or `excludedAttributes`. */
const MAX_NAMES = 500;

/** Names as keys of a document; `true` is the attribute with all that is in it. */
interface Selection {
  readonly [key: string]: Selection | true;
}

type Chosen = Selection | true | undefined;

/** What to show of a resource type. */
export interface Projection {
  readonly type: ResourceType;
  /** What was asked for. Absent: what is returned by default. */
  readonly included?: Selection;
  /** What was asked to be left out. */
  readonly excluded?: Selection;
}

/**
 * Resolves the names of `attributes` and `excludedAttributes`. A name that no schema of the type defines selects nothing: RFC 7644
 * §3.9 knows no error for it, and providers ask for attributes that they keep elsewhere. An empty list is none.
 * @throws ScimError 400 invalidValue for more names than any schema has use for
 */
export function readProjection(
  type: ResourceType,
  names: { readonly attributes?: readonly string[]; readonly excludedAttributes?: readonly string[] },
  leniency: Leniency = {},
): Projection {
  const select = (parameter: 'attributes' | 'excludedAttributes'): Selection | undefined => {
    const list = new Set(names[parameter]);
    if (list.size > MAX_NAMES) throw invalidValue(parameter, `${list.size} names`, `at most ${MAX_NAMES}`);
    return list.size === 0 ? undefined : selectionOf(list, type, leniency);
  };
  const included = select('attributes');
  const excluded = select('excludedAttributes');
  return { type, ...(included === undefined ? {} : { included }), ...(excluded === undefined ? {} : { excluded }) };
}

function selectionOf(names: ReadonlySet<string>, type: ResourceType, leniency: Leniency): Selection {
  const selection = Object.create(null) as Record<string, Selection | true>;
  for (const name of names) {
    const path = findAttribute(type, name, leniency);
    if (path !== undefined) select(selection, target(path).location);
  }
  return selection;
}

function select(selection: Record<string, Selection | true>, [key = '', ...rest]: readonly string[]): void {
  const present = selection[key];
  if (present === true) return;
  if (rest.length === 0) {
    selection[key] = true;
    return;
  }
  const inner = (present ?? Object.create(null)) as Record<string, Selection | true>;
  selection[key] = inner;
  select(inner, rest);
}

/** The resource with what the projection shows; the given one is left as it is. */
export function projectResource(resource: JsonObject, type: ResourceType, projection: Projection): JsonObject {
  return project(resource, topLevelAttributes(type), projection.included, projection.excluded);
}

/** An element of the rows attribute with what the projection shows of it; undefined when that is nothing. */
export function projectRow(row: JsonObject, projection: Projection): JsonObject | undefined {
  const attribute = projection.type.rowsAttribute;
  if (attribute === undefined) return row;
  const included = projection.included?.[attribute.name];
  const excluded = projection.excluded?.[attribute.name];
  return unlessEmpty(project(row, [...attribute.children.values()], inner(included), inner(excluded)));
}

/**
 * Whether the projection shows the attribute, or a part of it, where a resource has it. `members` that are not wanted need not be
 * read. Takes an attribute of the resource or of an extension, not a sub-attribute.
 */
export function wantsAttribute(projection: Projection, attribute: Attribute): boolean {
  const [first = '', second] = attribute.location;
  const include = projection.included?.[first];
  const exclude = projection.excluded?.[first];
  if (second === undefined) return shows(attribute, include, projection.included !== undefined, exclude);
  if (exclude === true || (projection.included !== undefined && include === undefined)) return false;
  return shows(attribute, inner(include)?.[second], inner(include) !== undefined, inner(exclude)?.[second]);
}

function project(
  object: JsonObject,
  attributes: readonly Attribute[],
  included: Selection | undefined,
  excluded: Selection | undefined,
): JsonObject {
  const keys = new Map(attributes.map(attribute => [attribute.location.at(-1), attribute]));
  const result = emptyObject();
  for (const [key, value] of Object.entries(object)) {
    const attribute = keys.get(key);
    if (attribute === undefined) continue;
    const include = included?.[key];
    const exclude = excluded?.[key];
    if (!shows(attribute, include, included !== undefined, exclude)) continue;
    const shown =
      attribute.type === 'complex' ? projectComplex(value, attribute, inner(include), inner(exclude)) : value;
    if (shown !== undefined) result[key] = shown;
  }
  return result;
}

/** @param asked whether names were asked for on this level */
function shows(attribute: Attribute, included: Chosen, asked: boolean, excluded: Chosen): boolean {
  if (attribute.returned === 'never') return false;
  if (attribute.returned === 'always') return true;
  if (excluded === true) return false;
  return asked ? included !== undefined : attribute.returned === 'default';
}

function projectComplex(
  value: Json,
  attribute: Attribute,
  included: Selection | undefined,
  excluded: Selection | undefined,
): Json | undefined {
  const children = [...attribute.children.values()];
  const plain = included === undefined && excluded === undefined;
  if (plain && children.every(({ returned }) => returned === 'default' || returned === 'always')) return value;
  if (!Array.isArray(value))
    return isJsonObject(value) ? unlessEmpty(project(value, children, included, excluded)) : value;
  const elements = value.flatMap(element =>
    isJsonObject(element) ? (unlessEmpty(project(element, children, included, excluded)) ?? []) : element,
  );
  return elements.length === 0 && value.length > 0 ? undefined : elements;
}

function inner(chosen: Chosen): Selection | undefined {
  return chosen === true ? undefined : chosen;
}

function unlessEmpty(object: JsonObject): JsonObject | undefined {
  return Object.keys(object).length === 0 ? undefined : object;
}
