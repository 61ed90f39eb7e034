import { App, TerraformStack } from 'cdktf';
import { CoderRole, GroupMapping, IdentityProvider, RoleMapping, ScimApp, ScimToken } from 'coder-scim';

// Where Coder's own OIDC sync is on, it decides at sign-in and undoes what is pushed. This app writes the same mappings
// into the sync settings instead; accounts are still created and suspended at once.
const app = new App();
const stack = new TerraformStack(app, 'coder-claims');

const okta = new ScimApp(stack, 'okta', {
  identityProvider: IdentityProvider.OKTA,
  mode: 'claims',
  claims: { groups: 'groups', roles: 'groups' },
});
new ScimToken(okta, 'primary', { digest: `sha256:${'44'.repeat(32)}`, expiresAt: '2027-11-01T00:00:00Z' });
new GroupMapping(okta, 'developers', { idpGroup: 'coder-developers', group: 'developers' });
new RoleMapping(okta, 'template-admins', {
  idpGroup: 'coder-platform',
  role: CoderRole.ORGANIZATION_TEMPLATE_ADMIN,
  organization: 'default',
});

app.synth();
