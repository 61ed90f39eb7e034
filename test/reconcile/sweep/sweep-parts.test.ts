/** What fails in one part of a sweep, and what ends all of it. */
import { CoderError } from '../../../bridge/coder';
import { LeaseTaken } from '../../../bridge/reconcile/context/mutex';
import { SweepParts } from '../../../bridge/reconcile/sweep/sweep-parts';

const failing = (error: Error) => () => Promise.reject(error);

it('a group that changes for as long as it is read keeps nobody else from being compared', async () => {
  const parts = new SweepParts();
  await parts.part('group coder/dev', failing(new LeaseTaken('the members change while they are read')));
  expect(await parts.part('people', () => Promise.resolve('compared'))).toBe('compared');
  expect(parts.isWhole).toBe(false);
  expect(parts.saidOf('okta')).toEqual([
    'not compared by the last sweep: group coder/dev: the members change while they are read',
  ]);
});

it.each([
  ['Coder is away', new CoderError('Coder is away', { kind: 'circuit_open', route: 'GET /users' })],
  ['the database is', new Error('disk full')],
])('ends all of it where %s', async (_, error) => {
  await expect(new SweepParts().part('people', failing(error))).rejects.toThrow(error.message);
});
