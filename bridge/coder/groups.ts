/** Groups and their members. One writer per group at a time is the caller's part: Coder fails concurrent changes. */
import * as z from 'zod';
import { type Capabilities } from './capabilities';
import { CoderError, isRefusal, lookAfter } from './transport/errors';
import { readListing } from './transport/paging';
import { parseBody } from './transport/answers';
import { type Visibility, orUndefined } from './visibility';
import { type Transport, type WriteWatch } from './transport/transport';
import { CoderGroup, type GroupMember, GroupMemberPage } from './types';

/** What a group has beside its name and members. Left out, a new group has '' and 0, and a group that is there keeps what it has. */
export interface GroupSettings {
  readonly displayName?: string | undefined;
  readonly avatarUrl?: string | undefined;
  /** 0 to 2,147,483,647: Coder keeps 32 bits and wraps. */
  readonly quotaAllowance?: number | undefined;
}

export interface NewGroup extends GroupSettings {
  /** By Coder's rules, case-sensitive: see `deriveGroupNames`. */
  readonly name: string;
}

export interface GroupChange extends GroupSettings {
  readonly addUsers?: readonly string[] | undefined;
  readonly removeUsers?: readonly string[] | undefined;
  readonly name?: string | undefined;
}

export interface GroupCalls {
  /**
   * By name, case-sensitive, without reading more members than Coder insists on sending.
   * @param wasThere it was made, or about to be: that there is none counts only with rights that are looked at anew
   */
  getGroupByName(organizationId: string, name: string, wasThere?: boolean): Promise<CoderGroup | undefined>;
  /** By id, without members where the server can leave them out (v2.32 on). */
  getGroup(groupId: string): Promise<CoderGroup | undefined>;
  /** Groups of an organization with the members of each, `Everyone` left out: one large answer, not for a sweep. */
  allGroups(organizationId: string): Promise<readonly CoderGroup[]>;
  /** After 409 or no answer it looks again. @throws CoderError refused `group-name-invalid`; `licence` */
  createGroup(
    organizationId: string,
    group: NewGroup,
  ): Promise<{
    outcome: 'created' | 'existed';
    group: CoderGroup;
    /** It exists, and the answer to its creation was lost: it is likely to be this call's own. */
    answerLost?: boolean;
  }>;
  /**
   * One call for all changes of a group; all or nothing. The answer holds every member, of which only their number is read.
   * Not idempotent: a repeated add is refused. No call when nothing is asked for.
   * @throws CoderError refused `already-member`, `not-in-organization`, `concurrent-change` (read the members again),
   *   `invalid-id`, `group-exists`, `group-name-invalid`, `everyone-group`
   */
  patchGroup(groupId: string, change: GroupChange): Promise<Pick<CoderGroup, 'memberCount'> | undefined>;
  /** Every member, in pages where the server has them (v2.32 on). @throws CoderError `incomplete_listing` */
  listGroupMembers(groupId: string): AsyncIterable<GroupMember>;
  /** Whether one account is in the group: cheap at any size from v2.32 on. */
  isGroupMember(groupId: string, user: { readonly id: string; readonly username: string }): Promise<boolean>;
  /** Idempotent here. */
  deleteGroup(groupId: string, watch?: WriteWatch): Promise<'deleted' | 'absent'>;
}

/** Within a text of JSON a quotation mark would be escaped: this is a key, and Coder states it once. */
const TOTAL = /"total_member_count":\s*(\d+)/;

/** The number of members from the text of a group, without reading each of them: a large group has kilobytes of them. */
const MemberCount = z.string().transform((text, context): Pick<CoderGroup, 'memberCount'> => {
  const stated = TOTAL.exec(text)?.[1];
  if (stated !== undefined) return { memberCount: Number(stated) };
  const group = CoderGroup.safeParse(parseBody(text));
  if (group.success) return group.data;
  context.addIssue({ code: 'custom', message: 'wanted a group' });
  return z.NEVER;
});

// Coder takes some 14 ms a page, whatever the size of the group.
const PAGE = 1_000;

