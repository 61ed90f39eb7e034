import { type Construct } from 'constructs';
import { CoderRole } from './coder-role';
import { checkSettings, shown } from './l1/settings';
import { type IdpGroupConfig, MappingEntry } from './entry';

/** Settings of a role mapping. */
export interface RoleMappingConfig extends IdpGroupConfig {
  /** The role that people of the group hold. */
  readonly role: CoderRole;
  /**
   * Name of the organization that an organization role is for. Wanted with such a role, refused with a site role.
   * @default - none: the role is a site role
   */
  readonly organization?: string;
}

/**
 * People of an identity provider's group hold a role in Coder. A person in several groups holds all their roles.
 *
 * @example
 * new RoleMapping(app, 'admins', { idpGroup: 'coder-admins', role: CoderRole.OWNER });
 */
export class RoleMapping extends MappingEntry {
  /** The role that people of the group hold. */
  readonly role: CoderRole;
  readonly organization: string | undefined;

  /** @throws Error when `role` is none, when a site role comes with an organization, or an organization role without one */
  constructor(scope: Construct, id: string, config: RoleMappingConfig) {
    checkSettings(`${scope.node.path}/${id}`, config, {
      idpGroup: true,
      idpGroupExternalId: true,
      role: true,
      organization: true,
    });
    const { role, organization, ...group } = config;
    if (!CoderRole._is(role)) {
      throw new Error(
        `role mapping "${scope.node.path}/${id}": role ${shown(role)}: wanted a constant of CoderRole, such as CoderRole.OWNER, or CoderRole.custom(…)`,
      );
    }
    if (role.scope === 'site' && organization !== undefined) {
      throw new Error(
        `role mapping "${scope.node.path}/${id}": ${JSON.stringify(role.name)} is a site role and has no organization: leave out organization ${JSON.stringify(organization)}`,
      );
    }
    if (role.scope === 'organization' && organization === undefined) {
      throw new Error(
        `role mapping "${scope.node.path}/${id}": ${JSON.stringify(role.name)} is a role in an organization: say which one, organization: "default" for Coder's default organization`,
      );
    }
    super(scope, id, 'roleMappings', { ...group, role: role.name, organization } as IdpGroupConfig);
    this.role = role;
    this.organization = organization;
  }
}
