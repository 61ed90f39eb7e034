/** Display name, quota and picture of a Coder group: what a mapping declares is kept so, and nothing else. */
import { parseMappingState } from '../../../bridge/contract/mapping-state';
import { putApp } from '../../../bridge/store/apps/apps';
import { startStage, type Stage } from '../stage';

const mapped = (more: object = {}, app = 'okta'): ReturnType<typeof parseMappingState> =>
  parseMappingState({ version: 1, app, groupMappings: { gpu: { idpGroup: 'gpu', group: 'gpu', ...more } } });
const settings = (stage: Stage): [string, number, string] => {
  const { displayName, quotaAllowance, avatarUrl } = stage.coder.findGroup('gpu');
  return [displayName, quotaAllowance, avatarUrl];
};
const sweep = async (stage: Stage): Promise<void> => {
  await stage.reconciler.sweep();
  await stage.settle();
};
const warnings = async (stage: Stage): Promise<string[]> =>
  (await stage.reconciler.status()).apps.flatMap(app => app.warnings);

it('a group is made with what is declared, and follows a change of it', async () => {
  const stage = await startStage();
  await stage.declare(mapped({ displayName: 'GPU', quotaAllowance: 25, avatarUrl: '/icon/gpu.svg' }));
  expect(settings(stage)).toEqual(['GPU', 25, '/icon/gpu.svg']);
  const { id } = stage.coder.findGroup('gpu');

  const next = mapped({ displayName: 'GPU', quotaAllowance: 2_147_483_647, avatarUrl: '' });
  const { changes } = await stage.reconciler.planWorld({ state: next });
  expect(changes).toMatchObject([
    {
      action: 'group.update',
      target: 'coder/gpu',
      before: 'gpu "GPU" quota 25 avatar "/icon/gpu.svg"',
      after: 'gpu "GPU" quota 2147483647 avatar ""',
    },
  ]);
  const before = stage.coder.calls.countWrites();
  await stage.declare(next);
  expect(stage.coder.calls.countWrites() - before).toBe(1);
  expect(settings(stage)).toEqual(['GPU', 2_147_483_647, '']);
  expect(stage.coder.findGroup('gpu').id).toBe(id);
  expect((await stage.reconciler.audit({ action: 'group.update' })).map(({ after }) => after)).toEqual([
    'gpu "GPU" quota 2147483647 avatar ""',
  ]);
});

it('what was changed by hand is found and mended where it is declared, and left alone where it is not', async () => {
  const stage = await startStage();
  await stage.declare(mapped({ quotaAllowance: 25 }));
  Object.assign(stage.coder.findGroup('gpu'), { displayName: 'By hand', quotaAllowance: 3, avatarUrl: '/by-hand.png' });
  await sweep(stage);
  expect(settings(stage)).toEqual(['By hand', 25, '/by-hand.png']);
  expect(await stage.reconciler.audit({ action: 'drift.found' })).toMatchObject([
    { target: 'coder/gpu', before: 'gpu "By hand" quota 3', after: 'gpu "By hand" quota 25' },
  ]);

  await stage.declare(mapped());
  Object.assign(stage.coder.findGroup('gpu'), { quotaAllowance: 7 });
  const before = stage.coder.calls.countWrites();
  await sweep(stage);
  expect(settings(stage)).toEqual(['By hand', 7, '/by-hand.png']);
  expect(stage.coder.calls.countWrites()).toBe(before);
});

it('ids of the groups are told by mapping, as far as Coder has them', async () => {
  const stage = await startStage();
  stage.coder.addOrganization('research');
  const groupMappings = {
    gpu: { idpGroup: 'gpu', group: 'gpu' },
    lab: { idpGroup: 'lab', group: 'gpu', organization: 'research' },
    later: { idpGroup: 'later', group: 'later', create: false },
  };
  await stage.declare({ groupMappings });
  const [here, there] = [stage.coder.findGroup('gpu').id, stage.coder.findGroup('gpu', 'research').id];
  expect(await stage.reconciler.groupIds('okta')).toEqual({ gpu: here, lab: there });
  stage.coder.addGroup('later');
  await sweep(stage);
  expect(await stage.reconciler.groupIds('okta')).toMatchObject({ later: stage.coder.findGroup('later').id });
});

it('nothing is said of ids while a Coder that was never asked does not answer', async () => {
  const stage = await startStage();
  await putApp(stage.database, mapped(), 'any', { actor: 'declaration' }, Date.now());
  stage.coder.faults.fail(503);
  expect(await stage.reconciler.groupIds('okta')).toBeNull();
});

it('a group that was there already gets what is declared, a quota of 0 too', async () => {
  const stage = await startStage();
  Object.assign(stage.coder.addGroup('gpu'), { displayName: 'Ours', quotaAllowance: 40 });
  await stage.declare(mapped({ quotaAllowance: 0 }));
  expect(settings(stage)).toEqual(['Ours', 0, '']);
});

it('two apps that differ write neither, tell it, and the rest of both is done', async () => {
  const stage = await startStage();
  await stage.declare(mapped({ quotaAllowance: 25, displayName: 'GPU' }));
  await putApp(stage.database, mapped({ quotaAllowance: 10 }, 'entra'), 'any', { actor: 'declaration' }, Date.now());
  await stage.settle();
  for (let pass = 0; pass < 2; pass++) await sweep(stage);
  expect(settings(stage)).toEqual(['GPU', 25, '']);
  const text = await warnings(stage);
  expect(text).toHaveLength(2);
  expect(text.join('\n')).toContain('groupMappings/gpu: quotaAllowance is 10 here and 25 in app "okta"');
  expect(text.join('\n')).toContain('quotaAllowance is 25 here and 10 in app "entra"');

  await stage.declare(mapped({ quotaAllowance: 10 }));
  await sweep(stage);
  expect(settings(stage)[1]).toBe(10);
  expect(await warnings(stage)).toEqual([]);
});

it.each([
  [{ quotaAllowance: 2_147_483_648 }, /quota allowance 2147483648: wanted a whole number from 0 to 2147483647/],
  [{ quotaAllowance: -1 }, /quota allowance -1: wanted/],
  [{ quotaAllowance: 0.5 }, /quota allowance 0\.5: wanted/],
  [{ quotaAllowance: '5' }, /is "5": wanted a number/],
  [{ avatarUrl: 'javascript:alert(1)' }, /avatar URL "javascript:alert\(1\)": wanted an http or https URL/],
])('what Coder would store otherwise is refused: %j', (more, message) => {
  expect(() => mapped(more)).toThrow(message);
});

it('two mappings of one group say one thing', () => {
  const gpu = { group: 'gpu', quotaAllowance: 5 };
  const groupMappings = { a: { idpGroup: 'a', ...gpu }, b: { idpGroup: 'b', group: 'gpu' } };
  expect(() => parseMappingState({ version: 1, app: 'okta', groupMappings })).toThrow(
    /\(not set\) is not 5 of group mapping "a": one Coder group has one quota allowance/,
  );
});
