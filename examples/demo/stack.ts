/** The stack of the demo: two identity providers, the four tiers, and a group in an organization of its own. */
import { App, LocalBackend, TerraformStack } from 'cdktf';
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

export interface DemoDeclaration {
  readonly bridgeUrl: string;
  /** Digests of the tokens that the two identity providers hold. */
  readonly oktaDigest: string;
  readonly entraDigest: string;
  readonly expiresAt: string;
  /** Second deploy: platform engineers also administer users. */
  readonly platformAdministersUsers: boolean;
}

/** Synthesizes the stack into `outdir` and returns the folder that Terraform runs in. */
export function synthesize(outdir: string, declaration: DemoDeclaration): string {
  const cdk = new App({ outdir });
  const stack = new TerraformStack(cdk, 'coder-access');
  new LocalBackend(stack, { path: `${outdir}/terraform.tfstate` });
  const provider = new CoderScimProvider(stack, 'coderscim', { url: declaration.bridgeUrl });
  const delivery = MappingDelivery.provider({ provider });

  const okta = new ScimApp(stack, 'okta', { identityProvider: IdentityProvider.OKTA, delivery });
  new ScimToken(okta, 'primary', { digest: declaration.oktaDigest, expiresAt: declaration.expiresAt });
  new GovernedAccess(okta, 'access');
  if (declaration.platformAdministersUsers) {
    new RoleMapping(okta, 'platform-users', { idpGroup: 'coder-platform', role: CoderRole.USER_ADMIN });
  }

  const entra = new ScimApp(stack, 'entra', { identityProvider: IdentityProvider.ENTRA, delivery });
  new ScimToken(entra, 'primary', { digest: declaration.entraDigest, expiresAt: declaration.expiresAt });
  new GroupMapping(entra, 'gpu', { idpGroup: 'Research GPU', organization: 'research', group: 'gpu' });
  new RoleMapping(entra, 'research-leads', {
    idpGroup: 'Research Leads',
    role: CoderRole.ORGANIZATION_ADMIN,
    organization: 'research',
  });

  cdk.synth();
  return `${outdir}/stacks/coder-access`;
}
