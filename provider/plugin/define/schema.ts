/**
 * Schemas: what a provider, resource or data source may be configured with, and what it computes. The TypeScript type of
 * a value follows from the schema (`StateOf`), so resource code is checked against what Terraform will send.
 */
import { type Type, type ValueOf } from './type';
import { type Unresolved, type Value } from './value';

/** What can be said of any attribute. Exactly one of required, optional (perhaps also computed) or computed. */
export interface AttributeOptions {
  /** Shown by `terraform providers schema` and in generated bindings. */
  readonly description: string;
  /** Configuration must set it. */
  readonly required?: true;
  /** Configuration may set it. */
  readonly optional?: true;
  /** The provider sets it, when configuration does not. */
  readonly computed?: true;
  /** Hidden in plans and output; still readable in state. */
  readonly sensitive?: true;
  /** Reaches the provider only, neither plan nor state (Terraform 1.11, OpenTofu 1.11). */
  readonly writeOnly?: true;
  /** Using it gives a warning. */
  readonly deprecated?: true;
  /** A change can not be made in place: the resource is deleted and created. Heeded at the top level. */
  readonly replace?: true;
  /** Computed, and the same for the life of the resource: an update does not make it "known after apply". */
  readonly stable?: true;
}

/** Options with the value used where configuration says nothing; needs `optional` and `computed`. */
export type Options<T> = AttributeOptions & { readonly default?: T };

export type Nesting = 'single' | 'list' | 'set' | 'map';

declare const carries: unique symbol;

interface Carries<T> {
  readonly [carries]?: T;
  readonly options: Options<Value>;
}
interface PlainAttribute {
  readonly type: Type;
  readonly nested?: undefined;
}
interface NestedAttribute {
  readonly type?: undefined;
  readonly nested: { readonly nesting: Nesting; readonly attributes: Attributes };
}
/** An attribute whose known value is a `T`. */
export type Attribute<T = unknown> = Carries<T> & (PlainAttribute | NestedAttribute);

export interface Attributes {
  readonly [name: string]: Attribute;
}

/** Configuration schema of one thing. */
export interface Schema<A extends Attributes = Attributes> {
  readonly attributes: A;
  readonly description: string;
  /** Raised when stored state needs an upgrade to be read. @default 0 */
  readonly version?: number;
}

/** A known value of a set of attributes: state, or configuration without unknowns. */
export type StateOf<A extends Attributes> = { readonly [K in keyof A]: A[K] extends Attribute<infer T> ? T : never };
/** The same where any part may be unknown: configuration and planned state. */
export type PlannedOf<A extends Attributes> = { readonly [K in keyof A]: Unresolved<StateOf<A>[K]> };

type Present<O, T> = O extends { required: true } ? T : T | null;

function plain<T, O>(type: Type, options: Options<Value>): Attribute<Present<O, T>> {
  return { type, options };
}

/** Text. */
export function string<const O extends Options<string>>(options: O): Attribute<Present<O, string>> {
  return plain<string, O>('string', options);
}

/** A number; a `Decimal` where a double would lose digits. */
export function number<const O extends Options<number>>(options: O): Attribute<Present<O, ValueOf<'number'>>> {
  return plain<ValueOf<'number'>, O>('number', options);
}

/** True or false. */
export function bool<const O extends Options<boolean>>(options: O): Attribute<Present<O, boolean>> {
  return plain<boolean, O>('bool', options);
}

type ListOptions<E extends Type> = Options<readonly ValueOf<E>[] & Value>;

/** Values in order. */
export function list<const E extends Type, const O extends ListOptions<E>>(
  element: E,
  options: O,
): Attribute<Present<O, readonly ValueOf<E>[]>> {
  return plain<readonly ValueOf<E>[], O>(['list', element], options);
}

/** Distinct values without order. */
export function set<const E extends Type, const O extends ListOptions<E>>(
  element: E,
  options: O,
): Attribute<Present<O, readonly ValueOf<E>[]>> {
  return plain<readonly ValueOf<E>[], O>(['set', element], options);
}

type MapOf<E extends Type> = { readonly [key: string]: ValueOf<E> };

/** Values by key. */
export function map<const E extends Type, const O extends Options<MapOf<E> & Value>>(
  element: E,
  options: O,
): Attribute<Present<O, MapOf<E>>> {
  return plain<MapOf<E>, O>(['map', element], options);
}

type Fields = { readonly [name: string]: Type };

/** An object given as a whole, without options per field; `nested` has those. */
export function object<const F extends Fields, const O extends Options<ValueOf<readonly ['object', F]> & Value>>(
  fields: F,
  options: O,
): Attribute<Present<O, ValueOf<readonly ['object', F]>>> {
  return plain<ValueOf<readonly ['object', F]>, O>(['object', fields], options);
}

function nest<T, O>(nesting: Nesting, attributes: Attributes, options: Options<Value>): Attribute<Present<O, T>> {
  return { nested: { nesting, attributes }, options };
}

/** One object with attributes of its own. A default of `{}` is filled with the defaults inside. */
export function nested<const A extends Attributes, const O extends Options<Value>>(
  attributes: A,
  options: O,
): Attribute<Present<O, StateOf<A>>> {
  return nest<StateOf<A>, O>('single', attributes, options);
}

/** Objects by key: a plan shows each under its name, whatever comes and goes beside it. */
export function nestedMap<const A extends Attributes, const O extends Options<Value>>(
  attributes: A,
  options: O,
): Attribute<Present<O, { readonly [key: string]: StateOf<A> }>> {
  return nest<{ readonly [key: string]: StateOf<A> }, O>('map', attributes, options);
}

/** Objects in order. */
export function nestedList<const A extends Attributes, const O extends Options<Value>>(
  attributes: A,
  options: O,
): Attribute<Present<O, readonly StateOf<A>[]>> {
  return nest<readonly StateOf<A>[], O>('list', attributes, options);
}

/** Objects without order. A plan shows a changed one as a removal and an addition. */
export function nestedSet<const A extends Attributes, const O extends Options<Value>>(
  attributes: A,
  options: O,
): Attribute<Present<O, readonly StateOf<A>[]>> {
  return nest<readonly StateOf<A>[], O>('set', attributes, options);
}

/** The type of an attribute's value. */
export function typeOf(attribute: Attribute): Type {
  if (attribute.nested === undefined) return attribute.type;
  const element = objectType(attribute.nested.attributes);
  return attribute.nested.nesting === 'single' ? element : [attribute.nested.nesting, element];
}

/** The type of an object with these attributes. */
export function objectType(attributes: Attributes): Type {
  return ['object', Object.fromEntries(Object.entries(attributes).map(([name, of]) => [name, typeOf(of)]))];
}
