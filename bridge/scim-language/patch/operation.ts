/** What a PATCH is made of, and what comes of it (RFC 7644 §3.5.2). */
import { type Leniency } from '../dialects/dialect';
import { type Filter } from '../filter/ast';
import { type Json, type JsonObject } from '../json';
import { type MemberValue } from '../schema/member-value';
import { type ResourceType } from '../schema/resource-type';

/** One operation of a PATCH body, read but not yet resolved against a schema. */
export interface PatchOperation {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path?: string;
  /** Absent and `null` differ: an `add` or `replace` without a value is refused, one with `null` unassigns. */
  readonly value?: Json;
}

/**
 * A change of the rows of a group, to be applied in order. Adding one who is there and removing one who is not changes nothing;
 * within a change no member appears twice.
 */
export type MemberChange =
  | { readonly kind: 'add'; readonly members: readonly MemberValue[] }
  | { readonly kind: 'remove'; readonly values: readonly string[] }
  /** Removes the members that meet the filter; its names are `value`, `$ref`, `display` and `type` of `members`. */
  | { readonly kind: 'removeWhere'; readonly filter: Filter }
  | { readonly kind: 'replaceAll'; readonly members: readonly MemberValue[] }
  | { readonly kind: 'removeAll' };

/** Bounds of one PATCH. */
export interface PatchLimits {
  /**
   * Operations in one body.
   * @default 1000
   */
  readonly maxOperations?: number;
  /**
   * Elements of multi-valued attributes visited by all operations together, each once for each term of a filter.
   * @default 20000
   */
  readonly maxWork?: number;
  /**
   * Characters of these elements, each once for each term of a filter, and of what is put into them: texts are compared without case, which
   * makes them anew.
   * @default 50000000
   */
  readonly maxText?: number;
}

/** What {@link applyPatch} needs beside the resource. */
export interface PatchOptions extends Leniency {
  readonly type: ResourceType;
  readonly limits?: PatchLimits;
}

/** What a PATCH comes to. */
export interface PatchResult {
  /** The document after all operations; the given one when nothing changed. Never holds the rows attribute. */
  readonly resource: JsonObject;
  /** Whether the document differs. Says nothing of member rows: only the store can tell whether those change. */
  readonly changed: boolean;
  /** Changes of the rows attribute in order; empty when no operation touches it. */
  readonly memberChanges: readonly MemberChange[];
}
