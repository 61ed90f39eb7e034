/** Identity providers that add members one request at a time: a group that is being filled gives at once, and takes nothing before it has come to rest. */
import { describeEachDatabase, type SuiteBackend } from '../../support/databases';
import { lookerOf, type Stage, startReconciler, startStage } from '../stage';

const LEADS = { roleMappings: { leads: { idpGroup: 'leads', role: 'template-admin' } } };
const PEOPLE = ['ann', 'ben', 'cat', 'dan'] as const;
const MINUTE = 60_000;

const clock = Date.now.bind(Date);
let passed = 0;
beforeEach(() => {
  passed = 0;
  jest.spyOn(Date, 'now').mockImplementation(() => clock() + passed);
});
afterEach(() => jest.restoreAllMocks());

const holding = ({ coder }: Stage, role = 'template-admin'): string[] =>
  Object.entries(coder.snapshot().users).flatMap(([name, { siteRoles }]) => (siteRoles.includes(role) ? [name] : []));
const suspended = ({ coder }: Stage): string[] =>
  Object.entries(coder.snapshot().users).flatMap(([name, { status }]) => (status === 'suspended' ? [name] : []));
const stateOf = async ({ reconciler }: Stage, mapping = 'roleMappings/leads') =>
  (await reconciler.groups({})).mappings.find(one => one.mapping === mapping)?.state;
const statusOf = async ({ reconciler }: Stage) => (await reconciler.status()).apps[0];
const heldPeople = async ({ reconciler }: Stage) =>
  (await reconciler.status()).holds.map(({ reason, people }) => ({ reason, people }));

