/**
 * A filter of RFC 7644 §3.4.2.2 as a tree, resolved against a resource type: every name is a compiled attribute, every literal has
 * the type of its attribute, so that an evaluator needs no further checks.
 *
 * The parser leaves only these forms:
 * - `and` and `or` are flat: a term of an `and` is never an `and`, a term of an `or` never an `or`; both have two terms or more.
 * - A complex attribute compared without a sub-attribute is its `value`: `members eq "x"` is `members.value eq "x"`.
 * - `emails[type eq "work"].value eq "x"` is `emails[type eq "work" and value eq "x"]`: both bind the same element.
 * - Within a value path, a path's `attribute` is the sub-attribute itself and `subAttribute` is unset.
 * How the nodes compare is stated in `compare.ts`.
 */
import { type Attribute, type AttributePath } from '../schema/attribute';

/** Comparison operators of RFC 7644 table 3, `pr` apart. */
export type CompareOperator = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le';

/**
 * A literal after resolution. For a `dateTime` attribute and `eq ne gt ge lt le` it is in the canonical form `2011-05-13T04:42:34.000Z`,
 * in which stored values are too. `null` occurs with `eq` and `ne` only.
 */
export type Literal = string | number | boolean | null;

export interface Comparison {
  readonly kind: 'comparison';
  readonly path: AttributePath;
  readonly operator: CompareOperator;
  readonly value: Literal;
}

/** `pr`: the attribute has a value. */
export interface Presence {
  readonly kind: 'presence';
  readonly path: AttributePath;
}

/** `attribute[filter]`: some one element of the attribute meets the filter. */
export interface ValuePath {
  readonly kind: 'valuePath';
  readonly attribute: Attribute;
  /** Its names are sub-attributes of `attribute`. */
  readonly filter: Filter;
}

export interface And {
  readonly kind: 'and';
  readonly terms: readonly Filter[];
}

export interface Or {
  readonly kind: 'or';
  readonly terms: readonly Filter[];
}

export interface Not {
  readonly kind: 'not';
  readonly term: Filter;
}

/**
 * Always true or always false: a comparison of an attribute that another resource type has and this one lacks, in a query over
 * several types (RFC 7644 §3.4.2.1: as if there were no value).
 */
export interface Constant {
  readonly kind: 'constant';
  readonly value: boolean;
}

export type Filter = Comparison | Presence | ValuePath | And | Or | Not | Constant;

/** A PATCH path (RFC 7644 §3.5.2, figure 7): `attribute`, `attribute.sub`, `attribute[filter]`, `attribute[filter].sub`. */
export interface TargetPath extends AttributePath {
  /** As in {@link ValuePath}: names are sub-attributes of `attribute`. */
  readonly filter?: Filter;
}
