/** Coder groups: created, matched, followed, written with the fewest calls and by one writer at a time. */
import { startStage, type Stage } from '../stage';

const patches = (stage: Stage) => stage.coder.calls.all({ method: 'PATCH', path: '/groups/' });

it('puts 700 single-member changes of a large group into a few calls', async () => {
  // The clock of the bridge stands, so that however long this takes the changes follow each other.
  const now = Date.now() + 3_600_000;
  const stage = await startStage({ coder: { flightMilliseconds: 3 }, now: () => now });
  await stage.declare({ groupMappings: { all: { idpGroup: 'all', group: 'all' } } });
  const ids: string[] = [];
  for (let n = 0; n < 1_000; n += 1) {
    const { resource } = await stage.directory.createUser(stage.context, {
      schemas: [],
      userName: `user${n}`,
      emails: [{ value: `user${n}@example.com` }],
    });
    ids.push(resource.id);
  }
  await stage.settle();
  const group = await stage.createGroup('all', ids.slice(0, 300));
  await stage.settle();
  expect(stage.coder.membersOf('all')).toHaveLength(300);
  stage.coder.calls.reset();

  // Eight connections of an identity provider, each with one member a request.
  const queue = ids.slice(300);
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let id = queue.shift(); id !== undefined; id = queue.shift()) await stage.join(group, id);
    }),
  );
  await stage.settle();
  expect(stage.coder.membersOf('all')).toHaveLength(1_000);
  expect(patches(stage).length).toBeLessThanOrEqual(50);
  expect(patches(stage).every(call => call.status === 200)).toBe(true);
});

it('adds a whole group with one call', async () => {
  const stage = await startStage();
  await stage.declare({ groupMappings: { all: { idpGroup: 'all', group: 'all' } } });
  const ids: string[] = [];
  for (let n = 0; n < 20; n += 1) ids.push(await stage.createUser(`user${n}`));
  stage.coder.calls.reset();
  await stage.createGroup('all', ids);
  expect(stage.coder.membersOf('all')).toHaveLength(20);
  expect(stage.coder.calls.countWrites()).toBe(1);
});

it('repeats after another hand added the same member, and loses nothing', async () => {
  const stage = await startStage();
  await stage.declare({ groupMappings: { all: { idpGroup: 'all', group: 'all' } } });
  const alice = await stage.createUser('alice');
  const bob = await stage.createUser('bob');
  stage.coder.addToGroup('alice', 'all');
  await stage.createGroup('all', [alice, bob]);
  expect(stage.coder.membersOf('all')).toEqual(['alice', 'bob']);
});

describe('while somebody else writes to the same group, so that Coder refuses whatever is asked', () => {
  const refuses = ({ coder }: Stage, times?: number): void =>
    coder.faults.add({
      kind: 'fail',
      status: 400,
      message: 'Failed to add or remove non-existent group member',
      match: { method: 'PATCH', path: '/groups/' },
      ...(times !== undefined && { times }),
    });

  it('whoever is to go is not forgotten: they are out when it is over', async () => {
    const stage = await startStage();
    stage.coder.addGroup('all');
    await stage.declare({ groupMappings: { all: { idpGroup: 'all', group: 'all' } } });
    await stage.createGroup('all', [await stage.createUser('alice')]);
    expect(stage.coder.membersOf('all')).toEqual(['alice']);
    refuses(stage, 3);
    await stage.declare({});
    expect(stage.coder.membersOf('all')).toEqual([]);
    expect((await stage.reconciler.status()).apps[0]).toMatchObject({ converged: true });
  });

  it('whoever is to come in waits for it as other work does, and is seen to', async () => {
    const stage = await startStage({ maxAttempts: 3 });
    await stage.declare({ groupMappings: { all: { idpGroup: 'all', group: 'all' } } });
    const alice = await stage.createUser('alice');
    refuses(stage);
    await stage.createGroup('all', [alice]);
    await stage.settle();
    expect((await stage.reconciler.status()).pending).toMatchObject([{ state: 'parked', attempts: 3 }]);
    stage.coder.faults.clear();
    await stage.reconciler.retry(undefined, { by: 'operator' });
    await stage.settle();
    expect(stage.coder.membersOf('all')).toEqual(['alice']);
  });
});

