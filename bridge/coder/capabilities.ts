/** What a version of Coder can do, as far as the bridge adapts to it. Pure. */

/** The oldest version that is supported (extended support release). */
export const OLDEST_SUPPORTED = 'v2.29';

export interface Capabilities {
  /** As the server says it, e.g. `v2.36.0`. */
  readonly version: string;
  readonly supported: boolean;
  readonly serviceAccounts: boolean;
  /** `GET /groups/{id}/members` in pages, and `exclude_members`. */
  readonly groupMemberPages: boolean;
  /** `GET /organizations/{org}/members/{user}`. */
  readonly memberLookup: boolean;
  /**
   * `after_id` for members of an organization. Coder's source before members had a status, which came with v2.32, asks its database for `offset` and
   * `limit` alone; that this is so of each version below, and of none from it on, is concluded from that.
   */
  readonly memberPages: boolean;
  /** Organizations state roles that each member has without being given them. */
  readonly impliedRoles: boolean;
  /** `email:` and `username:` in the search of users. */
  readonly exactSearch: boolean;
}

/** The capabilities of a version text; of an unreadable one (a development build) only what every supported version has. */
export function capabilitiesOf(version: string): Capabilities {
  const [, major, minor] = /^v?(\d+)\.(\d+)\./.exec(version) ?? [];
  const number = major === undefined || minor === undefined ? 0 : Number(major) * 1_000 + Number(minor);
  const from = (wanted: number): boolean => number >= wanted;
  return {
    version,
    supported: number === 0 || from(2_029),
    serviceAccounts: from(2_032),
    groupMemberPages: from(2_032),
    memberLookup: from(2_032),
    memberPages: from(2_032),
    impliedRoles: from(2_035),
    exactSearch: from(2_037),
  };
}
