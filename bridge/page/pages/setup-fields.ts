/** What is pasted where in each identity provider, in short; docs/identity-providers.md has the whole of it. */
import { type IDENTITY_PROVIDERS } from '../../contract/mapping-state';

/** What stands for the address, and for the token, which the bridge does not know. */
export const URL_VALUE = Symbol('SCIM base URL');
export const ENTRA_URL_VALUE = Symbol('SCIM base URL with the flag of Entra');
export const TOKEN_VALUE = Symbol('token');

export interface SetupField {
  /** The name of the field there. */
  readonly field: string;
  readonly value: string | typeof URL_VALUE | typeof ENTRA_URL_VALUE | typeof TOKEN_VALUE;
}

export interface SetupGuide {
  readonly name: string;
  /** Where the fields are. */
  readonly where: string;
  readonly fields: readonly SetupField[];
  /** What is still to do there, in order. */
  readonly then: readonly string[];
}

const bearer = (url: string, token: string, more: readonly SetupField[] = []): readonly SetupField[] => [
  { field: url, value: URL_VALUE },
  ...more,
  { field: token, value: TOKEN_VALUE },
];

export const SETUP_GUIDES: Readonly<Record<(typeof IDENTITY_PROVIDERS)[number], SetupGuide>> = {
  okta: {
    name: 'Okta',
    where: 'Applications → the application → Provisioning → Integration',
    fields: bearer('SCIM connector base URL', 'Authorization', [
      { field: 'Unique identifier field for users', value: 'userName' },
      { field: 'Authentication Mode', value: 'HTTP Header' },
    ]),
    then: [
      'Supported actions: Push New Users, Push Profile Updates, Push Groups. Test Connector Configuration, save.',
      'Provisioning → To App: Create Users, Update User Attributes, Deactivate Users. Leave Sync Password off.',
      'Assignments: the people. Push Groups: the groups that mappings name.',
    ],
  },
  entra: {
    name: 'Microsoft Entra ID',
    where: 'Enterprise applications → the application → Provisioning → Connectivity',
    fields: [
      { field: 'Tenant URL', value: ENTRA_URL_VALUE },
      { field: 'Secret token', value: TOKEN_VALUE },
    ],
    then: [
      'Test connection, create.',
      'Attribute mapping: userPrincipalName → userName (matching), mail → emails[type eq "work"].value, objectId → externalId, Switch([IsSoftDeleted], …) → active.',
      'Users and groups: assign the groups that mappings name. Settings → Scope: sync only assigned users and groups.',
      'Provision on demand with one person, then Start provisioning: cycles are 40 minutes apart.',
    ],
  },
  onelogin: {
    name: 'OneLogin',
    where: 'Applications → SCIM Provisioner with SAML (SCIM v2 Enterprise) → Configuration',
    fields: bearer('SCIM Base URL', 'SCIM Bearer Token'),
    then: [
      'The SCIM JSON Template stands in the guide. API Connection → Enable.',
      'Provisioning: enable, and suspend when somebody loses access.',
      'Parameters → Groups: include in user provisioning. Rules: set groups, those that mappings name.',
    ],
  },
  jumpcloud: {
    name: 'JumpCloud',
    where: 'SSO Applications → the application → Identity Management, SCIM 2.0',
    fields: bearer('Base URL', 'Token Key', [{ field: 'Test User Email', value: 'an address that nobody has' }]),
    then: [
      'Test Connection, Activate: a test person and a test group come and go.',
      'Enable management of User Groups and Group Membership. User Groups: those that mappings name.',
    ],
  },
  ping: {
    name: 'PingFederate, PingOne',
    where: 'SP connection → Outbound provisioning → Target; in PingOne Provisioning → New connection → SCIM outbound',
    fields: bearer('SCIM URL', 'Access token', [
      { field: 'SCIM version', value: '2.0' },
      { field: 'Authentication', value: 'OAuth 2 Bearer Token' },
      { field: 'Unique user identifier', value: 'userName' },
    ]),
    then: [
      'Remove user action: disable.',
      'Channels, or a rule: the attribute mapping and the groups that mappings name.',
    ],
  },
  google: {
    name: 'Google Workspace',
    where: 'Apps → Web and mobile apps → the application → Auto-provisioning',
    fields: bearer('Endpoint URL', 'Access token'),
    then: ['Map userName, the name and the e-mail. No groups are sent, so no mapping applies.'],
  },
  authentik: {
    name: 'authentik',
    where: 'Applications → Providers → New provider → SCIM',
    fields: bearer('URL', 'Token', [{ field: 'Authentication mode', value: 'static token' }]),
    then: [
      'Group filter: the groups that mappings name.',
      'Applications → the application → Backchannel providers: add it, not as the main provider.',
    ],
  },
  keycloak: {
    name: 'Keycloak',
    where: 'User federation → the SCIM client extension',
    fields: bearer('SCIM 2.0 endpoint', 'Token', [
      { field: 'Auth mode', value: 'bearer' },
      { field: 'Content type', value: 'application/scim+json' },
    ]),
    then: [
      'Leave "use patchOp" off: with it no change of an e-mail is sent.',
      'Propagate users and groups. Sync all users.',
      'A deletion is not announced: disable people first.',
    ],
  },
  cyberark: {
    name: 'CyberArk Identity',
    where: 'Apps & Widgets → Web Apps → the application → Provisioning, live mode',
    fields: bearer('SCIM service URL', 'Bearer token', [
      { field: 'Authorization type', value: 'Authorization Header' },
      { field: 'Header type', value: 'Bearer Token' },
    ]),
    then: ['Verify.', 'Role mappings: CyberArk roles to the groups that mappings name. Deprovision: disable.'],
  },
  generic: {
    name: 'any other',
    where: 'the provisioning settings of the application',
    fields: bearer('SCIM base URL', 'Bearer token', [{ field: 'Unique identifier of people', value: 'userName' }]),
    then: ['SCIM 2.0 with a bearer token. Assign people, and the groups that mappings name.'],
  },
};
