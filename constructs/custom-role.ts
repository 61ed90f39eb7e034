import { type Construct } from 'constructs';
import { CoderRole } from './coder-role';
import { Entry } from './entry';

/** One permission of a custom role. */
export interface CustomRolePermission {
  /** Resource type in Coder's terms, e.g. `template`, `workspace`, `group`. */
  readonly resourceType: string;
  /** Action on it, e.g. `read`, `update`. Coder refuses wildcards. */
  readonly action: string;
  /**
   * Coder knows no negative permissions in custom roles: `true` is refused at synth.
   * @default false
   */
  readonly negate?: boolean;
}

/** Settings of a custom role. */
export interface CustomRoleConfig {
  /** Name of the role in Coder: 1 to 32 small letters, digits or single hyphens; can't be changed later. */
  readonly name: string;
  /**
   * Organization that the role is made in.
   * @default - Coder's default organization
   */
  readonly organization?: string;
  /**
   * Display name, at most 64 bytes.
   * @default - none
   */
  readonly displayName?: string;
  /** What the role may do, at least one. */
  readonly permissions: readonly CustomRolePermission[];
}

/**
 * A custom organization role that the bridge keeps in Coder (Premium). Name it in a mapping through `role`.
 *
 * @example
 * const reviewer = new CustomRole(app, 'reviewer', {
 *   name: 'template-reviewer',
 *   permissions: [{ resourceType: 'template', action: 'read' }],
 * });
 * new RoleMapping(app, 'reviewers', { idpGroup: 'coder-reviewers', role: reviewer.role, organization: 'default' });
 */
export class CustomRole extends Entry {
  /** Name of the role in Coder. */
  readonly roleName: string;
  /** Organization that the role is made in; undefined for Coder's default organization. */
  readonly organization: string | undefined;

  constructor(scope: Construct, id: string, config: CustomRoleConfig) {
    super(scope, id, 'customRoles', config);
    this.roleName = config.name;
    this.organization = config.organization;
  }

  /** The role, for a `RoleMapping`. */
  get role(): CoderRole {
    return CoderRole.custom(this.roleName);
  }
}
