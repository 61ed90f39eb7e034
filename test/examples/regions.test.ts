/** Several bridges in one stack, by aliases of the provider and one library of mappings. */
import { expectCode } from '../provider/stage';
import { ADMIN_TOKEN, AdminApi } from '../provider/admin-api';
import { synthesizeExample } from './planned';

test('each region has its own bridge, the same app name and the mappings of the one library', async () => {
  const [eu, us] = [await AdminApi.start(), await AdminApi.start()];
  const environment = { BRIDGE_EU: eu.url, BRIDGE_US: us.url, CODER_SCIM_ADMIN_TOKEN: ADMIN_TOKEN };
  const planned = await synthesizeExample('regions', environment);
  const { terraform } = planned;
  try {
    expectCode(await terraform.init(), 0);
    expect(expectCode(await terraform.plan(), 2).stdout).toContain('Plan: 2 to add, 0 to change, 0 to destroy.');
    expectCode(await terraform.applyPlan(), 0);
    const states = [await eu.client.getApp('okta'), await us.client.getApp('okta')].map(({ state }) => state);
    const groups = states.map(({ groupMappings }) =>
      Object.values(groupMappings)
        .map(mapping => mapping.group)
        .sort(),
    );
    expect(groups).toEqual([
      ['developers', 'payments', 'search'],
      ['ads', 'developers', 'payments'],
    ]);
    for (const { roleMappings } of states)
      expect(roleMappings['company.security']).toMatchObject({ idpGroup: 'security-operations', role: 'auditor' });
    expectCode(await terraform.plan(), 0);
  } finally {
    planned.remove();
    await Promise.all([eu.stop(), us.stop()]);
  }
});
