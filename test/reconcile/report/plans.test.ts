/** Plans that are asked for by more than one bridge makes at once, or by somebody who has gone. */
import { TooManyPlans } from '../../../bridge/reconcile';
import { type Stage, startStage } from '../stage';

const USERS = '/api/v2/users$';

async function stageOfOne(): Promise<Stage> {
  const stage = await startStage();
  await stage.declare({ groupMappings: { all: { idpGroup: 'all', group: 'all' } } });
  await stage.createGroup('all', [await stage.createUser('ann')]);
  await stage.settle();
  return stage;
}
const calls = ({ coder }: Stage): string[] => coder.calls.all().map(({ method, path }) => `${method} ${path}`);

it('two are made at once, a third is refused with when to ask again, and the next one is made after them', async () => {
  const stage = await stageOfOne();
  const page = stage.coder.faults.hold({ method: 'GET', path: USERS });
  const made = [stage.reconciler.planWorld({}), stage.reconciler.planWorld({})];
  await expect(stage.reconciler.planWorld({})).rejects.toThrow(TooManyPlans);
  page.release();
  for (const { changes } of await Promise.all(made)) expect(changes).toEqual([]);
  expect((await stage.reconciler.planWorld({})).changes).toEqual([]);
});

it('one whom nobody waits for any more ends with the call that it waits for, and leaves its place', async () => {
  const stage = await stageOfOne();
  const page = stage.coder.faults.hold({ method: 'GET', path: USERS });
  const gone = new AbortController();
  const plans = [1, 2].map(() => stage.reconciler.planWorld({ until: gone.signal }));
  const ended = Promise.all(plans.map(plan => expect(plan).rejects.toThrow('has gone before it was made')));
  await page.arrived;
  stage.coder.calls.reset();
  gone.abort();
  page.release();
  await ended;
  expect(new Set(calls(stage))).toEqual(new Set(['GET /api/v2/users']));
  expect((await stage.reconciler.planWorld({})).changes).toEqual([]);
});

it('one that is made when the bridge is told to end ends with the call that it waits for', async () => {
  const stage = await stageOfOne();
  const page = stage.coder.faults.hold({ method: 'GET', path: USERS });
  const plan = expect(stage.reconciler.planWorld({})).rejects.toThrow('the bridge ends, and made no plan');
  await page.arrived;
  stage.coder.calls.reset();
  await stage.reconciler.stop();
  page.release();
  await plan;
  expect(calls(stage)).toEqual(['GET /api/v2/users']);
});
