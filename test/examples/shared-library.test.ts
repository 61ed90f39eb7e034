/** Many apps from one code base, planned by real Terraform; a rule of the house. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Annotations, App, Aspects, LocalBackend, TerraformStack } from 'cdktf';
import {
  CoderRole,
  CoderScimProvider,
  GovernedAccess,
  IdentityProvider,
  isMapping,
  RoleMapping,
  ScimApp,
  ScimToken,
} from '../../constructs';
import { Terraform } from '../support/terraform';
import { expectCode } from '../provider/stage';
import { ADMIN_TOKEN, AdminApi } from '../provider/admin-api';
import { DIGEST, FAR_FUTURE, synth } from '../constructs/synth';

test('fifty apps are one plan', async () => {
  const outdir = mkdtempSync(join(tmpdir(), 'coder-scim-fifty-'));
  const api = await AdminApi.start();
  const terraform = new Terraform(join(outdir, 'stacks', 'fifty'), { CODER_SCIM_ADMIN_TOKEN: ADMIN_TOKEN });
  try {
    const tree = new App({ outdir });
    const stack = new TerraformStack(tree, 'fifty');
    new LocalBackend(stack, { path: 'terraform.tfstate' });
    new CoderScimProvider(stack, 'bridge', { url: api.url });
    for (let n = 0; n < 50; n++) {
      const app = new ScimApp(stack, `app-${n}`, { identityProvider: IdentityProvider.OKTA });
      new ScimToken(app, 'primary', { digest: `sha256:${String(n).padStart(64, '0')}`, expiresAt: FAR_FUTURE });
      new GovernedAccess(app, 'access');
    }
    tree.synth();
    expectCode(await terraform.init(), 0);
    expect(expectCode(await terraform.plan(), 2).stdout).toContain('Plan: 50 to add, 0 to change, 0 to destroy.');
    expectCode(await terraform.applyPlan(), 0);
    expect((await api.client.listApps()).apps).toHaveLength(50);
    expectCode(await terraform.plan(), 0);
  } finally {
    terraform.remove();
    rmSync(outdir, { recursive: true, force: true });
    await api.stop();
  }
});

test('a rule of the house stops a mapping that breaks it, with the path of the construct', () => {
  const declare = (group: string) =>
    synth(stack => {
      const app = new ScimApp(stack, 'okta', { identityProvider: IdentityProvider.OKTA });
      new ScimToken(app, 'primary', { digest: DIGEST, expiresAt: FAR_FUTURE });
      new RoleMapping(app, 'mine', { idpGroup: group, role: CoderRole.OWNER });
      Aspects.of(stack).add({
        visit: construct => {
          if (isMapping(construct) && construct instanceof RoleMapping && construct.idpGroup !== 'coder-admins')
            Annotations.of(construct).addError('nobody but coder-admins');
        },
      });
    });
  expect(() => declare('coder-admins')).not.toThrow();
  expect(() => declare('everybody')).toThrow(/coder\/okta\/mine.*nobody but coder-admins/);
});
