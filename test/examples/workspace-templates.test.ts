/** Templates and who may use them in one stack: planned against a double of coder/coderd, which is not the real one. */
import { expectCode } from '../provider/stage';
import { ADMIN_TOKEN, AdminApi } from '../provider/admin-api';
import { synthesizeExample } from './planned';

test('the organization comes before the app, the template after it, with the id of the mapped group', async () => {
  const api = await AdminApi.start();
  api.groups = { gpu: 'id-of-gpu', staff: 'id-of-staff' };
  const environment = { CODER_SCIM_URL: api.url, CODER_SCIM_ADMIN_TOKEN: ADMIN_TOKEN };
  const coderd = { name: 'coderd', source: 'coder/coderd', version: '0.0.23' };
  const planned = await synthesizeExample('workspace-templates', environment, coderd);
  const { terraform } = planned;
  try {
    expectCode(await terraform.init(), 0);
    expectCode(await terraform.plan(), 2);
    const applied = expectCode(await terraform.applyPlan(), 0).stdout;
    const at = (text: RegExp): number => applied.search(text);
    expect(at(/coderd_organization\.\w+: Creation complete/)).toBeLessThan(at(/coderscim_app\.\w+: Creating/));
    expect(at(/coderscim_app\.\w+: Creation complete/)).toBeLessThan(at(/coderd_template\.\w+: Creating/));

    const { state } = await api.client.getApp('okta');
    expect(state.groupMappings['gpu']).toMatchObject({ organization: 'research', group: 'gpu', quotaAllowance: 40 });
    const templates = planned.made().filter(line => line.startsWith('create coderd_template'));
    const access = templates.map(line => {
      const { name, acl } = JSON.parse(line.split(' ').slice(2).join(' ')) as { name: string; acl: object };
      return { name, acl };
    });
    expect(access.sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: 'gpu-notebook', acl: { groups: [{ id: 'id-of-gpu', role: 'use' }], users: [] } },
      { name: 'notebook', acl: { groups: [{ id: 'id-of-staff', role: 'use' }], users: [] } },
    ]);
    expectCode(await terraform.plan(), 0);

    expectCode(await terraform.destroy(), 0);
    expect(
      planned
        .made()
        .filter(line => line.startsWith('delete'))
        .map(line => line.split(' ')[1]),
    ).toEqual(['coderd_template', 'coderd_template', 'coderd_organization']);
    expect((await api.client.listApps()).apps).toEqual([]);
  } finally {
    planned.remove();
    await api.stop();
  }
});
