import { type Construct } from 'constructs';
import { type IdpGroupConfig, MappingEntry } from './entry';

/** Settings of a group mapping. */
export interface GroupMappingConfig extends IdpGroupConfig {
  /** Name of the Coder group: 1 to 255 letters, digits or single hyphens. Case-sensitive. */
  readonly group: string;
  /**
   * Name of the organization that the group is in.
   * @default - Coder's default organization
   */
  readonly organization?: string;
  /**
   * Display name of the Coder group, at most 64 bytes.
   * @default - left as it is in Coder
   */
  readonly displayName?: string;
  /**
   * Workspace quota that the group adds to the budget of each of its members: 0 to 2147483647. Coder keeps 32 bits.
   * @default - left as it is in Coder, 0 for a group that is made
   */
  readonly quotaAllowance?: number;
  /**
   * Picture of the Coder group: an `http` or `https` URL, a path of Coder such as `/icon/coder.svg`, or `''` for none.
   * @default - left as it is in Coder
   */
  readonly avatarUrl?: string;
  /**
   * Create the Coder group when it is missing. With `false` the mapping waits until somebody creates it.
   * @default true
   */
  readonly create?: boolean;
}

/**
 * People of an identity provider's group are members of a Coder group, and of the organization it is in.
 *
 * @example
 * new GroupMapping(app, 'developers', { idpGroup: 'coder-developers', group: 'developers' });
 */
export class GroupMapping extends MappingEntry {
  /** Name of the Coder group. */
  readonly group: string;
  readonly organization: string | undefined;

  constructor(scope: Construct, id: string, config: GroupMappingConfig) {
    super(scope, id, 'groupMappings', config);
    this.group = config.group;
    this.organization = config.organization;
  }

  /**
   * Id of the Coder group, for what hangs on it: access to a template, say. It is known after the deploy, and whatever uses it
   * comes after the app.
   * @throws Error where a null_resource delivers the app, which knows no ids
   */
  get groupId(): string {
    const { resource } = this.app;
    if (resource === undefined) {
      throw new Error(
        `${this.node.path}: the id of the Coder group is known to the provider alone, and the app is delivered by a null_resource: use MappingDelivery.provider(), or look the group up by its name after the app`,
      );
    }
    return resource.groupIdOf(this.entryName);
  }
}
