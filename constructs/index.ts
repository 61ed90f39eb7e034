export { CoderRole } from './coder-role';
export { CoderScimProvider, type CoderScimProviderConfig } from './l1/coder-scim-provider';
export { CoderScimStatus } from './l1/coder-scim-status';
export {
  type ScimAppAttributes,
  ScimAppResource,
  type ScimAppResourceConfig,
  type ScimAppTimeouts,
} from './l1/scim-app-resource';
export { type TokenScope } from './credential';
export { CustomRole, type CustomRoleConfig, type CustomRolePermission } from './custom-role';
export { type IdpGroupConfig } from './entry';
export {
  type EntraPilotConfig,
  EntraProvisioning,
  type EntraProvisioningConfig,
} from './identity-providers/entra-provisioning';
export { AuthentikProvisioning, type AuthentikProvisioningConfig } from './identity-providers/authentik-provisioning';
export { OktaProvisioning, type OktaProvisioningConfig } from './identity-providers/okta-provisioning';
export { GovernedAccess, type GovernedAccessConfig } from './governed-access';
export { GroupMapping, type GroupMappingConfig } from './group-mapping';
export { IdentityProvider } from './identity-provider';
export { type IMapping, isMapping } from './mapping';
export { MappingDelivery, type NullResourceDeliveryConfig, type ProviderDeliveryConfig } from './mapping-delivery';
export { OrganizationMapping, type OrganizationMappingConfig } from './organization-mapping';
export { ProvisioningCheck, type ProvisioningCheckConfig } from './provisioning-check';
export { RoleMapping, type RoleMappingConfig } from './role-mapping';
export { type IScimApp, ScimApp, type ScimAppConfig, type ScimAppReference } from './scim-app';
export { ScimOAuthClient, type ScimOAuthClientConfig, type ScimOAuthClientSecretConfig } from './scim-oauth-client';
export { ScimToken, type ScimTokenConfig, type ScimTokenSecretConfig } from './scim-token';
