/** Ids of Coder groups, and what hangs on them in the same stack. */
import { groupIdsOf, keepPlanned, plannedGroupIds } from '../../provider/scim-app/group-ids';
import { UNKNOWN } from '../../provider/plugin';
import { Report } from '../../provider/plugin/define/diagnostics';
import { expectCode, said, useStage } from './stage';

const stage = useStage();

const stack = ({ more = '', platform = 'auditor', uses = 'developers' } = {}): string => `
resource "coderscim_app" "okta" {
  name = "okta"
  tokens = { main = { digest = "sha256:${'a'.repeat(64)}", expires_at = "2099-01-01T00:00:00Z" } }
  group_mappings = {
    developers = { idp_group = "coder-developers", group = "developers" }
    ${more}
  }
  role_mappings = { platform = { idp_group = "coder-platform", role = "${platform}" } }
}
resource "terraform_data" "template" {
  input = coderscim_app.okta.group_ids["${uses}"]
}
`;

async function changed(): Promise<string[]> {
  const changes = await stage.terraform.changes();
  return changes.filter(({ change }) => change.actions.join() !== 'no-op').map(({ address }) => address);
}

const template = async (): Promise<unknown> =>
  (await stage.terraform.attributes('terraform_data.template'))?.['output'] ?? null;

test('are there after the apply, and what hangs on one is left alone by every other change', async () => {
  await stage.deploy(stack());
  expect(await template()).toBe('id-of-developers');
  await stage.isQuiet();

  await stage.deploy(stack({ platform: 'template-admin' }));
  stage.write(stack({ platform: 'template-admin', more: 'gpu = { idp_group = "gpu", group = "gpu" }' }));
  expectCode(await stage.terraform.plan(), 2);
  expect(await changed()).toEqual(['coderscim_app.okta']);
  const [app] = await stage.terraform.changes();
  expect(app?.change.after_unknown).toMatchObject({ group_ids: { gpu: true } });
  stage.api.groups = { ...stage.api.groups, gpu: 'id-of-gpu' };
  expectCode(await stage.terraform.applyPlan(), 0);
  expect((await stage.terraform.attributes('coderscim_app.okta'))?.['group_ids']).toEqual({
    developers: 'id-of-developers',
    gpu: 'id-of-gpu',
  });
  await stage.isQuiet();
});

test('a group that is not in Coder yet has none, and gets it by itself later', async () => {
  stage.api.groups = {};
  await stage.deploy(stack());
  expect((await stage.terraform.attributes('coderscim_app.okta'))?.['group_ids']).toEqual({ developers: null });
  await stage.isQuiet();
  stage.api.groups = { developers: 'id-of-developers' };
  expectCode(await stage.terraform.plan(), 2);
  expect(await changed()).toEqual(['terraform_data.template']);
  expectCode(await stage.terraform.applyPlan(), 0);
  expect(await template()).toBe('id-of-developers');
});

test('stay as they were while Coder does not answer', async () => {
  await stage.deploy(stack());
  stage.api.groups = undefined;
  await stage.isQuiet();
  await stage.deploy(stack({ platform: 'template-admin' }));
  expect(await template()).toBe('id-of-developers');
  await stage.isQuiet();
});

test('a group that was made again between plan and apply is told, and is the next plan', async () => {
  await stage.deploy(stack());
  stage.write(stack({ platform: 'template-admin' }));
  expectCode(await stage.terraform.plan(), 2);
  stage.api.groups = { developers: 'id-of-another' };
  const applied = said(expectCode(await stage.terraform.applyPlan(), 0).output);
  expect(applied).toContain('the Coder group of mapping "developers" is another one than when this was planned');
  expect(await template()).toBe('id-of-developers');
  expectCode(await stage.terraform.plan(), 2);
  expect(await changed()).toEqual(['terraform_data.template']);
  expectCode(await stage.terraform.applyPlan(), 0);
  expect(await template()).toBe('id-of-another');
});

test('a mapping of another group has another id', async () => {
  await stage.deploy(stack());
  stage.api.groups = { developers: 'id-of-developers', everybody: 'id-of-everybody' };
  stage.write(stack().replace('group = "developers"', 'group = "everybody"'));
  expectCode(await stage.terraform.plan(), 2);
  expect((await changed()).sort()).toEqual(['coderscim_app.okta', 'terraform_data.template']);
  expectCode(await stage.terraform.applyPlan(), 0);
  expect(await template()).toBe('id-of-everybody');
});

test.each(['constructor', 'toString', 'hasOwnProperty'])('a mapping may be named %s', name => {
  const mapping = { group: 'builders', organization: 'coder' };
  const planned = { group_mappings: { [name]: mapping }, group_ids: { [name]: 'id-1' } };
  const document = { state: { groupMappings: { [name]: mapping } }, groupIds: {} } as never;
  expect(groupIdsOf(document, {})).toEqual({ [name]: null });
  expect(groupIdsOf({ ...(document as object), groupIds: null } as never, { group_ids: {} })).toEqual({ [name]: null });
  expect(plannedGroupIds(planned, { group_mappings: { [name]: mapping }, group_ids: {} })).toEqual({ [name]: UNKNOWN });
  const report = new Report();
  expect(keepPlanned({ [name]: 'id-1' }, planned, report)).toEqual({ [name]: 'id-1' });
  expect(report.diagnostics).toEqual([]);
});
