/** With Coder healthy, what a request changed of a group is in Coder when it is answered, whatever runs beside it. */
import { startStage } from '../stage';

it.each([
  ['a mapped group', { groupMappings: { dev: { idpGroup: 'dev', group: 'dev' } } }],
  ['a pushed group', { pushedGroups: {} }],
])(
  '%s that is pushed with its member, while the member is being worked on, has the member at the answer',
  async (_name, state) => {
    for (let round = 0; round < 5; round += 1) {
      const stage = await startStage({ coder: { flightMilliseconds: 3 } });
      await stage.declare(state);
      stage.reconciler.start();
      const { resource, touched } = await stage.directory.createUser(stage.context, {
        schemas: [],
        userName: 'alice',
        active: true,
        emails: [{ value: 'alice@example.com', primary: true }],
      });
      // The work on the person is under way when the group comes, and is finished by then or not.
      const running = stage.reconciler.converge(touched, { deadlineMs: 20_000 });
      for (let turn = 0; turn < round * 3; turn += 1) await new Promise(resolve => setImmediate(resolve));
      await stage.createGroup('dev', [resource.id]);
      expect(stage.coder.membersOf('dev')).toEqual(['alice']);
      await running;
      await stage.reconciler.stop();
    }
  },
);
