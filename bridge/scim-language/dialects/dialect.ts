/**
 * What a dialect is: the deviations from RFC 7643 and RFC 7644 that one identity provider needs, each by name and proven by a
 * recorded conversation. The engine asks for a coercion by its name, applies it only where the dialect lists it, and counts it.
 */
import { type Json } from '../json';
import { type MemberValue } from '../schema/member-value';

/** Every deviation the engine knows. What a dialect does not list is refused with the RFC's error. */
export type Coercion =
  /** `"True"`, `"false"` as strings for a boolean attribute, in bodies, PATCH values and filters. */
  | 'booleanStrings'
  /** A bare string, or a list of them, where a complex value is wanted: `"manager": "26118915"` means `{"value": "26118915"}`. */
  | 'bareValues'
  /** `""` for an object means that there is none: `"manager": ""`. Never of a list, an extension or a boolean. */
  | 'emptyStrings'
  /** An element of nothing but empty texts is none: `"addresses": [{"country": "", "region": ""}]`. Never of `members`. */
  | 'emptyElements'
  /** `{}` for an object, or an extension, states nothing of it, as if it were left out. */
  | 'emptyObjects'
  /** A list of one where a single value is wanted: `"manager": [{"value": "26118915"}]`. */
  | 'listOfOne'
  /** `replace` of `emails[type eq "work"].value` without a match makes the element instead of answering noTarget. */
  | 'createOnUnmatchedReplace'
  /** Keys of a path-less PATCH value are read as paths: `"name.givenName"`, `"urn:…:User:department"`, `"emails[type eq \"work\"].value"`. */
  | 'pathKeys'
  /** Enterprise attributes at the top level of a User, outside their extension: `"department": "Sales"`. */
  | 'flatExtension'
  /** `urn:…:enterprise:2.0User` and `urn:…:2.0:User.manager`: an extension's URN with a colon missing or replaced by a dot. */
  | 'misspeltUrns'
  /** URIs in `schemas` that name no schema of the resource are dropped. */
  | 'unknownSchemas'
  /** URNs of SCIM 1.1, with the version of either: `urn:scim:schemas:core:2.0`, `urn:scim:schemas:extension:enterprise:1.0`. */
  | 'scim11Urns'
  /** `schemas` is absent, or lacks the URN of the resource or message. */
  | 'missingSchemas'
  /** Attributes that no schema defines are dropped, and named in status (RFC 7644 §3.3 allows it). */
  | 'unknownAttributes'
  /** Keys beside `schemas` and `Operations`, or beside `op`, `path` and `value`, in a PATCH body are dropped. */
  | 'extraPatchKeys'
  /** `manager` in the shape of SCIM 1.1: `{"managerId": "26118915", "displayName": "…"}`. */
  | 'managerId'
  /** An element of `roles` as `id` and `displayName`, which stand for `value` (where that is absent) and `display`. */
  | 'roleObjects'
  /** Filter values without quotes: `userName sw O`. */
  | 'unquotedFilterValues'
  /** A group PUT without `members` leaves the members as they are, instead of emptying the group. */
  | 'keepAbsentMembers';

/** One coercion of a dialect, with its proof. */
export interface DialectCoercion {
  readonly coercion: Coercion;
  /** When the identity provider does it, in a sentence. */
  readonly description: string;
  /** The recorded conversation that needs it, as a path below `test/conformance/`. */
  readonly fixture: string;
  /**
   * Paths of the attributes for which it is known to be needed.
   * @default all
   */
  readonly only?: readonly string[];
}

/** The deviations of one identity provider. */
export interface Dialect {
  /** Lower-case name as in the mapping state's `identityProvider`, or `strict`. */
  readonly name: string;
  readonly coercions: readonly DialectCoercion[];
  /** Status of a successful PATCH of a User. 200 carries the resource. RFC 7644 §3.5.2 allows both. */
  readonly userPatchAnswer: 200 | 204;
  /** Status of a successful PATCH of a Group; with `attributes` in the query it is 200 regardless. */
  readonly groupPatchAnswer: 200 | 204;
  /**
   * Attributes of ServiceProviderConfig that the client can't read: it refuses the whole of it when one is there.
   * @default none
   */
  readonly unreadConfig?: readonly string[];
}

/** Called each time a coercion is applied. `where` is the attribute path or the message part; never a value. */
export type CountCoercion = (coercion: Coercion, where: string) => void;

/** Long lists of a body, by the list: what reading the members in each comes to, errors and coercions included. */
export type MembersAhead = ReadonlyMap<Json, (asked: Leniency) => readonly MemberValue[]>;

/** What the pure functions take to be lenient: a dialect, and somebody who counts. */
export interface Leniency {
  /** @default strict */
  readonly dialect?: Dialect;
  /** @default counts nothing */
  readonly counted?: CountCoercion;
  /**
   * Long lists of members that were read already.
   * @default none
   */
  readonly ahead?: MembersAhead;
}

/** RFC 7643 and RFC 7644 to the letter. */
export const strict: Dialect = { name: 'strict', coercions: [], userPatchAnswer: 200, groupPatchAnswer: 204 };

/** Whether the dialect has the coercion for that place; does not count. */
function allows(dialect: Dialect, coercion: Coercion, where: string): boolean {
  return dialect.coercions.some(entry => entry.coercion === coercion && entry.only?.includes(where) !== false);
}

/**
 * Asks for a coercion at the place where the input needs it: true, and counted, when the dialect has it; false when the
 * caller has to refuse.
 */
export function coerces(leniency: Leniency, coercion: Coercion, where: string): boolean {
  if (leniency.dialect === undefined || !allows(leniency.dialect, coercion, where)) return false;
  leniency.counted?.(coercion, where);
  return true;
}
