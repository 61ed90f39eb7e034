/** Documents that an earlier version took and this one refuses: the bridge starts, its apps work on, and what to do is said. */
import { describeEachDatabase } from '../support/databases';
import { openDatabase } from '../../bridge/store/database/database';
import { type Access, startAccess } from './stage';

const MAPPED = {
  roleMappings: {
    admins: { idpGroup: 'admins', role: 'template-admin' },
    infra: { idpGroup: 'admins', organization: 'default', role: 'infra' },
  },
  customRoles: { infra: { name: 'infra', permissions: [{ resourceType: 'template', action: 'read' }] } },
};

/** What is stored of an app is as an earlier version had it. */
async function rewrite(access: Access, change: (document: string) => string): Promise<void> {
  await access.stop();
  const database = await openDatabase(access.databaseUrl);
  const { state } = await database.db.selectFrom('apps').select('state').executeTakeFirstOrThrow();
  const text = typeof state === 'string' ? state : JSON.stringify(state);
  await database.db
    .updateTable('apps')
    .set({ state: change(text) as never })
    .execute();
  await database.close();
  await access.start();
}

describeEachDatabase('a stored document', (_, on) => {
  it('with a role name in capitals and negated permissions is read as what it came to in Coder', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', MAPPED);
    const id = await okta.hire('ada');
    await okta.group('admins', [id]);
    await rewrite(access, text => {
      const document = JSON.parse(text) as typeof MAPPED;
      const negated = { resourceType: 'workspace', action: 'delete', negate: true };
      const [read] = document.customRoles.infra.permissions;
      return JSON.stringify({
        ...document,
        customRoles: {
          infra: { ...document.customRoles.infra, name: 'Infra', permissions: [read, negated] },
          nothing: { organization: 'default', name: 'nothing', permissions: [negated] },
        },
      });
    });
    await access.swept();
    const { warnings, converged } = await access.statusOf(okta);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^customRoles\/infra: the name "Infra" is read as "infra", .*: correct it in the stack and deploy$/,
      ),
      expect.stringMatching(/^customRoles\/infra: permissions with "negate" are left out, .*: correct it/),
      expect.stringMatching(
        /^customRoles\/nothing: permissions with "negate" are left out, and with them the whole role/,
      ),
    ]);
    expect(converged).toBe(false);
    // Tokens, roles and leavers go on as before.
    expect(access.coder.describe('ada')).toMatchObject({
      siteRoles: ['template-admin'],
      organizations: { coder: { roles: ['infra'] } },
    });
    await okta.leave(id);
    expect(access.coder.describe('ada')).toMatchObject({ status: 'suspended', siteRoles: [] });

    await access.declare(okta, MAPPED);
    await access.settled();
    expect((await access.statusOf(okta)).warnings).toEqual([]);
    expect((await access.statusOf(okta)).converged).toBe(true);
  });

  it('that can not be read at all takes nothing from anybody: said at the start, with what to do', async () => {
    const access = await startAccess(on);
    const okta = await access.app('okta', MAPPED);
    const id = await okta.hire('ada');
    await okta.group('admins', [id]);
    await rewrite(access, text => text.replace('"template-admin"', '"of-another-time"'));
    const [bridge] = access.bridges;
    expect(bridge?.log()).toContain('nothing is given and nothing taken until every document can be read');
    expect(bridge?.log()).toMatch(
      /app \\"okta\\" in the database can not be read by this version: roleMappings.*start the version that wrote it/,
    );
    expect(access.coder.describe('ada').siteRoles).toEqual(['template-admin']);
    await rewrite(access, text => text.replace('"of-another-time"', '"template-admin"'));
    await access.swept();
    expect(access.coder.describe('ada').siteRoles).toEqual(['template-admin']);
    expect((await access.statusOf(okta)).converged).toBe(true);
  });
});
