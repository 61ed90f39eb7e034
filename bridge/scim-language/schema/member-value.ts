/** A member of a group as requests state it (RFC 7643 §4.2). */

/** A member as a request states it. Whether it exists, and its type when unstated, is for the store to find. */
export interface MemberValue {
  readonly value: string;
  /** `User` or `Group`, as stated or as `$ref` tells. */
  readonly type?: 'User' | 'Group';
  readonly display?: string;
}
