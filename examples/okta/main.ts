import { App, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import { GovernedAccess, IdentityProvider, OktaProvisioning, ScimApp, ScimToken } from 'coder-scim';

// Both sides of the wire, as far as Okta's API goes: what groups mean in Coder, and who is assigned and pushed.
// OKTA_ORG_NAME, OKTA_BASE_URL and OKTA_API_TOKEN are read from the environment that Terraform runs in.
const app = new App();
const stack = new TerraformStack(app, 'coder-okta');

// The application that provisions, made by hand (docs/identity-providers.md): Okta has no API for one that speaks SCIM.
const appId = new TerraformVariable(stack, 'okta_app_id', { type: 'string' });
// false for the first deploy: it prints what to set in Okta's console, and groups can be pushed once that is there.
const pushGroups = process.env['PUSH_GROUPS'] !== 'false';

const okta = new ScimApp(stack, 'okta', { identityProvider: IdentityProvider.OKTA });
new ScimToken(okta, 'primary', { digest: `sha256:${'88'.repeat(32)}`, expiresAt: '2027-11-01T00:00:00Z' });
const provisioning = new OktaProvisioning(okta, 'provisioning', { appId: appId.stringValue, pushGroups });

new GovernedAccess(okta, 'access');

new TerraformOutput(stack, 'left_for_okta', { value: provisioning.manualSteps });
app.synth();