it('looks again after an answer that was lost', async () => {
  const stage = await startStage();
  await stage.declare({ groupMappings: { all: { idpGroup: 'all', group: 'all' } } });
  const alice = await stage.createUser('alice');
  stage.coder.faults.failAfterDoing({ method: 'PATCH', path: '/groups/' }, { times: 1 });
  await stage.createGroup('all', [alice]);
  await stage.settle();
  expect(stage.coder.membersOf('all')).toEqual(['alice']);
  expect(await stage.reconciler.audit({ action: 'group.add' })).toMatchObject([{ result: 'done', idpGroup: 'all' }]);
});

it('takes out whom a change put in of which nobody heard, and which Coder took up after what was decided since', async () => {
  let ahead = 0;
  const stage = await startStage({ now: () => Date.now() + ahead });
  await stage.declare({ groupMappings: { all: { idpGroup: 'all', group: 'all' } }, policies: { drift: 'off' } });
  const alice = await stage.createUser('alice');
  stage.coder.faults.fail(504, { method: 'PATCH', path: '/groups/' }, { times: 1 });
  const group = await stage.createGroup('all', [alice]);
  await stage.leave(group, alice);
  expect(stage.coder.membersOf('all')).toEqual([]);
  stage.coder.addToGroup('alice', 'all');
  expect((await stage.reconciler.status()).apps[0]).toMatchObject({ converged: false });

  ahead = 61_000;
  await stage.settle();
  expect(stage.coder.membersOf('all')).toEqual([]);
  expect((await stage.reconciler.status()).apps[0]).toMatchObject({ converged: true });
  stage.coder.calls.reset();
  await stage.join(group, alice);
  expect(stage.coder.calls.all().filter(({ method, path }) => method === 'GET' && path.includes('/groups/'))).toEqual(
    [],
  );
});

it('brings back a person whom somebody took out of the organization, together with the others of the call', async () => {
  const stage = await startStage();
  await stage.declare({ groupMappings: { all: { idpGroup: 'all', group: 'all' } } });
  const alice = await stage.createUser('alice');
  const bob = await stage.createUser('bob');
  const ids = [alice, bob];
  const { touched } = await stage.directory.createGroup(
    stage.context,
    { schemas: [], displayName: 'all' },
    ids.map(value => ({ value })),
  );
  stage.coder.addUser('testholder', { organizations: ['coder'] });
  stage.coder.removeMember('bob');
  stage.coder.addToGroup('testholder', 'all');
  await stage.reconciler.converge(touched, { deadlineMs: 10_000 });
  await stage.settle();
  expect(stage.coder.membersOf('all')).toEqual(['alice', 'bob', 'testholder']);
});

it('leaves members of no directory alone', async () => {
  const stage = await startStage();
  stage.coder.addUser('stranger');
  stage.coder.addGroup('all');
  stage.coder.addToGroup('stranger', 'all');
  await stage.declare({ groupMappings: { all: { idpGroup: 'all', group: 'all' } } });
  const alice = await stage.createUser('alice');
  const group = await stage.createGroup('all', [alice]);
  await stage.leave(group, alice);
  expect(stage.coder.membersOf('all')).toEqual(['stranger']);
});

it('takes the membership of an organization last, and with it what is in there', async () => {
  const stage = await startStage();
  stage.coder.addOrganization('science');
  await stage.declare({
    groupMappings: { lab: { idpGroup: 'lab', organization: 'science', group: 'lab' } },
    roleMappings: { lead: { idpGroup: 'lab', organization: 'science', role: 'organization-template-admin' } },
  });
  const alice = await stage.createUser('alice');
  const group = await stage.createGroup('lab', [alice]);
  expect(stage.coder.describe('alice').organizations).toEqual({
    coder: { roles: [], groups: [] },
    science: { roles: ['organization-template-admin'], groups: ['lab'] },
  });
  stage.coder.calls.reset();
  await stage.leave(group, alice);
  expect(stage.coder.describe('alice').organizations).toEqual({ coder: { roles: [], groups: [] } });
  expect(stage.coder.calls.writes().map(call => call.method)).toEqual(['DELETE']);
});

it('makes a Coder group of every pushed group, follows its renames, and removes it when it is empty and gone', async () => {
  const stage = await startStage();
  await stage.declare({ pushedGroups: { prefix: 'coder-', stripPrefix: true } });
  const alice = await stage.createUser('alice');
  const group = await stage.createGroup('coder-Platform / EU', [alice]);
  await stage.createGroup('unrelated', [alice]);
  const groups = (): unknown => stage.coder.snapshot().organizations['coder']?.groups;
  expect(groups()).toEqual({ 'Platform-EU': ['alice'] });
  await stage.write(
    stage.directory.updateGroup(stage.context, group, current => ({
      document: { ...current.document, displayName: 'coder-Platform US' },
    })),
  );
  await stage.settle();
  expect(groups()).toEqual({ 'Platform-US': ['alice'] });
  await stage.write(stage.directory.deleteGroup(stage.context, group));
  await stage.settle();
  expect(groups()).toEqual({});
});

