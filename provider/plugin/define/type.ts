/**
 * Type constraints of the Terraform language, in the JSON notation that the protocol uses for them, and the TypeScript
 * type of a value of each. Equality depends on the type: a set has no order.
 */
import { Decimal, isList, isObject, Unknown, type Value } from './value';

/** `"string"`, `["list","string"]`, `["object",{"name":"string"}]` and so on. */
export type Type =
  | 'string'
  | 'number'
  | 'bool'
  | readonly ['list' | 'set' | 'map', Type]
  | readonly ['object', { readonly [name: string]: Type }];

/** TypeScript's view of a known value of a type; an attribute of an object may be null. */
export type ValueOf<T extends Type> = T extends 'string'
  ? string
  : T extends 'number'
    ? number | Decimal
    : T extends 'bool'
      ? boolean
      : T extends readonly ['list' | 'set', infer E extends Type]
        ? readonly ValueOf<E>[]
        : T extends readonly ['map', infer E extends Type]
          ? { readonly [key: string]: ValueOf<E> }
          : T extends readonly ['object', infer A extends { readonly [name: string]: Type }]
            ? { readonly [K in keyof A]: ValueOf<A[K]> | null }
            : never;

/** Text that is equal exactly for equal values of the type; all unknown values look alike. */
export function fingerprint(type: Type, value: Value): string {
  if (value === null) return 'null';
  if (value instanceof Unknown) return 'unknown';
  if (value instanceof Decimal) return value.text;
  if (typeof type === 'string') return JSON.stringify(value);
  if (type[0] === 'object') {
    const given = isObject(value) ? value : {};
    const parts = Object.entries(type[1]).map(
      ([name, of]) => `${JSON.stringify(name)}:${fingerprint(of, given[name] ?? null)}`,
    );
    return `{${parts.join()}}`;
  }
  const element = type[1];
  if (type[0] === 'map') {
    const entries = isObject(value) ? Object.entries(value) : [];
    return `{${entries
      .map(([key, part]) => `${JSON.stringify(key)}:${fingerprint(element, part)}`)
      .sort()
      .join()}}`;
  }
  const parts = isList(value) ? value.map(part => fingerprint(element, part)) : [];
  return `[${(type[0] === 'set' ? [...new Set(parts)].sort() : parts).join()}]`;
}

/** Whether two values of a type are the same to Terraform. */
export function sameValue(type: Type, a: Value, b: Value): boolean {
  return fingerprint(type, a) === fingerprint(type, b);
}
