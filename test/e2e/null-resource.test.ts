import {
  IdentityProvider,
  GovernedAccess,
  MappingDelivery,
  ProvisioningCheck,
  ScimApp,
  ScimToken,
} from '../../constructs';
import { mintToken } from '../../bridge/scim/access/token';
import { installNullProvider } from '../support/null-provider/install';
import { type Stage, setStage } from './stage';

/** hashicorp/null is played by a test double; the stack is the one that the real provider gets. */
describe('delivery by null_resource', () => {
  const token = mintToken();
  let stage: Stage;
  const declare = (group: string, digest = token.digest) =>
    stage.synth(stack => {
      const app = new ScimApp(stack, 'keycloak', {
        identityProvider: IdentityProvider.KEYCLOAK,
        delivery: MappingDelivery.nullResource({ url: stage.bridge.url }),
      });
      new ScimToken(app, 'primary', { digest, expiresAt: '2099-01-01T00:00:00Z' });
      new GovernedAccess(app, 'access', { admins: group });
      new ProvisioningCheck(app, 'check');
    });

  beforeAll(async () => {
    stage = await setStage({ CODER_SCIM_TOKEN: token.token });
  });
  afterAll(() => stage.end());

  test('apply hands the document over and the check proves that provisioning works', async () => {
    declare('my "admins" $(id) ${path.module}');
    installNullProvider(stage.terraform);
    expect((await stage.terraform.init()).code).toBe(0);
    const applied = await stage.terraform.apply();
    expect(applied.output).toMatch(/app "keycloak": generation 1, 5 mappings/);
    expect(applied.output).toMatch(/provisioning works at .*\/apps\/keycloak\/scim\/v2 \(3 requests/);
    const { state } = await stage.bridge.admin.getApp('keycloak');
    expect(state.roleMappings['access.admins']?.idpGroup).toBe('my "admins" $(id) ${path.module}');
  });

  test('a change runs both again, no change runs nothing', async () => {
    expect((await stage.terraform.plan()).code).toBe(0);
    declare('owners');
    const applied = await stage.terraform.apply();
    expect(applied.output).toMatch(/generation 2/);
    expect(applied.output).toMatch(/provisioning works/);
  });

  test('a check that fails, fails the deploy with one line and no secret', async () => {
    declare('owners', mintToken().digest);
    const applied = await stage.terraform.apply();
    expect(applied.code).toBe(1);
    expect(applied.output).toMatch(/answered 401/);
    expect(applied.output).not.toContain(token.token);
    expect(applied.output).not.toContain(stage.bridge.adminToken);
  });
});
