/** Coder takes long to answer, and the directory says something else meanwhile: nothing is done by what was true before. */
import { until } from '../../support/until';
import { whenDone } from '../../access/stage';
import { type Stage, startStage } from '../stage';

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

it('whoever is back while a first call is answered late is not locked out by the next', async () => {
  const { stage, ...coder } = await slowly({ method: 'PUT', path: '/roles$' });
  await stage.declare({ roleMappings: { owners: { idpGroup: 'owners', role: 'owner' } } });
  stage.coder.addUser('root', { roles: ['owner'], status: 'active' });
  const alice = await stage.createUser('alice');
  await stage.createGroup('owners', [alice]);
  const writes = await coder.while(() => stage.setActive(alice, false), alice, true);
  expect(writes).toEqual(['PUT roles', 'PUT roles']);
  expect(stage.coder.describe('alice').siteRoles).toEqual(['owner']);
});

it('what somebody gives by hand in an organization stays, though the roles of the site are looked at first', async () => {
  let ahead = 0;
  const stage = await startStage({ now: () => Date.now() + ahead });
  await stage.declare({
    roleMappings: {
      site: { idpGroup: 'audit', role: 'auditor' },
      organization: { idpGroup: 'audit', organization: 'default', role: 'organization-auditor' },
    },
  });
  const alice = await stage.createUser('alice');
  await stage.setActive(alice, false);
  await stage.createGroup('audit', [alice]);
  const letIn = whenDone(stage.coder, 'PUT', /\/activate$/, () => {
    stage.coder.setOrganizationRoles('alice', ['organization-template-admin']);
    ahead = 5_000;
  });
  await stage.setActive(alice, true);
  await letIn;
  await stage.settle();
  expect(stage.coder.describe('alice')).toMatchObject({
    siteRoles: ['auditor'],
    organizations: { coder: { roles: ['organization-auditor', 'organization-template-admin'] } },
  });
});

describe("Coder's rate limit keeps a call for a second", () => {
  /** What was asked of Coder, and what happens before it may be asked again. */
  async function kept(
    call: { method: string; path: string },
    request: () => Promise<unknown>,
    meanwhile: () => unknown,
  ) {
    const { coder } = stage;
    coder.faults.answer429(call, 1, 1);
    coder.calls.reset();
    const answer = request();
    await until('the answer 429', () => coder.calls.all().some(({ status }) => status === 429));
    await meanwhile();
    await answer;
    await stage.settle();
    return coder.calls
      .writes()
      .filter(({ status }) => status < 400)
      .map(({ method, path }) => `${method} ${path.split('/').at(-1) ?? ''}`);
  }

  let stage: Stage;
  let alice: string;
  const changed = (active: boolean) =>
    stage.directory.updateUser(stage.context, alice, current => ({ ...current.document, active }));
  beforeEach(async () => {
    stage = await startStage();
    await stage.declare({ roleMappings: { audit: { idpGroup: 'audit', role: 'auditor' } } });
    alice = await stage.createUser('alice');
  });

  it('whoever leaves meanwhile is not let in for a moment', async () => {
    await stage.setActive(alice, false);
    const writes = await kept(
      { method: 'PUT', path: '/activate$' },
      () => stage.setActive(alice, true),
      () => changed(false),
    );
    expect(writes).toEqual([]);
    expect(stage.coder.describe('alice').status).toBe('suspended');
  });

  it('whose name changes once more meanwhile gets the last one alone', async () => {
    const named = (displayName: string) =>
      stage.directory.updateUser(stage.context, alice, current => ({ ...current.document, displayName }));
    const writes = await kept(
      { method: 'PUT', path: '/profile$' },
      () => stage.write(named('Alice Maiden')),
      () => named('Alice Married'),
    );
    expect(writes).toEqual(['PUT profile']);
    expect(stage.coder.describe('alice').name).toBe('Alice Married');
  });

  it('an account that its person signs in to meanwhile is not deleted to be made anew', async () => {
    const emails = [{ value: 'alice@married.example', primary: true }];
    await kept(
      { method: 'DELETE', path: '/users/' },
      () => stage.write(stage.directory.updateUser(stage.context, alice, current => ({ ...current.document, emails }))),
      () => stage.coder.oidcLogin({ sub: 'alice', email: 'alice@example.com', email_verified: true }),
    );
    expect(stage.coder.calls.writes()).toMatchObject([{ method: 'DELETE', status: 429 }]);
    expect(stage.coder.describe('alice')).toMatchObject({ email: 'alice@example.com', status: 'active' });
  });

  it('a group that somebody is put into meanwhile stays', async () => {
    await stage.declare({ pushedGroups: { prefix: 'team-' } });
    const group = await stage.createGroup('team-x', []);
    stage.coder.addUser('bob', { status: 'active' });
    await kept(
      { method: 'DELETE', path: '/groups/' },
      () => stage.write(stage.directory.deleteGroup(stage.context, group)),
      () => stage.coder.addToGroup('bob', 'team-x'),
    );
    expect(stage.coder.membersOf('team-x')).toEqual(['bob']);
  });

  it('what somebody sets by hand meanwhile stays, and the request is answered when all is done', async () => {
    await kept(
      { method: 'PUT', path: '/roles$' },
      () => stage.createGroup('audit', [alice]),
      () => stage.coder.setSiteRoles('alice', ['template-admin']),
    );
    expect(stage.coder.describe('alice').siteRoles).toEqual(['auditor', 'template-admin']);
  });
});

describe('calls before it keep a call for long', () => {
  /** @returns what is written to Coder where somebody's first write to it waits for its turn, and the directory says something else meanwhile */
  async function queued(before: boolean, after: boolean): Promise<string[]> {
    const clock = { shift: 0 };
    const stage = await startStage({
      now: () => Date.now() + clock.shift,
      limits: { concurrency: 1, repeatWithinMs: 50 },
    });
    await stage.declare({});
    const bob = await stage.createUser('bob');
    await stage.setActive(bob, !before);
    stage.coder.calls.reset();
    // The one place is somebody else's when the write comes to it.
    const look = stage.coder.faults.hold({ method: 'GET', path: '/users/[0-9a-f-]+$' });
    const other = stage.coder.faults.hold({ method: 'GET', path: '/groups/' });
    const answer = stage.setActive(bob, before);
    await look.arrived;
    const theirs = stage.client.getGroup('00000000-1111-4222-8333-444444444444');
    look.release();
    await other.arrived;
    const begun = () => stage.database.db.selectFrom('journal').select('kind').execute();
    await until('the write to be begun', async () => (await begun()).length > 0);
    await new Promise(resolve => setTimeout(resolve, 200));
    await stage.directory.updateUser(stage.context, bob, current => ({ ...current.document, active: after }));
    clock.shift += 5_000;
    other.release();
    await Promise.all([answer, theirs]);
    await stage.settle();
    return stage.coder.calls.writes().map(({ method, path }) => `${method} ${path.split('/').at(-1) ?? ''}`);
  }

  it('whoever leaves meanwhile is not let in for a moment', async () => {
    expect(await queued(true, false)).toEqual([]);
  });

  it('whoever is back meanwhile is not locked out for a moment', async () => {
    expect(await queued(false, true)).toEqual([]);
  });
});
