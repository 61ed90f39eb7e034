/** Organizations, who is a member of them and with which roles. */
import * as z from 'zod';
import { type Capabilities } from './capabilities';
import { isRefusal } from './transport/errors';
import { readListing } from './transport/paging';
import { type Visibility, orUndefined } from './visibility';
import { type Transport, type WriteWatch } from './transport/transport';
import { CoderOrganization, OrganizationMember, OrganizationMemberPage, OrganizationMembers } from './types';
import { type UserCalls, fullList } from './users';

export interface OrganizationCalls {
  listOrganizations(): Promise<readonly CoderOrganization[]>;
  /** By id, by name (without case), or `default`; undefined when there is none or the account may not see it. */
  getOrganization(organization: string): Promise<CoderOrganization | undefined>;
  /** Idempotent here. @throws CoderError refused `organization-sync` */
  addMember(organizationId: string, userId: string, watch?: WriteWatch): Promise<'added' | 'already'>;
  /** Takes the membership, and with it the roles and groups in that organization. Idempotent here. */
  removeMember(organizationId: string, userId: string, watch?: WriteWatch): Promise<'removed' | 'absent'>;
  /**
   * Replaces the explicit roles in the organization by exactly this list; idempotent.
   * @throws TypeError when the list is not an array: Coder would take every role away
   * @throws CoderError refused `organization-role-sync`, `role-not-assignable`, `role-unknown`, `own-account`
   */
  setMemberRoles(
    organizationId: string,
    userId: string,
    roles: readonly string[],
    watch?: WriteWatch,
  ): Promise<OrganizationMember>;
  /** Every member; in pages where Coder knows how to go on, and not fooled by one that ends early. @throws CoderError `incomplete_listing` */
  listMembers(organizationId: string): AsyncIterable<OrganizationMember>;
  /** One member; undefined when the account is not in the organization. Works on all versions. */
  getMember(organizationId: string, userId: string): Promise<OrganizationMember | undefined>;
}

const PAGE = 500;

export function organizationCalls(
  transport: Transport,
  visibility: Visibility,
  capabilities: () => Promise<Capabilities>,
  getRoles: UserCalls['getRoles'],
): OrganizationCalls {
  /** Membership as the account's own roles state it: on every version, and the way to tell 404 from absence. */
  async function membershipOf(organizationId: string, userId: string): Promise<readonly string[] | undefined> {
    const roles = await orUndefined(getRoles(userId));
    if (roles === undefined) await visibility.stillSeesAll('GET /users/{user}/roles');
    return roles?.organizations.get(organizationId);
  }

  return {
    async listOrganizations() {
      return transport.send({ method: 'GET', path: '/organizations', read: z.array(CoderOrganization) });
    },
    async getOrganization(organization) {
      return orUndefined(
        transport.send({
          method: 'GET',
          path: '/organizations/{organization}',
          params: { organization },
          read: CoderOrganization,
        }),
      );
    },
    async addMember(organization, user, watch) {
      try {
        await transport.send({
          method: 'POST',
          path: '/organizations/{organization}/members/{user}',
          params: { organization, user },
          read: z.unknown(),
          // A repetition is refused as `already-member`, which is what was wanted.
          idempotent: true,
          watch,
        });
        return 'added';
      } catch (error) {
        if (isRefusal(error, 'already-member')) return 'already';
        throw error;
      }
    },
    async removeMember(organization, user, watch) {
      const removal = transport
        .send({
          method: 'DELETE',
          path: '/organizations/{organization}/members/{user}',
          params: { organization, user },
          read: z.unknown(),
          idempotent: true,
          watch,
        })
        .then(() => 'removed' as const);
      const removed = await orUndefined(removal);
      if (removed !== undefined) return removed;
      if ((await membershipOf(organization, user)) === undefined) return 'absent';
      return removal;
    },
    async setMemberRoles(organization, user, roles, watch) {
      return transport.send({
        method: 'PUT',
        path: '/organizations/{organization}/members/{user}/roles',
        params: { organization, user },
        body: { roles: fullList(roles) },
        read: OrganizationMember,
        idempotent: true,
        watch,
      });
    },
    async *listMembers(organization) {
      if (!(await capabilities()).memberPages) {
        const path = '/organizations/{organization}/members';
        await visibility.seesAll(`GET ${path}`);
        // All of them at once, on every version.
        yield* await transport.send({ method: 'GET', path, params: { organization }, read: OrganizationMembers });
        return;
      }
      const path = '/organizations/{organization}/paginated-members';
      await visibility.seesAll(`GET ${path}`);
      yield* readListing({
        route: `GET ${path}`,
        pageSize: PAGE,
        fetch: async (after, limit) => {
          const query = { limit, after_id: after?.userId };
          const read = OrganizationMemberPage;
          const page = await transport.send({ method: 'GET', path, params: { organization }, query, read });
          return { rows: page.members, count: page.count };
        },
        idOf: member => member.userId,
      });
    },
    async getMember(organization, user) {
      if ((await capabilities()).memberLookup) {
        const member = await orUndefined(
          transport.send({
            method: 'GET',
            path: '/organizations/{organization}/members/{user}',
            params: { organization, user },
            read: OrganizationMember,
          }),
        );
        if (member === undefined) await visibility.seesAll('GET /organizations/{organization}/members/{user}');
        return member;
      }
      const roles = await membershipOf(organization, user);
      return roles === undefined
        ? undefined
        : { userId: user, organizationId: organization, username: '', roles: [...roles] };
    },
  };
}
