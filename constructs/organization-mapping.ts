import { type Construct } from 'constructs';
import { type IdpGroupConfig, MappingEntry } from './entry';

/** Settings of an organization mapping. */
export interface OrganizationMappingConfig extends IdpGroupConfig {
  /** Name of a Coder organization; it must exist. */
  readonly organization: string;
}

/**
 * People of an identity provider's group are members of a Coder organization.
 *
 * @example
 * new OrganizationMapping(app, 'research', { idpGroup: 'all-research', organization: 'research' });
 */
export class OrganizationMapping extends MappingEntry {
  readonly organization: string;

  constructor(scope: Construct, id: string, config: OrganizationMappingConfig) {
    super(scope, id, 'organizationMappings', config);
    this.organization = config.organization;
  }
}