export function groupCalls(
  transport: Transport,
  visibility: Visibility,
  capabilities: () => Promise<Capabilities>,
): GroupCalls {
  const read = (groupId: string, query?: Record<string, string>): Promise<CoderGroup> =>
    transport.send({ method: 'GET', path: '/groups/{group}', params: { group: groupId }, query, read: CoderGroup });

  function pages(groupId: string, q?: string): AsyncIterable<GroupMember> {
    const path = '/groups/{group}/members';
    return readListing({
      route: `GET ${path}`,
      pageSize: PAGE,
      fetch: async (after, limit) => {
        const query = { q, limit, after_id: after?.id };
        const page = await transport.send({
          method: 'GET',
          path,
          params: { group: groupId },
          query,
          read: GroupMemberPage,
        });
        return { rows: page.users, count: page.count };
      },
      idOf: member => member.id,
    });
  }

  async function wholeGroup(groupId: string): Promise<readonly GroupMember[]> {
    const group = await read(groupId);
    if (group.members.length < group.memberCount) {
      throw new CoderError(
        `GET /groups/{group} shows ${group.members.length} of ${group.memberCount} members: the bridge's account may not see them all; give it the site role user-admin (or owner)`,
        { kind: 'incomplete_listing', route: 'GET /groups/{group}' },
      );
    }
    return group.members;
  }

  async function getGroupByName(organization: string, name: string, wasThere = false): Promise<CoderGroup | undefined> {
    const path = '/organizations/{organization}/groups/{name}';
    const group = await orUndefined(
      transport.send({ method: 'GET', path, params: { organization, name }, read: CoderGroup }),
    );
    if (group === undefined)
      await (wasThere ? visibility.stillSeesAll(`GET ${path}`) : visibility.seesAll(`GET ${path}`));
    return group;
  }

  return {
    getGroupByName,
    async getGroup(groupId) {
      const { groupMemberPages } = await capabilities();
      const group = await orUndefined(read(groupId, groupMemberPages ? { exclude_members: 'true' } : undefined));
      if (group === undefined) await visibility.stillSeesAll('GET /groups/{group}');
      return group;
    },
    async allGroups(organization) {
      const groups = await transport.send({
        method: 'GET',
        path: '/organizations/{organization}/groups',
        params: { organization },
        read: z.array(CoderGroup),
      });
      // What is not in it is taken for gone.
      await visibility.stillSeesAll('GET /organizations/{organization}/groups');
      return groups.filter(group => !group.isEveryone);
    },
    async createGroup(organization, { name, displayName, avatarUrl, quotaAllowance }) {
      try {
        const group = await transport.send({
          method: 'POST',
          path: '/organizations/{organization}/groups',
          params: { organization },
          body: {
            name,
            display_name: displayName ?? '',
            avatar_url: avatarUrl ?? '',
            quota_allowance: quotaAllowance ?? 0,
          },
          read: CoderGroup,
        });
        return { outcome: 'created', group };
      } catch (error) {
        if (!isRefusal(error, 'group-exists') && !(error instanceof CoderError && error.maybeDone)) throw error;
        const group = await lookAfter(error, getGroupByName(organization, name));
        if (group === undefined) throw error;
        return { outcome: 'existed', group, answerLost: error.maybeDone === true };
      }
    },
    async patchGroup(groupId, { addUsers = [], removeUsers = [], name, displayName, avatarUrl, quotaAllowance }) {
      const add = [...new Set(addUsers)];
      const remove = [...new Set(removeUsers)];
      const both = add.find(id => remove.includes(id));
      if (both !== undefined)
        throw new TypeError(`user ${both} is to be added and removed in one call: wanted one of the two`);
      // Left out of the body, each of these stays as it is.
      const set = { name, display_name: displayName, avatar_url: avatarUrl, quota_allowance: quotaAllowance };
      const nothing = Object.values(set).every(value => value === undefined);
      if (add.length + remove.length === 0 && nothing) return undefined;
      return transport.send({
        method: 'PATCH',
        path: '/groups/{group}',
        params: { group: groupId },
        body: { add_users: add, remove_users: remove, ...set },
        read: MemberCount,
        text: true,
      });
    },
    async *listGroupMembers(groupId) {
      await visibility.seesAll('GET /groups/{group}/members');
      if ((await capabilities()).groupMemberPages) yield* pages(groupId);
      else yield* await wholeGroup(groupId);
    },
    async isGroupMember(groupId, user) {
      if (!(await capabilities()).groupMemberPages) {
        return (await wholeGroup(groupId)).some(member => member.id === user.id);
      }
      for await (const member of pages(groupId, user.username)) if (member.id === user.id) return true;
      await visibility.seesAll('GET /groups/{group}/members');
      return false;
    },
    async deleteGroup(group, watch) {
      const deleted = await orUndefined(
        transport
          .send({
            method: 'DELETE',
            path: '/groups/{group}',
            params: { group },
            read: z.unknown(),
            idempotent: true,
            watch,
          })
          .then(() => 'deleted' as const),
      );
      if (deleted === undefined) await visibility.stillSeesAll('DELETE /groups/{group}');
      return deleted ?? 'absent';
    },
  };
}
