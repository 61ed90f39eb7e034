/** Functions that configuration calls as `provider::<name>::<function>(…)` (Terraform 1.8, OpenTofu 1.7). */
import { type Type, type ValueOf } from './type';
import { type Value } from './value';

export interface Parameter {
  readonly name: string;
  readonly type: Type;
  readonly description: string;
}

/** A pure function: same arguments, same result, at validate, plan and apply. Called with known, non-null arguments only. */
export interface ProviderFunction {
  readonly summary: string;
  readonly description: string;
  readonly parameters: readonly Parameter[];
  readonly returns: Type;
  /** @throws FunctionError to refuse an argument. */
  call(args: readonly Value[]): Value;
}

/** An argument that a function refuses. */
export class FunctionError extends Error {
  override readonly name = 'FunctionError';
  constructor(
    message: string,
    /** Index of the argument at fault. */
    readonly argument: number,
  ) {
    super(message);
  }
}

/** A function whose call is typed by its parameters. */
export function defineFunction<const P extends readonly Parameter[], const R extends Type>(definition: {
  readonly summary: string;
  readonly description: string;
  readonly parameters: P;
  readonly returns: R;
  readonly call: (...args: { -readonly [I in keyof P]: ValueOf<P[I]['type']> }) => ValueOf<R> & Value;
}): ProviderFunction {
  const call = definition.call as unknown as (...args: readonly Value[]) => Value;
  return { ...definition, call: args => call(...args) };
}
