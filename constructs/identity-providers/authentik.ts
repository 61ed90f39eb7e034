/** What provisioning needs of goauthentik/authentik, by its documentation (2026.5). */
import { type ForeignProvider } from './foreign-provider';

export const AUTHENTIK: ForeignProvider = {
  name: 'authentik',
  source: 'goauthentik/authentik',
  version: '>= 2026.2.0',
};

/** `authentik_provider_scim` */
export interface ProviderScim {
  readonly name: string;
  readonly url: string;
  readonly token: string;
  readonly dry_run: boolean;
  readonly exclude_users_service_account: boolean;
  /** Ids of the groups that are sent, as an expression; left out: all. */
  readonly group_filters: string | undefined;
  readonly property_mappings: readonly string[];
  readonly property_mappings_group: readonly string[];
}

/** `authentik_application` */
export interface Application {
  readonly name: string;
  readonly slug: string;
  readonly meta_hide: boolean;
  readonly policy_engine_mode: 'any';
  /** Ids, which are numbers and may be texts. */
  readonly backchannel_providers: readonly string[];
}

/** `authentik_policy_binding` */
export interface PolicyBinding {
  /** UUID of the application. */
  readonly target: string;
  readonly group: string;
  readonly order: number;
}
