/** The bridge's own account: who it is, what it may do, and what server it talks to. */
import { z } from 'zod';
import { type Capabilities, capabilitiesOf } from '../capabilities';
import { type OrganizationCalls } from '../organizations';
import { missingRights } from './rights';
import { type RoleCalls } from '../roles';
import { orUndefined } from '../sight';
import { type Transport } from '../transport/transport';
import { ApiKey, CoderRoles, CoderUser, Entitlements } from '../types';

/** What the mappings need of the account; organizations by id. People's accounts are always needed. */
export interface RightsNeeds {
  readonly siteRoles?: boolean | undefined;
  readonly organizationRoles?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
  /** Memberships of these organizations are written. */
  readonly organizations?: readonly string[] | undefined;
  readonly customRoles?: readonly string[] | undefined;
  /** Sync settings of these organizations, and of the deployment, are written. */
  readonly claims?: readonly string[] | undefined;
}

/** One thing that the account may not do. */
export interface MissingRight {
  readonly need: 'accounts' | 'token-scope' | keyof RightsNeeds;
  /** Organization id, where it is about one. */
  readonly organization?: string | undefined;
  /** What can not be done, in words. */
  readonly detail: string;
  /** Roles of which one would give it, the least powerful first. */
  readonly grantedBy: readonly string[];
}

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
