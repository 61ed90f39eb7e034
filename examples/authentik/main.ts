import { App, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import { AuthentikProvisioning, GovernedAccess, GroupMapping, IdentityProvider, ScimApp, ScimToken } from 'coder-scim';

// Both sides of the wire, and nothing left to do by hand: what groups mean in Coder, and the provider in authentik that sends them.
// AUTHENTIK_URL and AUTHENTIK_TOKEN are read from the environment that Terraform runs in.
const app = new App();
const stack = new TerraformStack(app, 'coder-authentik');

// What `coder-scim token create` printed, by TF_VAR_scim_token. authentik gets it as it is, the app its digest.
const secret = new TerraformVariable(stack, 'scim_token', { type: 'string', sensitive: true });

const authentik = new ScimApp(stack, 'authentik', { identityProvider: IdentityProvider.AUTHENTIK });
ScimToken.fromSecret(authentik, 'primary', { secret, expiresAt: '2027-11-01T00:00:00Z' });

// A dry run in authentik until you have looked at what it would do: PROVISION=true lets it write.
const enabled = process.env['PROVISION'] === 'true';
const provisioning = new AuthentikProvisioning(authentik, 'provisioning', {
  name: 'Coder provisioning',
  secret,
  enabled,
});

new GovernedAccess(authentik, 'access');
// By authentik's id of the group, which a rename does not change.
new GroupMapping(authentik, 'gpu', { idpGroupExternalId: provisioning.groupIdOf('gpu'), group: 'gpu' });

new TerraformOutput(stack, 'scim_base_url', { value: authentik.scimBaseUrl });
app.synth();
