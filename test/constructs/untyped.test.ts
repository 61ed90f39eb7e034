/** Stacks that are run without the compiler (tsx, JavaScript): what it would have said is said at synth. */
import { type TerraformStack, TerraformVariable } from 'cdktf';
import {
  CoderScimProvider,
  EntraProvisioning,
  GovernedAccess,
  IdentityProvider,
  MappingDelivery,
  RoleMapping,
  ScimApp,
  ScimToken,
} from '../../constructs';
import { FAR_FUTURE, synthApp } from './synth';

const untyped = <T>(value: unknown): T => value as T;
const sensitive = (stack: TerraformStack) => new TerraformVariable(stack, 'token', { sensitive: true });

test.each<[string, (app: ScimApp, stack: TerraformStack) => unknown, RegExp]>([
  [
    'an app without settings',
    (_, stack) => new ScimApp(stack, 'entra', untyped(undefined)),
    /coder\/entra: has no settings: wanted some of identityProvider, name/,
  ],
  [
    'a constant of identity providers that does not exist',
    (_, stack) => new ScimApp(stack, 'entra', { identityProvider: untyped(undefined) }),
    /coder\/entra: identityProvider is missing: wanted one of IdentityProvider\.GENERIC, IdentityProvider\.OKTA/,
  ],
  [
    'the name of an identity provider in place of its constant',
    (_, stack) => new ScimApp(stack, 'entra', { identityProvider: untyped('entra') }),
    /coder\/entra: identityProvider is "entra": wanted one of/,
  ],
  [
    'a setting of the app that does not exist',
    (_, stack) =>
      new ScimApp(stack, 'entra', untyped({ identityProvider: IdentityProvider.ENTRA, gaurd: { minOwners: 2 } })),
    /coder\/entra: "gaurd" is no setting here: wanted identityProvider, .*guard/,
  ],
  [
    'a constant of roles that does not exist',
    app => new RoleMapping(app, 'x', { idpGroup: 'a', role: untyped(undefined) }),
    /role mapping "coder\/okta\/x": role is missing: wanted a constant of CoderRole/,
  ],
  [
    'the name of a role in place of its constant',
    app => new RoleMapping(app, 'x', { idpGroup: 'a', role: untyped('owner') }),
    /role mapping "coder\/okta\/x": role is "owner": wanted a constant of CoderRole, such as CoderRole\.OWNER/,
  ],
  [
    'a tier that does not exist',
    app => new GovernedAccess(app, 'access', untyped({ owners: 'it-owners' })),
    /coder\/okta\/access: "owners" is no setting here: wanted admins, platform/,
  ],
  [
    'a setting of the provider that does not exist',
    (_, stack) => new CoderScimProvider(stack, 'bridge', untyped({ address: 'https://scim.example.com' })),
    /coder\/bridge: "address" is no setting here: wanted url, adminToken/,
  ],
  [
    'a null_resource that does not know the bridge',
    (_, stack) =>
      new ScimApp(stack, 'entra', {
        identityProvider: IdentityProvider.ENTRA,
        delivery: MappingDelivery.nullResource(untyped(undefined)),
      }),
    /coder\/entra: MappingDelivery\.nullResource: has no settings: wanted some of url, publicUrl/,
  ],
  ['a token without settings', app => new ScimToken(app, 'x', untyped(undefined)), /coder\/okta\/x: has no settings/],
  [
    'a mapping without settings',
    app => new RoleMapping(app, 'x', untyped(undefined)),
    /coder\/okta\/x: has no settings/,
  ],
  [
    "a setting of the identity provider's side that does not exist",
    (app, stack) =>
      new EntraProvisioning(
        app,
        'provisioning',
        untyped({ displayName: 'Coder', secret: sensitive(stack), enabeld: false }),
      ),
    /coder\/okta\/provisioning: "enabeld" is no setting here: wanted displayName, .*enabled/,
  ],
  [
    "an identity provider's side without a token",
    app => new EntraProvisioning(app, 'provisioning', untyped({ displayName: 'Coder' })),
    /coder\/okta\/provisioning: secret is missing: wanted a TerraformVariable with sensitive: true/,
  ],
  [
    'a digest of no variable',
    app => ScimToken.fromSecret(app, 'x', untyped({ expiresAt: FAR_FUTURE })),
    /coder\/okta\/x: secret is missing: wanted a TerraformVariable/,
  ],
])('%s is refused at synth', (_name, declare, message) => {
  expect(() => synthApp((app, stack) => void declare(app, stack))).toThrow(message);
});
