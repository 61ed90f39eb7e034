/** Of how many people the guard's share is: counting a large directory takes its time, and is not done for each who leaves. */
import * as people from '../../../bridge/store/accounts/people';
import { startStage } from '../stage';

jest.mock('../../../bridge/store/accounts/people', (): object => ({
  __esModule: true,
  ...jest.requireActual<object>('../../../bridge/store/accounts/people'),
}));

it.each([
  ['each time that it matters in a small one', 30],
  ['once for those who leave soon after each other in a large one, also where few have an account', 300],
])('are counted %s', async (_, others) => {
  const count = jest.spyOn(people, 'countPeopleIn');
  const stage = await startStage();
  await stage.declare({
    policies: { accounts: 'mapped' },
    roleMappings: { audit: { idpGroup: 'audit', role: 'auditor' } },
    guard: { minRemovals: 1, maxRemovalsPercent: 100 },
  });
  const names = (of: string, length: number) => Array.from({ length }, (__, index) => `${of}${index}`);
  const leavers: string[] = [];
  for (const name of names('leaver', 6)) leavers.push(await stage.createUser(name));
  await stage.createGroup('audit', leavers);
  for (const name of names('other', others)) await stage.createUser(name);
  count.mockClear();
  for (const id of leavers) await stage.setActive(id, false);
  expect(Object.values(stage.coder.snapshot().users).filter(({ status }) => status === 'suspended')).toHaveLength(6);
  if (others < 250) expect(count.mock.calls.length).toBeGreaterThan(2);
  else expect(count).toHaveBeenCalledTimes(1);
});

it.each([
  ['are counted anew before a leaver is held, where many have come since', { percent: 30, back: false }],
  ['are counted anew where the clock has gone back', { percent: 100, back: true }],
])('%s', async (_, { percent, back }) => {
  const clock = { shift: 0 };
  const stage = await startStage({ now: () => Date.now() + clock.shift });
  await stage.declare({ guard: { minRemovals: 1, maxRemovalsPercent: percent } });
  const leavers: string[] = [];
  for (let index = 0; index < 8; index += 1) leavers.push(await stage.createUser(`leaver${index}`));
  const others = { groups: 0 };
  const join = async (length: number, more = {}) => {
    others.groups += 1;
    for (let index = 0; index < length; index += 1) await stage.createUser(`other${others.groups}-${index}`, more);
  };
  // In the directory and without an account.
  await join(300, { active: false });
  if (back) clock.shift = 3_600_000;
  for (const id of leavers.slice(0, 2)) await stage.setActive(id, false);
  const count = jest.spyOn(people, 'countPeopleIn').mockClear();
  if (back) clock.shift = 0;
  else {
    await join(60);
    clock.shift = 2_000;
  }
  for (const id of leavers.slice(2, 6)) await stage.setActive(id, false);
  expect(count.mock.calls.length).toBe(1);
  expect((await stage.reconciler.status()).holds).toEqual([]);
  expect(Object.values(stage.coder.snapshot().users).filter(({ status }) => status === 'suspended')).toHaveLength(6);
});
