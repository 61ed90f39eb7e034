/** A stack with every kind of construct and every character that a writer of HCL could stumble over. Run by `cdktf synth`. */
import { App, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import {
  CoderScimProvider,
  CustomRole,
  GovernedAccess,
  GroupMapping,
  IdentityProvider,
  MappingDelivery,
  ProvisioningCheck,
  ScimApp,
  ScimToken,
} from '../../../constructs';

const tree = new App();
const stack = new TerraformStack(tree, 'access');
const url = 'https://scim.example.invalid';
const group = new TerraformVariable(stack, 'group', { type: 'string', default: 'vendors' });
new CoderScimProvider(stack, 'bridge', { url, waitSeconds: 0 });
const provider = new CoderScimProvider(stack, 'second', { url, waitSeconds: 0, alias: 'second' });

const deliveries = {
  okta: MappingDelivery.provider(),
  entra: MappingDelivery.provider({ provider }),
  keycloak: MappingDelivery.nullResource({ url }),
};
for (const [id, delivery] of Object.entries(deliveries)) {
  const app = new ScimApp(stack, id, {
    identityProvider: IdentityProvider.custom(id),
    delivery,
    guard: { protectedAccounts: ['break"glass', '42'] },
    policies: { authoritative: true },
    ...(id === 'keycloak' ? {} : { timeouts: { delete: '30m' }, deletionProtection: false }),
  });
  new ScimToken(app, 'primary', {
    digest: `sha256:${String(id.length).repeat(64)}`,
    expiresAt: '2099-01-01T00:00:00Z',
    scopes: ['users:read', 'groups:read'],
  });
  new GovernedAccess(app, 'access', { admins: 'the "admins" \\d $(id) ${path.module} %{x}\nof all' });
  new GroupMapping(app, 'bracket', { idpGroup: '[bracket]', group: 'bracket' });
  new GroupMapping(app, 'brace', { idpGroup: '{brace}', group: 'brace' });
  new GroupMapping(app, 'number', { idpGroup: '42', group: 'number' });
  new GroupMapping(app, 'both', { idpGroup: `"all" ${group.stringValue} \${x}`, group: 'both' });
  new CustomRole(app, 'reviewer', {
    name: 'template-reviewer',
    permissions: [{ resourceType: 'template', action: 'read', negate: false }],
  });
  if (id === 'keycloak') new ProvisioningCheck(app, 'check');
  else new TerraformOutput(stack, `${id}_url`, { value: app.scimBaseUrl });
}
tree.synth();