it('takes members out of a pushed group that a gateway in front of Coder knew no way to for a moment', async () => {
  const stage = await startStage({ backoffMs: 1 });
  await stage.declare({ pushedGroups: {} });
  const [alice, bob] = [await stage.createUser('alice'), await stage.createUser('bob')];
  const group = await stage.createGroup('eng', [alice, bob]);
  stage.coder.faults.gateway(404, { method: 'GET', path: '^/api/v2/groups/[^/]+$' }, { times: 1 });
  await stage.write(
    stage.directory.updateGroup(stage.context, group, ({ document }) => ({
      document: { ...document, displayName: 'engineering' },
    })),
  );
  await stage.settle();
  await stage.leave(group, alice);
  await stage.settle();
  expect(stage.coder.snapshot().organizations['coder']?.groups).toEqual({ engineering: ['bob'] });
  expect(await stage.reconciler.audit({ action: 'group.delete' })).toEqual([]);
  expect((await stage.reconciler.status()).apps[0]).toMatchObject({ converged: true, warnings: [] });
});

it('keeps two pushed groups apart whose names derive to the same', async () => {
  const stage = await startStage();
  await stage.declare({ pushedGroups: {} });
  const alice = await stage.createUser('alice');
  const bob = await stage.createUser('bob');
  await stage.createGroup('R D', [alice]);
  await stage.createGroup('R/D', [bob]);
  const groups = Object.entries(stage.coder.snapshot().organizations['coder']?.groups ?? {});
  expect(groups.map(([, members]) => members)).toEqual(expect.arrayContaining([['alice'], ['bob']]));
  expect(groups).toHaveLength(2);
});

it('makes the group again that somebody deleted in Coder', async () => {
  const stage = await startStage();
  await stage.declare({ groupMappings: { all: { idpGroup: 'all', group: 'all' } } });
  const alice = await stage.createUser('alice');
  await stage.createGroup('all', [alice]);
  stage.coder.deleteGroup('all');
  await stage.reconciler.sweep();
  await stage.settle();
  expect(stage.coder.membersOf('all')).toEqual(['alice']);
});

it.each([
  ['follow', ['alice']],
  ['rematch', []],
] as const)('a mapping by displayName after a rename in the directory: %s', async (renamedGroups, members) => {
  const stage = await startStage();
  await stage.declare({
    policies: { renamedGroups },
    groupMappings: { all: { idpGroup: 'all', group: 'all' } },
  });
  const alice = await stage.createUser('alice');
  const group = await stage.createGroup('all', [alice]);
  await stage.write(
    stage.directory.updateGroup(stage.context, group, current => ({
      document: { ...current.document, displayName: 'everybody' },
    })),
  );
  await stage.settle();
  const hold = (await stage.reconciler.status()).holds[0];
  if (hold !== undefined) await stage.reconciler.releaseHold(hold.id, { by: 'operator' });
  await stage.settle();
  expect(stage.coder.membersOf('all')).toEqual(members);
});

it('keeps custom roles as declared, refuses permissions that Coder would drop, and removes them when unused', async () => {
  const stage = await startStage();
  const customRoles = {
    reader: { name: 'template-reader', permissions: [{ resourceType: 'template', action: 'read' }] },
  };
  const roleMappings = { readers: { idpGroup: 'readers', organization: 'default', role: 'template-reader' } };
  await stage.declare({ customRoles, roleMappings });
  const alice = await stage.createUser('alice');
  await stage.createGroup('readers', [alice]);
  expect(stage.coder.describe('alice').organizations['coder']?.roles).toEqual(['template-reader']);

  await stage.declare({
    customRoles: {
      reader: { name: 'template-reader', permissions: [{ resourceType: 'template', action: 'fly' }] },
    },
    roleMappings,
  });
  const [app] = (await stage.reconciler.status()).apps;
  expect(app?.warnings.join()).toMatch(/customRoles\/reader/);
  expect(stage.coder.describe('alice').organizations['coder']?.roles).toEqual(['template-reader']);

  await stage.declare({});
  await stage.reconciler.sweep();
  await stage.settle();
  await stage.reconciler.sweep();
  expect(stage.coder.describe('alice').organizations['coder']?.roles).toEqual([]);
  expect(stage.coder.snapshot().organizations['coder']?.customRoles).toEqual([]);
});
