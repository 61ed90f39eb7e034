/**
 * Places inside a resource, as plain names and indexes: `['mappings', 'admins', 'role']`. The schema says which of them
 * are attributes and which are keys.
 */
import { type Attributes } from './schema';
import { type Type } from './type';

export type Path = readonly (string | number)[];

/** One step in the protocol's terms. */
export type Step = { attributeName: string } | { elementKeyString: string } | { elementKeyInt: number };

/**
 * The path as steps of the protocol, as far as the schema and the protocol can name it: it ends before a name that the
 * schema lacks, and at a set, whose elements have no key.
 */
export function resolvePath(attributes: Attributes, path: Path): Step[] {
  const [name, ...rest] = path;
  const attribute = typeof name === 'string' && Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  if (typeof name !== 'string' || attribute === undefined) return [];
  const step = { attributeName: name };
  if (attribute.nested === undefined) return [step, ...resolveElements(attribute.type, rest)];
  if (attribute.nested.nesting === 'single') return [step, ...resolvePath(attribute.nested.attributes, rest)];
  const key = elementStep(attribute.nested.nesting, rest[0]);
  return key === undefined ? [step] : [step, key, ...resolvePath(attribute.nested.attributes, rest.slice(1))];
}

/** Steps as configuration would write them: `mappings["admins"].role`. */
export function formatSteps(steps: readonly Step[]): string {
  return steps.reduce((text, step) => {
    if ('attributeName' in step) return text === '' ? step.attributeName : `${text}.${step.attributeName}`;
    return `${text}[${'elementKeyInt' in step ? step.elementKeyInt : JSON.stringify(step.elementKeyString)}]`;
  }, '');
}

function resolveElements(type: Type, path: Path): Step[] {
  const [key, ...rest] = path;
  if (typeof type === 'string' || key === undefined) return [];
  if (type[0] === 'object') {
    const of = typeof key === 'string' && Object.hasOwn(type[1], key) ? type[1][key] : undefined;
    return of === undefined ? [] : [{ attributeName: String(key) }, ...resolveElements(of, rest)];
  }
  const step = elementStep(type[0], key);
  return step === undefined ? [] : [step, ...resolveElements(type[1], rest)];
}

function elementStep(collection: 'list' | 'set' | 'map', key: string | number | undefined): Step | undefined {
  if (collection === 'map' && typeof key === 'string') return { elementKeyString: key };
  if (collection === 'list' && typeof key === 'number') return { elementKeyInt: key };
  return undefined;
}
