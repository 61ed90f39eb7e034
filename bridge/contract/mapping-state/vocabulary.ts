/** The closed lists that the document may name: versions, roles, identity providers, token scopes. */

/** The version of the document that this code reads and writes. Checked before anything else of a document. */
export const MAPPING_STATE_VERSION = 1;

/** Site roles that Coder can assign. `member` is implied for everybody: mapping it grants an account and nothing else. */
export const SITE_ROLES = ['owner', 'user-admin', 'template-admin', 'auditor', 'member'] as const;

/** Built-in organization roles that a mapping may name. `organization-member` is implied by membership and never assigned. */
export const ORGANIZATION_ROLES = [
  'organization-admin',
  'organization-user-admin',
  'organization-template-admin',
  'organization-auditor',
  'organization-workspace-creation-ban',
  'organization-workspace-access',
  'agents-access',
] as const;

/** Identity providers with a dialect of their own; `generic` is the RFC and nothing else. */
export const IDENTITY_PROVIDERS = [
  'generic',
  'okta',
  'entra',
  'onelogin',
  'jumpcloud',
  'ping',
  'google',
  'authentik',
  'keycloak',
  'cyberark',
] as const;

/** What a SCIM token may do. */
export const TOKEN_SCOPES = ['users:read', 'users:write', 'groups:read', 'groups:write'] as const;

/** The alias under which Coder knows its default organization. */
export const DEFAULT_ORGANIZATION = 'default';

/** The parts of the document that are keyed by names: one entry for each construct. */
export const ENTRY_KINDS = [
  'tokens',
  'oauthClients',
  'groupMappings',
  'roleMappings',
  'organizationMappings',
  'customRoles',
] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];
