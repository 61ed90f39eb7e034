/** Somebody who leaves many organizations is locked out and answered for before what they have there is taken. */
import { startStage } from '../stage';

const ORGANIZATIONS = Array.from({ length: 25 }, (_, index) => `team-${index}`);

async function staged(organizations: readonly string[]) {
  const stage = await startStage();
  for (const name of organizations) stage.coder.addOrganization(name);
  await stage.declare({
    organizationMappings: Object.fromEntries(
      organizations.map(name => [name, { idpGroup: 'everywhere', organization: name }]),
    ),
    roleMappings: Object.fromEntries(
      organizations.map(name => [
        name,
        { idpGroup: 'everywhere', role: 'organization-template-admin', organization: name },
      ]),
    ),
  });
  const ada = await stage.createUser('ada');
  await stage.createGroup('everywhere', [ada]);
  await stage.settle();
  const account = () =>
    Object.entries(stage.coder.snapshot().users).find(([username]) => username.startsWith('ada'))?.[1];
  const roles = () => Object.values(account()?.organizations ?? {}).flatMap(organization => organization.roles);
  return { stage, ada, account, roles };
}

it('of 25 organizations: the lock is among the first calls, the answer comes with it, and the rest follows', async () => {
  const { stage, ada, account, roles } = await staged(ORGANIZATIONS);
  expect(roles()).toHaveLength(ORGANIZATIONS.length);
  stage.coder.calls.reset();
  await stage.setActive(ada, false);
  expect(account()?.status).toBe('suspended');
  const before = stage.coder.calls.all().length;
  expect(before).toBeLessThanOrEqual(5);
  expect(roles()).toHaveLength(ORGANIZATIONS.length);
  const [status] = (await stage.reconciler.status()).apps;
  expect(status).toMatchObject({ converged: false, waiting: 1 });
  const work = await stage.database.db.selectFrom('work').select(['key', 'priority', 'error']).execute();
  expect(work).toEqual([
    { key: `person:${ada}`, priority: 0, error: 'locked out already; what they have in organizations is taken next' },
  ]);
  await stage.settle();
  expect(roles()).toEqual([]);
  expect((await stage.reconciler.status()).apps[0]).toMatchObject({ converged: true, waiting: 0 });
  const locks = stage.coder.calls.all().filter(({ path }) => path.endsWith('/suspend'));
  expect(locks).toHaveLength(1);
});

it('of few organizations: everything is taken before the answer', async () => {
  const { stage, ada, account, roles } = await staged(ORGANIZATIONS.slice(0, 3));
  await stage.setActive(ada, false);
  expect(account()?.status).toBe('suspended');
  expect(roles()).toEqual([]);
  expect((await stage.reconciler.status()).apps[0]).toMatchObject({ converged: true });
});
