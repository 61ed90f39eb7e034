import { Annotations, App, Aspects, type IAspect, TerraformStack } from 'cdktf';
import { type IConstruct } from 'constructs';
import { CoderRole, GovernedAccess, GroupMapping, IdentityProvider, RoleMapping, ScimApp, ScimToken } from 'coder-scim';

/** A rule of the house, checked at synth wherever in the tree somebody declares something: who may map which role. */
class NobodyMaps implements IAspect {
  constructor(
    private readonly role: CoderRole,
    private readonly but: readonly string[],
  ) {}

  visit(construct: IConstruct): void {
    if (!(construct instanceof RoleMapping) || construct.role.name !== this.role.name) return;
    const group = construct.idpGroup ?? construct.idpGroupExternalId ?? '';
    if (this.but.includes(group)) return;
    Annotations.of(construct).addError(
      `group ${JSON.stringify(group)} would be ${this.role.name}: only ${this.but.join(', ')} may; ask the platform team`,
    );
  }
}

const app = new App();
const stack = new TerraformStack(app, 'coder-access');
const okta = new ScimApp(stack, 'okta', { identityProvider: IdentityProvider.OKTA });
new ScimToken(okta, 'primary', { digest: `sha256:${'55'.repeat(32)}`, expiresAt: '2027-11-01T00:00:00Z' });
new GovernedAccess(okta, 'access');
// A team's own library may declare what it likes, within the rule.
new GroupMapping(okta, 'payments', { idpGroup: 'team-payments', group: 'payments' });

Aspects.of(stack).add(new NobodyMaps(CoderRole.OWNER, ['coder-admins']));
app.synth();
