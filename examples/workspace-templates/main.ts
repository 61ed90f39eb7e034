import { join } from 'node:path';
import { App, AssetType, TerraformAsset, TerraformStack } from 'cdktf';
import { CoderRole, GroupMapping, IdentityProvider, RoleMapping, ScimApp, ScimToken } from 'coder-scim';
import { CoderdOrganization, CoderdProvider, CoderdTemplate } from './coderd';

// Templates, and who may use them, in one stack. Each thing has one owner: the coderd provider has organizations and templates, the
// app has groups, their members and quota. Terraform makes the organization first, then the app, then the template, by what refers
// to what.
const app = new App();
const stack = new TerraformStack(app, 'coder-workspaces');
new CoderdProvider(stack, 'coderd');

const research = new CoderdOrganization(stack, 'research', { name: 'research', display_name: 'Research' });

const okta = new ScimApp(stack, 'okta', { identityProvider: IdentityProvider.OKTA });
new ScimToken(okta, 'primary', { digest: `sha256:${'99'.repeat(32)}`, expiresAt: '2027-11-01T00:00:00Z' });

// The group is declared here and nowhere else: no coderd_group, whose `members` would take out again whom the identity provider puts in.
const gpu = new GroupMapping(okta, 'gpu', {
  idpGroup: 'research-gpu',
  organization: research.name,
  group: 'gpu',
  displayName: 'GPU workspaces',
  quotaAllowance: 40,
});
const staff = new GroupMapping(okta, 'staff', { idpGroup: 'research', organization: research.name, group: 'staff' });
// May write templates there; access to a single one is given below.
new RoleMapping(okta, 'authors', {
  idpGroup: 'research-platform',
  role: CoderRole.ORGANIZATION_TEMPLATE_ADMIN,
  organization: research.name,
});

const directory = new TerraformAsset(stack, 'template', {
  path: join(__dirname, 'template'),
  type: AssetType.DIRECTORY,
});

// Access goes by the group's id, which stays the same for the life of the group. Who is not in one of these sees no template.
new CoderdTemplate(stack, 'notebook', {
  name: 'notebook',
  organization_id: research.id,
  versions: [{ directory: directory.path, active: true }],
  acl: { groups: [{ id: staff.groupId, role: 'use' }], users: [] },
});
new CoderdTemplate(stack, 'gpu-notebook', {
  name: 'gpu-notebook',
  organization_id: research.id,
  versions: [{ directory: directory.path, active: true }],
  acl: { groups: [{ id: gpu.groupId, role: 'use' }], users: [] },
});
app.synth();
