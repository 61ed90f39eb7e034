/** Somebody who leaves many organizations is locked out and answered for before what they have there is taken. */
import { until } from '../../support/until';
import { AMPLE_MS, type StageOptions, startStage } from '../stage';

const ORGANIZATIONS = Array.from({ length: 25 }, (_, index) => `team-${index}`);

async function staged(organizations: readonly string[], options: StageOptions = {}) {
  const stage = await startStage(options);
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

it('of many: that they are locked out tells that Coder is back, and nobody else who leaves waits for it any more', async () => {
  // No pause is over by itself, however long this takes, and all that is written is due.
  const now = Date.now() + 600_000;
  const { stage, ada, account, roles } = await staged(ORGANIZATIONS.slice(0, 6), { now: () => now });
  const bob = await stage.createUser('bob');
  stage.reconciler.start();
  await stage.coder.unreachable(true);
  const leaving = await stage.directory.updateUser(stage.context, bob, ({ document }) => ({
    ...document,
    active: false,
  }));
  await stage.reconciler.converge(leaving?.touched ?? [], { deadlineMs: AMPLE_MS });
  await stage.coder.unreachable(false);
  await stage.setActive(ada, false);
  await until('the suspension of bob', () => stage.coder.describe('bob').status === 'suspended');
  await until('the end of what ada has', () => roles().length === 0);
  expect(account()?.status).toBe('suspended');
});
