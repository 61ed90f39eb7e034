/** What provisioning needs of hashicorp/azuread, by its documentation (3.9). */
import { type Block, type ForeignProvider } from './foreign-provider';

export const AZUREAD: ForeignProvider = { name: 'azuread', source: 'hashicorp/azuread', version: '~> 3.0' };

/** `azuread_application_from_template` */
export interface ApplicationFromTemplate {
  readonly display_name: string;
  readonly template_id: string;
}

/** `azuread_synchronization_secret` */
export interface SynchronizationSecret {
  readonly service_principal_id: string;
  readonly credential: Block<{ readonly key: string; readonly value: string }>;
}

/** `azuread_app_role_assignment` */
export interface AppRoleAssignment {
  readonly app_role_id: string;
  readonly principal_object_id: string;
  readonly resource_object_id: string;
}

/** `azuread_synchronization_job` */
export interface SynchronizationJob {
  readonly service_principal_id: string;
  readonly template_id: string;
  readonly enabled: boolean;
}

/** `azuread_synchronization_job_provision_on_demand`: done once, and again when something of it changes. */
export interface ProvisionOnDemand {
  readonly service_principal_id: string;
  readonly synchronization_job_id: string;
  readonly parameter: Block<{
    readonly rule_id: string;
    readonly subject: Block<{ readonly object_id: string; readonly object_type_name: 'User' | 'Group' }>;
  }>;
  readonly triggers?: Readonly<Record<string, string>>;
}