describeEachDatabase('a group that is filled by one request a member', (_open, on) => {
  it('takes nothing from who is still to come, and what nobody asked for once it is at rest, without a sweep', async () => {
    const { stage, ids, look } = await byHand(on);
    const group = await stage.createGroup('leads');
    await stage.join(group, ids[0]);
    await stage.reconciler.sweep();
    await stage.settle();
    expect(holding(stage)).toEqual(PEOPLE);
    expect(await stateOf(stage)).toBe('filling');
    expect(await statusOf(stage)).toMatchObject({ beingFilled: ['leads (roleMappings/leads)'], noMemberYet: [] });

    // Nobody who comes within two minutes after the last one is too late.
    for (const id of [ids[1], ids[2]]) {
      passed += 1.5 * MINUTE;
      await stage.join(group, id);
      await look();
      await stage.settle();
      expect(holding(stage)).toEqual(PEOPLE);
    }
    passed += 2.5 * MINUTE;
    await look();
    await stage.settle();
    expect(holding(stage)).toEqual(['ann', 'ben', 'cat']);
    expect(await stateOf(stage)).toBe('matched');
    expect((await statusOf(stage))?.beingFilled).toEqual([]);
  });

  it('gives to its members at once', async () => {
    const { stage, look } = await byHand(on);
    const eve = await stage.createUser('eve');
    const group = await stage.createGroup('leads');
    await stage.join(group, eve);
    expect(holding(stage)).toEqual([...PEOPLE, 'eve']);
    // What it gave itself it takes.
    await stage.leave(group, eve);
    expect(holding(stage)).toEqual(PEOPLE);
    passed += 3 * MINUTE;
    await look();
    await stage.settle();
    expect(holding(stage)).toEqual([]);
  });

  it('takes nothing from those it was filled with where it is deleted before it came to rest, and made again', async () => {
    const stage = await startStage({ databaseUrl: await on.freshUrl() });
    await stage.declare(LEADS);
    const ids = await hireAll(stage);
    const before = await stage.createGroup('leads');
    for (const id of ids) await stage.join(before, id);
    expect(holding(stage)).toEqual(PEOPLE);
    await stage.write(stage.directory.deleteGroup(stage.context, before));
    await stage.settle();
    expect(await heldPeople(stage)).toEqual([{ reason: 'idp-group-vanished', people: 4 }]);
    await stage.join(await stage.createGroup('leads'), ids[0]);
    await stage.settle();
    expect(holding(stage)).toEqual(PEOPLE);
    passed += 3 * MINUTE;
    await lookerOf(stage)();
    await stage.settle();
    expect(holding(stage)).toEqual(['ann']);
  });

  it('counts a quarter of an hour after its first member at the latest', async () => {
    const { stage, ids, look } = await byHand(on);
    const group = await stage.createGroup('leads');
    await stage.join(group, ids[0]);
    for (let change = 0; change < 9; change += 1) {
      passed += 1.5 * MINUTE;
      await (change % 2 === 0 ? stage.join(group, ids[1]) : stage.leave(group, ids[1]));
    }
    await look();
    await stage.settle();
    expect(holding(stage)).toContain('dan');
    passed += 1.5 * MINUTE;
    await stage.leave(group, ids[1]);
    await stage.join(group, ids[1]);
    await look();
    await stage.settle();
    expect(holding(stage)).toEqual(['ann', 'ben']);
  });

  it('waits for people who come into a group that is in it', async () => {
    const { stage, ids, look } = await byHand(on);
    const group = await stage.createGroup('leads');
    const inside = await stage.createGroup('platform');
    await stage.join(group, inside);
    passed += 1.5 * MINUTE;
    await stage.join(inside, ids[0]);
    passed += 1.5 * MINUTE;
    await look();
    await stage.reconciler.sweep();
    await stage.settle();
    expect(holding(stage)).toEqual(PEOPLE);
    passed += MINUTE;
    await look();
    await stage.settle();
    expect(holding(stage)).toEqual(['ann']);
  });

  it('is missed until then where it was deleted and made again; another bridge than the one that saw that goes on with it', async () => {
    const { stage, ids, group } = await madeAgain(on);
    await stage.join(group, ids[0]);
    await stage.settle();
    expect(holding(stage)).toEqual(PEOPLE);
    expect(await stateOf(stage)).toBe('filling');
    expect(await heldPeople(stage)).toEqual([{ reason: 'idp-group-vanished', people: 3 }]);
    await stage.join(group, ids[1]);
    await stage.join(group, ids[2]);
    expect(await heldPeople(stage)).toEqual([{ reason: 'idp-group-vanished', people: 1 }]);

    await stage.reconciler.stop();
    const next = { ...stage, reconciler: startReconciler(stage.database, stage.coder, {}, stage.client) };
    const look = lookerOf(next);
    passed += 3 * MINUTE;
    await look();
    await stage.settle(next.reconciler);
    expect(holding(next)).toEqual(['ann', 'ben', 'cat']);
    expect(await heldPeople(next)).toEqual([]);
  });

  it.each([
    ['for the first time', byHand],
    ['again', madeAgain],
  ])('keeps no leaver in while it is filled %s', async (_how, begin) => {
    const { stage, ids, group = await stage.createGroup('leads') } = await begin(on);
    await stage.join(group, ids[0]);
    await stage.setActive(ids[0], false);
    await stage.setActive(ids[3], false);
    await stage.write(stage.directory.deleteUser(stage.context, ids[2]));
    expect(suspended(stage)).toEqual(['ann', 'cat', 'dan']);
  });

  it('counts at once where an operator lets what is missed go', async () => {
    const { stage, ids, group } = await madeAgain(on);
    await stage.join(group, ids[0]);
    await stage.settle();
    const [hold] = (await stage.reconciler.status()).holds;
    await stage.reconciler.releaseHold(hold?.id ?? '', { by: 'olga', reason: 'they are no leads any more' });
    await stage.settle();
    expect(holding(stage)).toEqual(['ann']);
    expect(await stateOf(stage)).toBe('matched');
    await stage.leave(group, ids[0]);
    expect(holding(stage)).toEqual([]);
  });

  it('counts at once where it comes with its members, and where it was bound before', async () => {
    const { stage, ids } = await byHand(on);
    const group = await stage.createGroup('leads', ids.slice(0, 2));
    await stage.reconciler.sweep();
    await stage.settle();
    expect(holding(stage)).toEqual(['ann', 'ben']);
    await stage.leave(group, ids[0], ids[1]);
    await stage.settle();
    await stage.join(group, ids[2]);
    stage.coder.setSiteRoles('dan', ['template-admin']);
    await stage.reconciler.sweep();
    await stage.settle();
    expect(holding(stage)).toEqual(['cat']);
    expect(await stateOf(stage)).toBe('matched');
  });

  async function byHand(backend: SuiteBackend) {
    const stage = await startStage({ databaseUrl: await backend.freshUrl() });
    for (const name of PEOPLE)
      stage.coder.addUser(name, { email: `${name}@example.com`, roles: ['template-admin'], status: 'active' });
    await stage.declare(LEADS);
    return { stage, ids: await hireAll(stage), look: lookerOf(stage), group: undefined };
  }

  /** All of them had it by a group that was deleted, and is there anew without members. */
  async function madeAgain(backend: SuiteBackend) {
    const stage = await startStage({ databaseUrl: await backend.freshUrl() });
    await stage.declare(LEADS);
    const ids = await hireAll(stage);
    const before = await stage.createGroup('leads', ids);
    await stage.write(stage.directory.deleteGroup(stage.context, before));
    await stage.settle();
    expect(await heldPeople(stage)).toEqual([{ reason: 'idp-group-vanished', people: 4 }]);
    return { stage, ids, group: await stage.createGroup('leads') };
  }
});

