/** An account that was read or made a moment ago is not read again, and what was done to it by hand meanwhile leads to nothing wrong. */
import { type Stage, startStage } from '../stage';

const PUSHED = { pushedGroups: {}, guard: { maxRemovalsPercent: 100, minRemovals: 100 } };

const groupsOf = (stage: Stage, name: string): readonly string[] =>
  stage.coder.snapshot().users[name]?.organizations['coder']?.groups ?? [];

const readings = (stage: Stage): number =>
  stage.coder.calls.all().filter(({ method, path }) => method === 'GET' && /\/users\/[0-9a-f-]{36}$/.test(path)).length;

async function hired(): Promise<{ readonly stage: Stage; readonly ada: string }> {
  const stage = await startStage();
  await stage.declare(PUSHED);
  const ada = await stage.createUser('ada');
  stage.coder.calls.reset();
  return { stage, ada };
}

it('groups are joined and left without a look at the account', async () => {
  const { stage, ada } = await hired();
  const team = await stage.createGroup('team', [ada]);
  expect(groupsOf(stage, 'ada')).toEqual(['team']);
  await stage.leave(team, ada);
  expect(groupsOf(stage, 'ada')).toEqual([]);
  expect(readings(stage)).toBe(0);
});

it('an account that was deleted by hand meanwhile is made anew for the group that it is to be in, before the answer', async () => {
  const { stage, ada } = await hired();
  stage.coder.deleteUser('ada');
  await stage.createGroup('team', [ada]);
  expect(groupsOf(stage, 'ada')).toEqual(['team']);
});

it('whoever leaves is looked at, whatever is believed', async () => {
  const { stage, ada } = await hired();
  await stage.createGroup('team', [ada]);
  await stage.write(stage.directory.updateUser(stage.context, ada, ({ document }) => ({ ...document, active: false })));
  expect(readings(stage)).toBe(1);
  expect(stage.coder.snapshot().users['ada']?.status).toBe('suspended');
});

it('the sweep believes nothing: what was done by hand is undone', async () => {
  const { stage } = await hired();
  stage.coder.setStatus('ada', 'suspended');
  await stage.reconciler.sweep();
  await stage.settle();
  expect(stage.coder.snapshot().users['ada']?.status).not.toBe('suspended');
});
