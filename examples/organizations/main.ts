import { App, TerraformStack } from 'cdktf';
import {
  CoderRole,
  CustomRole,
  GroupMapping,
  IdentityProvider,
  OrganizationMapping,
  RoleMapping,
  ScimApp,
  ScimToken,
} from 'coder-scim';

const app = new App();
const stack = new TerraformStack(app, 'coder-organizations');

const entra = new ScimApp(stack, 'entra', {
  identityProvider: IdentityProvider.ENTRA,
  // Nobody but people of a mapped group gets an account.
  policies: { accounts: 'mapped' },
  guard: { minOwners: 2, protectedAccounts: ['break-glass'] },
});

// Two tokens with overlap: add the next one, give it to Entra, remove the old one. No request is lost.
new ScimToken(entra, '2027-h1', { digest: `sha256:${'11'.repeat(32)}`, expiresAt: '2027-07-01T00:00:00Z' });
new ScimToken(entra, '2027-h2', { digest: `sha256:${'22'.repeat(32)}`, expiresAt: '2028-01-01T00:00:00Z' });

new RoleMapping(entra, 'owners', { idpGroup: 'coder-admins', role: CoderRole.OWNER });

// Everybody of research is in the organization; its leads administer it; reviewers have a role made for them.
const organization = 'research';
new OrganizationMapping(entra, 'research', { idpGroup: 'research', organization });
new RoleMapping(entra, 'research-leads', {
  idpGroup: 'research-leads',
  role: CoderRole.ORGANIZATION_ADMIN,
  organization,
});
new GroupMapping(entra, 'gpu', { idpGroup: 'research-gpu', organization, group: 'gpu', displayName: 'GPU workspaces' });

const reviewer = new CustomRole(entra, 'template-reviewer', {
  organization,
  name: 'template-reviewer',
  displayName: 'Template reviewer',
  permissions: [
    { resourceType: 'template', action: 'read' },
    { resourceType: 'template', action: 'update' },
  ],
});
// By externalId (Entra: the object id) instead of the name: a rename in Entra changes nothing.
new RoleMapping(entra, 'reviewers', {
  idpGroupExternalId: '8f14e45f-ceea-467f-a8f1-3b1f9f1d2c11',
  role: reviewer.role,
  organization,
});

app.synth();