describeEachDatabase('a mapping of an empty group', (_open, on) => {
  it('that was declared in mode claims takes nothing in mode push before the group has had a member', async () => {
    const stage = await startStage({ databaseUrl: await on.freshUrl() });
    const developers = { groupMappings: { leads: { idpGroup: 'leads', group: 'leads' } } };
    await stage.declare({ ...developers, mode: 'claims' });
    const ids = await hireAll(stage);
    const group = await stage.createGroup('leads');
    await stage.settle();
    for (const name of PEOPLE) stage.coder.addToGroup(name, 'leads');
    await stage.declare({ ...developers, mode: 'push' });
    await stage.reconciler.sweep();
    await stage.settle();
    expect(stage.coder.membersOf('leads')).toEqual(PEOPLE);
    expect(await stateOf(stage, 'groupMappings/leads')).toBe('empty');
    expect(await statusOf(stage)).toMatchObject({ noMemberYet: ['leads (groupMappings/leads)'] });

    await stage.join(group, ids[0], ids[1]);
    await stage.reconciler.sweep();
    await stage.settle();
    expect(stage.coder.membersOf('leads')).toEqual(PEOPLE);
    passed += 3 * MINUTE;
    await stage.reconciler.sweep();
    await stage.settle();
    expect(stage.coder.membersOf('leads')).toEqual(['ann', 'ben']);
  });

  it('that is declared while another one is bound to it is bound with the first member', async () => {
    const stage = await startStage({ databaseUrl: await on.freshUrl() });
    await stage.declare(LEADS);
    const [ann] = await hireAll(stage);
    const group = await stage.createGroup('leads', [ann]);
    await stage.leave(group, ann);
    await stage.declare({
      roleMappings: { ...LEADS.roleMappings, auditors: { idpGroup: 'leads', role: 'auditor' } },
    });
    expect(await stateOf(stage, 'roleMappings/auditors')).toBe('empty');
    await stage.join(group, ann);
    expect(holding(stage, 'auditor')).toEqual(['ann']);
    expect(await stateOf(stage, 'roleMappings/auditors')).toBe('filling');
    passed += 3 * MINUTE;
    await lookerOf(stage)();
    await stage.settle();
    expect(await stateOf(stage, 'roleMappings/auditors')).toBe('matched');
    // It follows a rename as the other one does.
    await stage.write(
      stage.directory.updateGroup(stage.context, group, ({ document }) => ({
        document: { ...document, displayName: 'heads' },
      })),
    );
    await stage.settle();
    expect([holding(stage, 'auditor'), holding(stage)]).toEqual([['ann'], ['ann']]);
  });
});

async function hireAll(stage: Stage) {
  const ids: string[] = [];
  for (const name of PEOPLE) ids.push(await stage.createUser(name));
  return ids as [string, string, string, string];
}
