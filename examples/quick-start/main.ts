import { App, TerraformOutput, TerraformStack } from 'cdktf';
import { GovernedAccess, GroupMapping, IdentityProvider, ScimApp, ScimToken } from 'coder-scim';

const app = new App();
const stack = new TerraformStack(app, 'coder-access');

// One SCIM application of your identity provider.
const okta = new ScimApp(stack, 'okta', { identityProvider: IdentityProvider.OKTA });

// `coder-scim token create` prints the secret once, for Okta, and this digest, for here.
const digest = 'sha256:2f6b0a3c5d1e8f9a7b4c6d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a';
new ScimToken(okta, 'primary', { digest, expiresAt: '2027-11-01T00:00:00Z' });

// coder-admins are owners, coder-platform template admins, coder-developers members, coder-auditors auditors.
new GovernedAccess(okta, 'access');

// One more group: data scientists, in the Coder group "notebooks".
new GroupMapping(okta, 'data-science', { idpGroup: 'data-science', group: 'notebooks' });

new TerraformOutput(stack, 'scim_base_url', { value: okta.scimBaseUrl });
app.synth();
