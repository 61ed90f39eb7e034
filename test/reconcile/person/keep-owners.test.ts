/** An owner who may still be going, by a call whose answer nobody heard, is none of those who stay. */
import { describeEachDatabase } from '../../support/databases';
import { until } from '../../support/until';
import { AMPLE_MS, APP, type Stage, startStage } from '../stage';

const OWNERS = { roleMappings: { admins: { idpGroup: 'admins', role: 'owner' } } };
const MINUTE = 60_000;

const owners = ({ coder }: Stage): string[] =>
  Object.entries(coder.snapshot().users).flatMap(([name, { siteRoles, status }]) =>
    siteRoles.includes('owner') && status !== 'suspended' && name !== 'bridge' ? [name] : [],
  );

const held = async ({ reconciler }: Stage): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await reconciler.status()).pending
      .filter(({ state }) => state === 'held')
      .map(({ subject, reason }) => [subject ?? '', reason]),
  );

describeEachDatabase('owners of whom one may be going', (_open, on) => {
  /** Owners ada and ben, and a bridge that nobody signs in to. */
  async function twoOwners() {
    let ahead = 0;
    const stage = await startStage({
      databaseUrl: await on.freshUrl(),
      now: () => Date.now() + ahead,
      token: coder => {
        coder.suspend('testuser');
        coder.addUser('bridge', { roles: ['owner'], isServiceAccount: true, status: 'active' });
        return coder.issueToken('bridge');
      },
    });
    await stage.declare(OWNERS);
    const ada = await stage.createUser('ada');
    const ben = await stage.createUser('ben');
    const admins = await stage.createGroup('admins', [ada, ben]);
    expect(owners(stage)).toEqual(['ada', 'ben']);
    return { stage, ada, ben, admins, wait: (ms: number) => void (ahead += ms) };
  }

  /** Takes somebody out of the owners, and nobody hears what Coder makes of it. */
  async function goes(stage: Stage, admins: string, id: string, name: string): Promise<void> {
    const { touched } = (await stage.directory.updateGroup(stage.context, admins, () => ({
      memberChanges: [{ kind: 'remove', values: [id] }],
    }))) ?? { touched: [] };
    const path = `/users/${stage.coder.describe(name).id}/roles$`;
    stage.coder.faults.dropConnection({ method: 'PUT', path });
    await stage.reconciler.converge(touched, { deadlineMs: 300 });
    await until('the call to be lost', async () => {
      const [work] = await stage.database.db.selectFrom('work').selectAll().where('key', '=', `person:${id}`).execute();
      return work?.error != null && work.lease_until === null;
    });
    stage.coder.faults.clear();
    expect(owners(stage)).toEqual(['ada', 'ben']);
  }

  /** What a bridge was about to do to ada's account when it ended. */
  async function begun({ coder, database }: Stage, step: object, since: number): Promise<void> {
    const note = JSON.stringify({ status: 'dormant', steps: [step] });
    await database.db
      .insertInto('journal')
      .values({ kind: 'steps', key: coder.describe('ada').id, app: APP, subject: 'ada', since, note })
      .execute();
  }

  it.each([
    ['loses the role', (stage: Stage, admins: string, id: string) => stage.leave(admins, id)],
    ['leaves', (stage: Stage, _admins: string, id: string) => stage.setActive(id, false)],
  ])('the other one, who %s, is the last one', async (_, loses) => {
    const { stage, ada, ben, admins } = await twoOwners();
    await goes(stage, admins, ada, 'ada');
    await loses(stage, admins, ben);
    expect(await held(stage)).toEqual({ ben: expect.stringMatching(/^last-owner: /) });
    // The call comes to Coder now.
    stage.coder.setSiteRoles('ada', []);
    await stage.settle();
    expect(owners(stage)).toEqual(['ben']);
    expect(await held(stage)).toEqual({ ben: expect.stringMatching(/^last-owner: /) });
  });

  it('the one who may be going goes all the same', async () => {
    const { stage, ada, admins } = await twoOwners();
    await goes(stage, admins, ada, 'ada');
    await stage.database.db.updateTable('work').set({ due_at: 0 }).execute();
    await stage.reconciler.converge([`person:${ada}`], { deadlineMs: AMPLE_MS });
    expect(owners(stage)).toEqual(['ben']);
    expect(await held(stage)).toEqual({});
  });

  it.each([
    ['longer ago than a call may last', -MINUTE - 1, 'owner', []],
    ['a moment ago, without another role', 0, 'auditor', []],
    ['a moment ago, without this one', 0, 'owner', ['ben']],
    ['at a time that is yet to come, by a clock that was ahead', 10 * MINUTE, 'owner', ['ben']],
  ])('an owner whose roles were about to be set %s', async (_, since, taken, last) => {
    const { stage, ben, admins } = await twoOwners();
    const before = ['owner', 'auditor'].filter(role => role === taken);
    await begun(stage, { kind: 'site-roles', before, after: [], because: [] }, Date.now() + since);
    await stage.leave(admins, ben);
    expect(Object.keys(await held(stage))).toEqual(last);
    expect(owners(stage)).toEqual(last.length === 0 ? ['ada'] : ['ada', 'ben']);
  });

  it.each(['suspend', 'delete'])(
    'an owner whose account may be about to end (%s) does not count either',
    async kind => {
      const { stage, ben, admins } = await twoOwners();
      await begun(stage, { kind }, Date.now());
      await stage.leave(admins, ben);
      expect(Object.keys(await held(stage))).toEqual(['ben']);
      expect(owners(stage)).toEqual(['ada', 'ben']);
    },
  );

  it('counts again once the call can not be at work any more', async () => {
    const { stage, ada, ben, admins, wait } = await twoOwners();
    await goes(stage, admins, ada, 'ada');
    await stage.leave(admins, ben);
    expect(Object.keys(await held(stage))).toEqual(['ben']);
    // Ada is an owner again by the directory, and was asked for nothing else since.
    await stage.join(admins, ada);
    wait(MINUTE + 1);
    await stage.settle();
    await stage.reconciler.sweep();
    await stage.settle();
    expect(await held(stage)).toEqual({});
    expect(owners(stage)).toEqual(['ada']);
  });
});
