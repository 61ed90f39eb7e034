/** Coder takes long to answer, and the directory says something else meanwhile: nothing is done by what was true before. */
import { startStage } from '../stage';

/** What a stage does while a call to Coder hangs, which is answered some seconds later. */
async function slowly(call: { method: string; path: string }) {
  const clock = { shift: 0 };
  const stage = await startStage({ now: () => Date.now() + clock.shift });
  await stage.declare({ roleMappings: { audit: { idpGroup: 'audit', role: 'auditor' } } });
  return {
    stage,
    /** @param active what the directory says from then on of somebody, before Coder answers */
    async while(request: () => Promise<unknown>, id: string, active: boolean) {
      const held = stage.coder.faults.hold(call);
      stage.coder.calls.reset();
      const first = request();
      await held.arrived;
      await stage.directory.updateUser(stage.context, id, current => ({ ...current.document, active }));
      clock.shift += 5_000;
      held.release();
      await first;
      await stage.settle();
      return stage.coder.calls.writes().map(({ method, path }) => `${method} ${path.split('/').at(-1) ?? ''}`);
    },
  };
}

it('whoever leaves meanwhile is not let in for a moment', async () => {
  const { stage, ...coder } = await slowly({ method: 'GET', path: '/users/[0-9a-f-]+$' });
  const alice = await stage.createUser('alice');
  await stage.setActive(alice, false);
  const writes = await coder.while(() => stage.setActive(alice, true), alice, false);
  expect(writes).toEqual([]);
  expect(stage.coder.describe('alice').status).toBe('suspended');
});

it('whoever is back meanwhile is not locked out for a moment', async () => {
  const { stage, ...coder } = await slowly({ method: 'GET', path: '/users/[0-9a-f-]+$' });
  const alice = await stage.createUser('alice');
  await stage.createGroup('audit', [alice]);
  const writes = await coder.while(() => stage.setActive(alice, false), alice, true);
  expect(writes).toEqual([]);
  expect(stage.coder.describe('alice').siteRoles).toEqual(['auditor']);
});

it('for whoever is new and leaves meanwhile no account is made', async () => {
  const { stage, ...coder } = await slowly({ method: 'GET', path: '/users$' });
  const { resource } = await stage.directory.createUser(stage.context, {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: 'alice',
    active: true,
    emails: [{ value: 'alice@example.com', primary: true }],
  });
  const writes = await coder.while(
    () => stage.reconciler.converge([`person:${resource.id}`], { deadlineMs: 100_000 }),
    resource.id,
    false,
  );
  expect(writes).toEqual([]);
  expect(Object.keys(stage.coder.snapshot().users)).not.toContain('alice');
});
