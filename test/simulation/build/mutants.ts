/** Ways to break the product on purpose. Each has to be noticed by the simulation. */

export interface Edit {
  /** Path from the root of the repository. */
  readonly file: string;
  /** Text of the source, once. */
  readonly find: string;
  readonly put: string;
}

export interface Mutant {
  readonly name: string;
  /** What the broken product does, in a sentence. */
  readonly does: string;
  readonly edits: readonly Edit[];
  /** Scenarios that are tried, in this order, until one notices. */
  readonly noticedBy: readonly string[];
}

export const MUTANTS: readonly Mutant[] = [];
