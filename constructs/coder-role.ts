/** A role of Coder: one of the site roles, or a role inside an organization. */
export class CoderRole {
  /** Site role: everything. */
  static readonly OWNER = new CoderRole('owner', 'site');
  /** Site role: users, groups and organization members, no roles. */
  static readonly USER_ADMIN = new CoderRole('user-admin', 'site');
  /** Site role: templates everywhere. */
  static readonly TEMPLATE_ADMIN = new CoderRole('template-admin', 'site');
  /** Site role: reads audit logs and deployment settings. */
  static readonly AUDITOR = new CoderRole('auditor', 'site');
  /** Site role that everybody has: an account and nothing else. */
  static readonly MEMBER = new CoderRole('member', 'site');

  /** Everything in the organization. */
  static readonly ORGANIZATION_ADMIN = new CoderRole('organization-admin', 'organization');
  /** Members and groups of the organization. */
  static readonly ORGANIZATION_USER_ADMIN = new CoderRole('organization-user-admin', 'organization');
  /** Templates of the organization. */
  static readonly ORGANIZATION_TEMPLATE_ADMIN = new CoderRole('organization-template-admin', 'organization');
  /** Reads the audit log of the organization. */
  static readonly ORGANIZATION_AUDITOR = new CoderRole('organization-auditor', 'organization');
  /** Takes away the right to create workspaces. */
  static readonly ORGANIZATION_WORKSPACE_CREATION_BAN = new CoderRole(
    'organization-workspace-creation-ban',
    'organization',
  );
  /** The right to have workspaces; Coder 2.35 and newer. */
  static readonly ORGANIZATION_WORKSPACE_ACCESS = new CoderRole('organization-workspace-access', 'organization');
  /** The right to use Coder's agents; Coder 2.33 and newer. */
  static readonly AGENTS_ACCESS = new CoderRole('agents-access', 'organization');

  /**
   * A custom role of an organization that exists in Coder, or that a `CustomRole` of the same app declares.
   * @param name 1 to 32 letters, digits or single hyphens
   * @throws Error for a role that Coder brings itself: it has a constant here
   */
  static custom(name: string): CoderRole {
    const constant = Object.entries(CoderRole).find(
      ([, role]) => role instanceof CoderRole && role.name === name.toLowerCase(),
    )?.[0];
    if (constant !== undefined) {
      throw new Error(
        `CoderRole.custom(${JSON.stringify(name)}): Coder brings this role itself, it is no custom one: use CoderRole.${constant}`,
      );
    }
    return new CoderRole(name, 'organization');
  }

  /** @internal Whether a value is one, also one of another copy of this package. */
  static _is(this: void, value: unknown): value is CoderRole {
    const { scope } = (value ?? {}) as { readonly scope?: unknown };
    return scope === 'site' || scope === 'organization';
  }

  private constructor(
    /** Name in Coder's API. */
    readonly name: string,
    /** Where the role holds: in the whole deployment, or in one organization. */
    readonly scope: 'site' | 'organization',
  ) {}
}
