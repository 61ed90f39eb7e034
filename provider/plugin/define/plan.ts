/**
 * The planned state that follows from schema, configuration and prior state. Pure.
 *
 * Configuration wins. Where it says nothing, an attribute has its default; computed without default, it keeps its value as
 * long as nothing else changes, and is known after apply otherwise, unless it is stable.
 */
import { type Path } from './path';
import { type Attribute, type Attributes, objectType, typeOf } from './schema';
import { sameValue } from './type';
import { isList, isObject, type ObjectValue, Unknown, UNKNOWN, type Value } from './value';

export interface PlannedChange {
  readonly planned: ObjectValue;
  /** Top-level attributes with option `replace` that differ. */
  readonly requiresReplace: readonly Path[];
}

export function planChange(attributes: Attributes, config: ObjectValue, prior: ObjectValue | null): PlannedChange {
  const quiet = fillObject(attributes, config, prior, 'unchanged');
  if (prior === null) return { planned: quiet, requiresReplace: [] };
  if (sameValue(objectType(attributes), quiet, prior)) return { planned: prior, requiresReplace: [] };
  const planned = fillObject(attributes, config, prior, 'changed');
  const requiresReplace = Object.entries(attributes)
    .filter(([, { options }]) => options.replace)
    .filter(([name, of]) => !sameValue(typeOf(of), planned[name] ?? null, prior[name] ?? null))
    .map(([name]) => [name]);
  return { planned, requiresReplace };
}

type Around = 'changed' | 'unchanged';

function fillObject(
  attributes: Attributes,
  config: ObjectValue,
  prior: ObjectValue | null,
  around: Around,
): ObjectValue {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => [
      name,
      fill(attribute, config[name] ?? null, prior === null ? undefined : (prior[name] ?? null), around),
    ]),
  );
}

/** @param prior undefined when what the attribute belongs to did not exist. */
function fill(attribute: Attribute, config: Value, prior: Value | undefined, around: Around): Value {
  const { options } = attribute;
  if (options.writeOnly) return null;
  if (config !== null) return fillGiven(attribute, config, prior, around);
  if (options.default !== undefined) return fillGiven(attribute, options.default, prior, around);
  if (!options.computed) return null;
  return prior === undefined || (around === 'changed' && !options.stable) ? UNKNOWN : prior;
}

function fillGiven({ nested }: Attribute, config: Value, prior: Value | undefined, around: Around): Value {
  if (nested === undefined || config === null || config instanceof Unknown) return config;
  const element = (part: Value, before: Value | undefined): Value =>
    isObject(part) ? fillObject(nested.attributes, part, isObject(before) ? before : null, around) : part;
  if (nested.nesting === 'single') return element(config, prior);
  if (isList(config)) {
    const before = nested.nesting === 'list' && isList(prior) ? prior : [];
    return config.map((part, index) => element(part, before[index]));
  }
  if (!isObject(config)) return config;
  const before = isObject(prior) ? prior : {};
  return Object.fromEntries(
    Object.entries(config).map(([key, part]) => [
      key,
      element(part, Object.hasOwn(before, key) ? before[key] : undefined),
    ]),
  );
}
