import { App, TerraformOutput, TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import {
  CoderRole,
  CoderScimProvider,
  GovernedAccess,
  GroupMapping,
  IdentityProvider,
  MappingDelivery,
  RoleMapping,
  ScimApp,
  ScimToken,
} from 'coder-scim';

/** The mappings that every region has: one library, used once for each bridge. */
class CompanyAccess extends Construct {
  constructor(app: ScimApp, teams: readonly string[]) {
    super(app, 'company');
    new GovernedAccess(this, 'tiers');
    new RoleMapping(this, 'security', { idpGroup: 'security-operations', role: CoderRole.AUDITOR });
    for (const team of teams) new GroupMapping(this, team, { idpGroup: `team-${team}`, group: team });
  }
}

/** Each region has a Coder, a bridge beside it, and an app of its own in the identity provider. */
const REGIONS = {
  eu: { digest: `sha256:${'66'.repeat(32)}`, teams: ['payments', 'search'] },
  us: { digest: `sha256:${'77'.repeat(32)}`, teams: ['payments', 'ads'] },
};

const tree = new App();
const stack = new TerraformStack(tree, 'coder-regions');

for (const [region, { digest, teams }] of Object.entries(REGIONS)) {
  const provider = new CoderScimProvider(stack, `bridge-${region}`, {
    alias: region,
    url: process.env[`BRIDGE_${region.toUpperCase()}`] ?? `https://scim.${region}.example.com`,
  });
  const app = new ScimApp(stack, `okta-${region}`, {
    // The same name at both bridges: they know nothing of each other.
    name: 'okta',
    identityProvider: IdentityProvider.OKTA,
    delivery: MappingDelivery.provider({ provider }),
  });
  new ScimToken(app, 'primary', { digest, expiresAt: '2027-11-01T00:00:00Z' });
  new CompanyAccess(app, teams);
  new TerraformOutput(stack, `scim_base_url_${region}`, { value: app.scimBaseUrl });
}
tree.synth();
