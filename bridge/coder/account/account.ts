/** The bridge's own account: who it is, what it may do, and what server it talks to. */
import * as z from 'zod';
import { type Capabilities, capabilitiesOf } from '../capabilities';
import { type OrganizationCalls } from '../organizations';
import { type MissingRight, missingRights, type RightsNeeds } from './rights';
import { type RoleCalls } from '../roles';
import { orUndefined } from '../visibility';
import { type Transport } from '../transport/transport';
import { ApiKey, CoderRoles, CoderUser, Entitlements } from '../types';

export interface Account {
  readonly user: CoderUser;
  readonly roles: CoderRoles;
}

export interface AccountCalls {
  /** Who the token belongs to, with all roles. */
  whoami(): Promise<Account>;
  /** Version and what it can do; needs no token. Cached, and refreshed when an answer shows another version. */
  capabilities(): Promise<Capabilities>;
  getEntitlements(): Promise<Entitlements>;
  /** What is missing for these needs; empty when all is well. */
  checkRights(needs: RightsNeeds): Promise<readonly MissingRight[]>;
}

const BuildInformation = z.object({ version: z.string() });

export function accountCalls(
  transport: Transport,
  token: () => Promise<string>,
  { listSiteRoles, listOrganizationRoles }: Pick<RoleCalls, 'listSiteRoles' | 'listOrganizationRoles'>,
  { getOrganization }: Pick<OrganizationCalls, 'getOrganization'>,
): AccountCalls {
  let known: Capabilities | undefined;

  async function capabilities(): Promise<Capabilities> {
    const version =
      transport.version ??
      (await transport.send({ method: 'GET', path: '/buildinfo', read: BuildInformation })).version;
    if (known?.version !== version) known = capabilitiesOf(version);
    return known;
  }

  async function whoami(): Promise<Account> {
    const user = await transport.send({ method: 'GET', path: '/users/me', read: CoderUser });
    const roles = await transport.send({ method: 'GET', path: '/users/me/roles', read: CoderRoles });
    return { user, roles };
  }

  return {
    whoami,
    capabilities,
    async getEntitlements() {
      return transport.send({ method: 'GET', path: '/entitlements', read: Entitlements });
    },
    async checkRights(needs) {
      const { roles } = await whoami();
      const organizations = [
        ...new Set([...(needs.organizationRoles ?? []), ...(needs.organizations ?? []), ...(needs.customRoles ?? [])]),
      ];
      const key = await orUndefined(
        transport.send({
          method: 'GET',
          path: '/users/me/keys/{key}',
          params: { key: (await token()).split('-')[0] ?? '' },
          read: ApiKey,
        }),
      );
      const seen = await Promise.all(
        organizations.map(async id => ({
          id,
          organization: await getOrganization(id),
          roles: (await orUndefined(listOrganizationRoles(id))) ?? [],
        })),
      );
      return missingRights(needs, {
        roles,
        scopes: key?.scopes ?? [],
        siteRoles: needs.siteRoles === true ? await listSiteRoles() : [],
        organizations: new Map(
          seen.map(({ id, organization, roles }) => [id, { roles, impliedRoles: organization?.impliedRoles ?? [] }]),
        ),
      });
    },
  };
}
