import { App, TerraformOutput, TerraformStack } from 'cdktf';
import { GovernedAccess, IdentityProvider, MappingDelivery, ProvisioningCheck, ScimApp, ScimToken } from 'coder-scim';

// For sites whose policy allows registry providers alone: a null_resource hands the declaration over at deploy time.
// CODER_SCIM_ADMIN_TOKEN and CODER_SCIM_TOKEN are read from the environment that Terraform runs in.
const app = new App();
const stack = new TerraformStack(app, 'coder-access-null');

const keycloak = new ScimApp(stack, 'keycloak', {
  identityProvider: IdentityProvider.KEYCLOAK,
  delivery: MappingDelivery.nullResource({
    url: process.env['CODER_SCIM_URL'] ?? 'http://127.0.0.1:8399',
    publicUrl: 'https://scim.example.com',
  }),
});
new ScimToken(keycloak, 'primary', {
  digest: process.env['SCIM_TOKEN_DIGEST'] ?? `sha256:${'33'.repeat(32)}`,
  expiresAt: '2027-11-01T00:00:00Z',
});
new GovernedAccess(keycloak, 'access');

// Fails the deploy when the identity provider could not provision.
new ProvisioningCheck(keycloak, 'check');

new TerraformOutput(stack, 'scim_base_url', { value: keycloak.scimBaseUrl });
app.synth();
