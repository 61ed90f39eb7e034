import { Construct } from 'constructs';
import { CoderRole } from './coder-role';
import { GroupMapping } from './group-mapping';
import { RoleMapping } from './role-mapping';
import { checkSettings } from './l1/settings';

/** Settings of the four tiers: each names the identity provider's group, `false` leaves the tier out. */
export interface GovernedAccessConfig {
  /**
   * Group whose people are owners.
   * @default 'coder-admins'
   */
  readonly admins?: string | false;
  /**
   * Group whose people administer templates.
   * @default 'coder-platform'
   */
  readonly platform?: string | false;
  /**
   * Group whose people are members, and members of the Coder group `developersGroup`.
   * @default 'coder-developers'
   */
  readonly developers?: string | false;
  /**
   * Group whose people are auditors.
   * @default 'coder-auditors'
   */
  readonly auditors?: string | false;
  /**
   * Name of the Coder group of the developers, for template permissions; `false` for none.
   * @default 'developers'
   */
  readonly developersGroup?: string | false;
  /**
   * Organization of the developers' group.
   * @default - Coder's default organization
   */
  readonly organization?: string;
}

/**
 * The usual start in one construct: admins are owners, platform engineers administer templates, developers are members
 * with a group of their own, auditors read.
 *
 * @example
 * new GovernedAccess(app, 'access', { admins: 'it-coder-admins', auditors: false });
 */
export class GovernedAccess extends Construct {
  /** The mapping of this tier; undefined where it is left out. */
  readonly admins: RoleMapping | undefined;
  /** The mapping of this tier; undefined where it is left out. */
  readonly platform: RoleMapping | undefined;
  /** The mapping of this tier; undefined where it is left out. */
  readonly developers: RoleMapping | undefined;
  /** The mapping of this tier; undefined where it is left out. */
  readonly auditors: RoleMapping | undefined;
  /** The mapping of the developers' Coder group, whose `groupId` a template takes; undefined where it is left out. */
  readonly developersGroup: GroupMapping | undefined;

  /** @throws Error when a setting does not exist */
  constructor(scope: Construct, id: string, config: GovernedAccessConfig = {}) {
    super(scope, id);
    checkSettings(this.node.path, config, {
      admins: true,
      platform: true,
      developers: true,
      auditors: true,
      developersGroup: true,
      organization: true,
    });
    this.admins = this.tier('admins', config.admins ?? 'coder-admins', CoderRole.OWNER);
    this.platform = this.tier('platform', config.platform ?? 'coder-platform', CoderRole.TEMPLATE_ADMIN);
    this.developers = this.tier('developers', config.developers ?? 'coder-developers', CoderRole.MEMBER);
    this.auditors = this.tier('auditors', config.auditors ?? 'coder-auditors', CoderRole.AUDITOR);
    const developers = config.developers ?? 'coder-developers';
    const group = config.developersGroup ?? 'developers';
    if (developers !== false && group !== false) {
      this.developersGroup = new GroupMapping(this, 'developers-group', {
        idpGroup: developers,
        group,
        organization: config.organization,
      });
    }
  }

  private tier(id: string, idpGroup: string | false, role: CoderRole): RoleMapping | undefined {
    return idpGroup === false ? undefined : new RoleMapping(this, id, { idpGroup, role });
  }
}
