/** What provisioning needs of okta/okta, by its documentation (6.12). */
import { type Block, type ForeignProvider } from './foreign-provider';

export const OKTA: ForeignProvider = { name: 'okta', source: 'okta/okta', version: '>= 6.5.0, < 7.0.0' };

type Status = Block<{ readonly status: 'ENABLED' | 'DISABLED' }>;

/** `okta_app_connection`: its deletion does nothing. */
export interface AppConnection {
  /** Id of the application. */
  readonly id: string;
  readonly base_url: string;
  readonly action: 'activate' | 'deactivate';
  readonly profile: Block<{ readonly auth_scheme: 'TOKEN'; readonly token: string }>;
}

/** `okta_app_features`: its deletion does nothing. */
export interface AppFeatures {
  readonly app_id: string;
  readonly name: 'USER_PROVISIONING';
  readonly status: 'ENABLED' | 'DISABLED';
  readonly capabilities: Block<{
    readonly create: Block<{ readonly lifecycle_create: Status }>;
    readonly update: Block<{
      readonly lifecycle_deactivate: Status;
      readonly profile: Status;
      readonly password: Block<{
        readonly status: 'DISABLED';
        readonly change: 'KEEP_EXISTING';
        readonly seed: 'RANDOM';
      }>;
    }>;
  }>;
}

/** `okta_app_group_assignment` */
export interface AppGroupAssignment {
  readonly app_id: string;
  readonly group_id: string;
}

/** `okta_push_group` */
export interface PushGroup {
  readonly app_id: string;
  readonly source_group_id: string;
  readonly status: 'ACTIVE' | 'INACTIVE';
  readonly delete_target_group_on_destroy: boolean;
}

/** `data.okta_group`: where no group has exactly the name, it takes one that begins so. */
export interface GroupData {
  readonly name: string;
  readonly lifecycle: Block<{
    readonly postcondition: Block<{ readonly condition: string; readonly error_message: string }>;
  }>;
}
