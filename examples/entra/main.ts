import { App, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import { EntraProvisioning, GovernedAccess, GroupMapping, IdentityProvider, ScimApp, ScimToken } from 'coder-scim';

// Both sides of the wire in one deploy: what groups mean in Coder, and the enterprise application that pushes them.
const app = new App();
const stack = new TerraformStack(app, 'coder-entra');

// What `coder-scim token create` printed, by TF_VAR_scim_token. Entra gets it as it is, the app its digest.
const secret = new TerraformVariable(stack, 'scim_token', { type: 'string', sensitive: true });

const entra = new ScimApp(stack, 'entra', { identityProvider: IdentityProvider.ENTRA });
ScimToken.fromSecret(entra, 'primary', { secret, expiresAt: '2027-11-01T00:00:00Z' });
const provisioning = new EntraProvisioning(entra, 'provisioning', { displayName: 'Coder', secret });

new GovernedAccess(entra, 'access');
// By object id, which a rename in Entra does not change.
new GroupMapping(entra, 'gpu', { idpGroupExternalId: provisioning.objectIdOf('Research GPU'), group: 'gpu' });

new TerraformOutput(stack, 'left_for_the_portal', { value: provisioning.manualSteps });
app.synth();
