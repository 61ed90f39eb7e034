/** Groups and their members. One writer per group at a time is the caller's part: Coder fails concurrent changes. */
import { type CoderGroup, type GroupMember } from './types';

export interface NewGroup {
  /** By Coder's rules, case-sensitive: see `deriveGroupName`. */
  readonly name: string;
  /** @default '' */
  readonly displayName?: string | undefined;
}

export interface GroupChange {
  readonly addUsers?: readonly string[] | undefined;
  readonly removeUsers?: readonly string[] | undefined;
  readonly name?: string | undefined;
  readonly displayName?: string | undefined;
}

export interface GroupCalls {
  /** By name, case-sensitive, without reading more members than Coder insists on sending. */
  getGroupByName(organizationId: string, name: string): Promise<CoderGroup | undefined>;
  /** By id, without members where the server can leave them out (v2.32 on). */
  getGroup(groupId: string): Promise<CoderGroup | undefined>;
  /** Groups of an organization, `Everyone` left out; older servers send the members of each. */
  allGroups(organizationId: string): Promise<readonly CoderGroup[]>;
  /** After 409 or no answer it looks again. @throws CoderError refused `group-name-invalid`; `licence` */
  createGroup(organizationId: string, group: NewGroup): Promise<{ outcome: 'created' | 'existed'; group: CoderGroup }>;
  /**
   * One call for all changes of a group; all or nothing. The answer holds every member, so it is a full read as well.
   * Not idempotent: a repeated add is refused. No call when nothing is asked for.
   * @throws CoderError refused `already-member`, `not-in-organization`, `concurrent-change` (read the members again),
   *   `invalid-id`, `group-exists`, `group-name-invalid`, `everyone-group`
   */
  patchGroup(groupId: string, change: GroupChange): Promise<CoderGroup | undefined>;
  /** Every member, in pages where the server has them (v2.32 on). @throws CoderError `incomplete_listing` */
  listGroupMembers(groupId: string): AsyncIterable<GroupMember>;
  /** Whether one account is in the group: cheap at any size from v2.32 on. */
  isGroupMember(groupId: string, user: { readonly id: string; readonly username: string }): Promise<boolean>;
  /** Idempotent here. */
  deleteGroup(groupId: string): Promise<'deleted' | 'absent'>;
}
