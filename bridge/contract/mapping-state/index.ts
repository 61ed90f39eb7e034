/**
 * The contract between declaration and bridge: one document per SCIM application. Constructs write it, the Terraform
 * provider and `coder-scim apply` carry it, the bridge enforces it. Re-exports only.
 */
export * from './canonical-json';
export { OAuthClientDeclaration, TokenDeclaration } from './credentials';
export type { MappingState, MappingStateInput } from './document';
export * from './differences';
export * from './json-schema';
export * from './mode-clash';
export { AppName } from './names';
export * from './parse';
export * from './problems';
export {
  Claims,
  CustomRole,
  GroupMapping,
  Guard,
  People,
  OrganizationMapping,
  Policies,
  PushedGroups,
  RoleMapping,
} from './shape';
export * from './vocabulary';
