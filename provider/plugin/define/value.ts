/**
 * Values of the Terraform language as a provider sees them: JSON's shapes, plus values that are not known yet and numbers
 * that JavaScript can not hold. Sets are arrays whose order says nothing; an absent attribute is null.
 */

/** A value that Terraform will know only while it applies. */
export class Unknown {
  /** @param refinement what is known of it all the same, kept as it came in so that it can be sent back. */
  constructor(readonly refinement: Uint8Array | null = null) {}
}

/** The value of which nothing is known. */
export const UNKNOWN = new Unknown();

/** A number that a double can not carry without loss, in decimal notation. */
export class Decimal {
  constructor(readonly text: string) {}
}

export type Value = null | string | number | boolean | Decimal | Unknown | readonly Value[] | ObjectValue;
/** An object, or a map: text to value. */
export interface ObjectValue {
  readonly [name: string]: Value;
}

/** The same shape with a value at any depth possibly unknown: what configuration looks like at plan. */
export type Unresolved<T> =
  | Unknown
  | (T extends null | string | number | boolean | Decimal | Unknown
      ? T
      : T extends readonly (infer E)[]
        ? readonly Unresolved<E>[]
        : { readonly [K in keyof T]: Unresolved<T[K]> });

/** Whether a value is an object or map, as opposed to a primitive, a list, a set or something unknown. */
export function isObject(value: Value | undefined): value is ObjectValue {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Unknown) &&
    !(value instanceof Decimal)
  );
}

/** Whether a value is a list or set. */
export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** Whether nothing inside the value is unknown. */
export function isWhollyKnown(value: Value): boolean {
  if (value instanceof Unknown) return false;
  if (isList(value)) return value.every(isWhollyKnown);
  return isObject(value) ? Object.values(value).every(isWhollyKnown) : true;
}
