/** Writes to Coder equal the lower bound that the difference allows: counted over many random changes. */
import { type CoderDouble } from '../../support/coder-double';
import { type Stage, startStage } from '../stage';

const STATE = {
  roleMappings: {
    auditors: { idpGroup: 'auditors', role: 'auditor' },
    platform: { idpGroup: 'platform', role: 'template-admin' },
  },
  groupMappings: {
    developers: { idpGroup: 'developers', group: 'developers' },
    platform: { idpGroup: 'platform', group: 'platform' },
  },
  guard: { maxRemovalsPercent: 100 },
};

/** Numbers that look random and are the same each time. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return sides => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

const userAdmin = (coder: CoderDouble): string => {
  coder.addUser('bridge', { roles: ['user-admin'], loginType: 'password', status: 'active' });
  return coder.issueToken('bridge');
};

interface Picture {
  readonly [username: string]: { readonly status: string; readonly roles: string; readonly groups: readonly string[] };
}

function picture(stage: Stage): Picture {
  return Object.fromEntries(
    Object.entries(stage.coder.snapshot().users).map(([name, user]) => [
      name,
      {
        status: user.status === 'suspended' ? 'out' : 'in',
        roles: user.siteRoles.join(),
        groups: user.organizations['coder']?.groups ?? [],
      },
    ]),
  );
}

/** The fewest calls that lead from one picture to the other: one for each account, list of roles and group that differs. */
function lowerBound(before: Picture, after: Picture): number {
  let calls = 0;
  const groups = new Set<string>();
  for (const [name, now] of Object.entries(after)) {
    const was = before[name];
    if (was === undefined) calls += 1;
    else if (was.status !== now.status) calls += 1;
    if ((was?.roles ?? '') !== now.roles) calls += 1;
    for (const group of ['developers', 'platform'])
      if ((was?.groups ?? []).includes(group) !== now.groups.includes(group)) groups.add(group);
  }
  return calls + groups.size;
}

it('over 300 random changes of a directory', async () => {
  const stage = await startStage();
  await stage.declare(STATE);
  const roll = dice(7);
  const users: string[] = [];
  const active = new Map<string, boolean>();
  const groups: string[] = [];
  for (const name of ['auditors', 'platform', 'developers', 'unmapped']) groups.push(await stage.createGroup(name));
  let writes = 0;
  let bound = 0;
  for (let change = 0; change < 300; change += 1) {
    const before = picture(stage);
    stage.coder.calls.reset();
    const user = users[roll(users.length)];
    const group = groups[roll(groups.length)] ?? '';
    const kind = user === undefined ? 0 : roll(10);
    if (kind === 0 || user === undefined) {
      const id = await stage.createUser(`user${change}`);
      users.push(id);
      active.set(id, true);
    } else if (kind === 1) {
      const next = active.get(user) !== true;
      active.set(user, next);
      await stage.setActive(user, next);
    } else if (kind < 6) await stage.join(group, user, ...users.slice(0, roll(3)));
    else await stage.leave(group, user);
    await stage.settle();
    writes += stage.coder.calls.countWrites();
    bound += lowerBound(before, picture(stage));
  }
  expect(bound).toBeGreaterThan(150);
  expect(writes).toBe(bound);
});

describe('somebody who leaves', () => {
  const callsOf = (stage: Stage): string[] =>
    stage.coder.calls.all().map(({ method, path }) => `${method} ${path.replace(/[0-9a-f-]{36}/g, '{id}')}`);

  it('costs the look at the account, the lock and one list of workspaces', async () => {
    const stage = await startStage();
    await stage.declare({});
    const alice = await stage.createUser('alice');
    stage.coder.calls.reset();
    await stage.setActive(alice, false);
    expect(callsOf(stage)).toEqual([
      'GET /api/v2/users/{id}',
      'PUT /api/v2/users/{id}/status/suspend',
      'GET /api/v2/workspaces',
    ]);
  });

  it('costs one call more for each workspace that runs, and none for one that is stopped', async () => {
    const stage = await startStage();
    await stage.declare({});
    const alice = await stage.createUser('alice');
    stage.coder.addWorkspace('alice', 'one');
    stage.coder.addWorkspace('alice', 'two');
    stage.coder.addWorkspace('alice', 'old', { stopped: true });
    stage.coder.calls.reset();
    await stage.setActive(alice, false);
    expect(callsOf(stage).slice(2)).toEqual([
      'GET /api/v2/workspaces',
      'POST /api/v2/workspaces/{id}/builds',
      'POST /api/v2/workspaces/{id}/builds',
    ]);
  });

  it('costs no list where the account may see no workspace', async () => {
    const stage = await startStage({ token: userAdmin });
    await stage.declare({});
    const alice = await stage.createUser('alice');
    stage.coder.calls.reset();
    await stage.setActive(alice, false);
    expect(callsOf(stage)).toHaveLength(2);
  });

  it('costs nothing once the workspaces are seen stopped, however often Coder is compared', async () => {
    const stage = await startStage();
    await stage.declare({});
    for (const name of ['alice', 'bob']) {
      const id = await stage.createUser(name);
      if (name === 'alice') stage.coder.addWorkspace('alice', 'dev');
      await stage.setActive(id, false);
    }
    const listed = async (): Promise<number> => {
      stage.coder.calls.reset();
      await stage.reconciler.sweep();
      await stage.settle();
      return stage.coder.calls.count({ path: '/workspaces' });
    };
    // Alice had one that ran; whoever had none is not looked at again.
    expect(await listed()).toBe(1);
    expect(await listed()).toBe(0);
  });
});
