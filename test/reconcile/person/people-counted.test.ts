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
