/** A way to break the product on purpose: to be noticed by a scenario that holds without it. */

export interface Edit {
  /** Path from the root of the repository. */
  readonly file: string;
  /** Text of the source; the first place where it stands is changed. */
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
