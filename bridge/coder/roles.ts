/** Which roles there are, which of them the bridge may assign, and the custom roles it keeps. */
import * as z from 'zod';
import { CoderError, isRefusal, lookAfter, maybeWithEffect } from './transport/errors';
import { orUndefined } from './visibility';
import { lookAgain, type Transport, type WriteWatch } from './transport/transport';
import { CoderRole, type Permission } from './types';
import { identityKey } from '../contract/identity';

export interface CustomRoleShape {
  readonly name: string;
  readonly displayName: string;
  readonly permissions: readonly Permission[];
}

export interface RoleCalls {
  /** Site roles, with `assignable` for this account. */
  listSiteRoles(): Promise<readonly CoderRole[]>;
  /** Roles of an organization, built in and custom, with `assignable` for this account. */
  listOrganizationRoles(organizationId: string): Promise<readonly CoderRole[]>;
  /** After a refusal or no answer it looks again. @throws CoderError refused `permissions-invalid`, `role-name-reserved`; `licence` */
  createCustomRole(
    organizationId: string,
    role: CustomRoleShape,
  ): Promise<{
    outcome: 'created' | 'existed';
    role: CoderRole;
    /** It exists, and the answer to its creation was lost: it is likely to be this call's own. */
    answerLost?: boolean;
  }>;
  /**
   * Replaces the permissions of a custom role. Coder drops invalid ones without a word, so what came back is compared;
   * when some are missing, the role is put back as it was. Idempotent.
   * @throws CoderError refused `permissions-invalid`
   */
  updateCustomRole(organizationId: string, role: CustomRoleShape): Promise<CoderRole>;
  /** Takes the role from everybody who has it. Idempotent here. */
  deleteCustomRole(organizationId: string, name: string, watch?: WriteWatch): Promise<'deleted' | 'absent'>;
}

const PATH = '/organizations/{organization}/members/roles';
const PERMISSION_PART = /^[a-z_]+$/;

const keyOf = (permission: Permission): string =>
  `${permission.negate ? 'not ' : ''}${permission.resourceType}:${permission.action}`;

function invalidPermissions(route: string, role: string, wrong: readonly string[], why: string): CoderError {
  return new CoderError(
    `custom role ${JSON.stringify(role)}: permissions ${wrong.join(', ')} ${why}: wanted a resource type and an action that this version of Coder knows`,
    { kind: 'refused', route, reason: 'permissions-invalid' },
  );
}

const DROPPED = 'are unknown to Coder, which dropped them';

/** Permissions that were sent and did not come back. */
function droppedOf(sent: Pick<CustomRoleShape, 'permissions'>, answer: CoderRole): string[] {
  const kept = new Set(answer.permissions.map(keyOf));
  return sent.permissions.map(keyOf).filter(key => !kept.has(key));
}

export function roleCalls(transport: Transport): RoleCalls {
  const bodyOf = (role: CustomRoleShape): unknown => ({
    name: role.name,
    display_name: role.displayName,
    site_permissions: [],
    user_permissions: [],
    organization_permissions: role.permissions.map(({ negate, resourceType, action }) => ({
      negate,
      resource_type: resourceType,
      action,
    })),
  });
  const write = (
    method: 'POST' | 'PUT',
    organization: string,
    role: CustomRoleShape,
    watch?: WriteWatch,
  ): Promise<CoderRole> =>
    transport.send({
      method,
      path: PATH,
      params: { organization },
      body: bodyOf(role),
      // The answer is one role, whatever the server's own documentation says.
      read: CoderRole,
      idempotent: method === 'PUT',
      watch,
    });

  async function listOrganizationRoles(organization: string): Promise<readonly CoderRole[]> {
    return transport.send({ method: 'GET', path: PATH, params: { organization }, read: z.array(CoderRole) });
  }

  async function findCustomRole(organization: string, name: string): Promise<CoderRole | undefined> {
    const roles = await listOrganizationRoles(organization);
    return roles.find(role => !role.builtIn && role.name === identityKey(name));
  }

  function checkForm(route: string, role: CustomRoleShape): void {
    const wrong = role.permissions.filter(
      ({ resourceType, action }) => !PERMISSION_PART.test(resourceType) || !PERMISSION_PART.test(action),
    );
    if (wrong.length > 0) throw invalidPermissions(route, role.name, wrong.map(keyOf), 'are malformed or wildcards');
  }

  async function deleteCustomRole(
    organization: string,
    name: string,
    watch?: WriteWatch,
  ): Promise<'deleted' | 'absent'> {
    const deletion = transport
      .send({
        method: 'DELETE',
        path: `${PATH}/{role}`,
        params: { organization, role: name },
        read: z.unknown(),
        idempotent: true,
        watch,
      })
      .then(() => 'deleted' as const);
    const deleted = await orUndefined(deletion);
    if (deleted !== undefined) return deleted;
    return (await findCustomRole(organization, name)) === undefined ? 'absent' : deletion;
  }

  return {
    async listSiteRoles() {
      return transport.send({ method: 'GET', path: '/users/roles', read: z.array(CoderRole) });
    },
    listOrganizationRoles,
    async createCustomRole(organization, role) {
      checkForm(`POST ${PATH}`, role);
      try {
        const created = await write('POST', organization, role);
        const dropped = droppedOf(role, created);
        if (dropped.length === 0) return { outcome: 'created', role: created };
        // Where that fails, what was made is there still.
        await deleteCustomRole(organization, created.name).catch((error: unknown) => {
          throw error instanceof CoderError ? maybeWithEffect(error) : error;
        });
        throw invalidPermissions(`POST ${PATH}`, role.name, dropped, DROPPED);
      } catch (error) {
        // A taken name and an invalid permission are refused with the same words.
        if (!isRefusal(error, 'permissions-invalid') && !(error instanceof CoderError && error.maybeDone)) throw error;
        const existing = await lookAfter(error, findCustomRole(organization, role.name));
        if (existing === undefined) throw error;
        return { outcome: 'existed', role: existing, answerLost: error.maybeDone === true };
      }
    },
    async updateCustomRole(organization, role) {
      const route = `PUT ${PATH}`;
      checkForm(route, role);
      const before = await findCustomRole(organization, role.name);
      const after = await write('PUT', organization, role, {
        async delayed() {
          const now = await findCustomRole(organization, role.name);
          if (JSON.stringify(now) !== JSON.stringify(before))
            throw lookAgain(route, `custom role ${JSON.stringify(role.name)} was changed meanwhile`);
        },
      });
      const dropped = droppedOf(role, after);
      if (dropped.length === 0) return after;
      if (before !== undefined) await write('PUT', organization, before);
      throw invalidPermissions(route, role.name, dropped, DROPPED);
    },
    deleteCustomRole,
  };
}
