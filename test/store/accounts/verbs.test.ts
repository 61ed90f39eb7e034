/** The smaller verbs of the reconciler's store, on both databases. */
import { queryAudit, writeAudit } from '../../../bridge/store/audit/audit';
import { parseMappingState } from '../../../bridge/contract/mapping-state';
import { deleteApp, putApp } from '../../../bridge/store/apps/apps';
import { createDirectory } from '../../../bridge/store/directory';
import { bind, letGo, readBindings, unbind } from '../../../bridge/store/apps/bindings';
import {
  addManagedGroup,
  forgetUnheard,
  noteUnheard,
  readManagedGroup,
} from '../../../bridge/store/accounts/coder-groups';
import {
  countMembers,
  leaveOrganization,
  memberDifferences,
  memberStatesOf,
  replaceMembers,
  setPresent,
  wantMember,
} from '../../../bridge/store/accounts/coder-members';
import { addGrants, type Grant, grantsOf, removeGrants } from '../../../bridge/store/accounts/grants';
import { dropHold, hold, holdId, listOpenHolds, releaseHolds } from '../../../bridge/store/accounts/holds';
import {
  countedOthers,
  countReserved,
  pruneLedger,
  reserve,
  waitingOthers,
} from '../../../bridge/store/accounts/ledger';
import { leaversNotOut } from '../../../bridge/store/accounts/leavers';
import { causeLine } from '../../../bridge/store/work/causes';
import { enqueue, enqueuePeople, PRIORITY, type WorkKey } from '../../../bridge/store/work/enqueue';
import { claimKeys, completeWork, parkWork } from '../../../bridge/store/work/work';
import { dropLease, dropLeases, renewLease, takeLease } from '../../../bridge/store/work/leases';
import {
  countLeaverWorkspaces,
  forgetLeaverWorkspaces,
  type LeaverWorkspaces,
  listLeaverWorkspaces,
  putLeaverWorkspaces,
  readLeaverWorkspaces,
} from '../../../bridge/store/accounts/leaver-workspaces';
import { findPeople, readPerson, searchPeople, writePerson } from '../../../bridge/store/accounts/people';
import { describeEachDatabase } from '../../support/databases';

async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const page of pages) read.push(page);
  return read;
}

describeEachDatabase('the store', open => {
  it('gives a lease to one holder until it runs out or is dropped', async () => {
    const { db } = await open();
    expect(await takeLease(db, 'sweep', 'a', 100, 50)).toBe(true);
    expect(await takeLease(db, 'sweep', 'b', 120, 50)).toBe(false);
    expect(await takeLease(db, 'sweep', 'a', 120, 50)).toBe(true);
    expect(await takeLease(db, 'sweep', 'b', 171, 50)).toBe(true);
    await dropLease(db, 'sweep', 'a');
    expect(await takeLease(db, 'sweep', 'a', 180, 50)).toBe(false);
    expect(await renewLease(db, 'sweep', 'a', 180, 50)).toBe(false);
    // It has run out, and nobody has had it since.
    expect(await renewLease(db, 'sweep', 'b', 300, 50)).toBe(true);
    expect(await takeLease(db, 'sweep', 'a', 320, 50)).toBe(false);
    await dropLeases(db, 'b');
    expect(await renewLease(db, 'sweep', 'b', 320, 50)).toBe(false);
    expect(await takeLease(db, 'sweep', 'a', 180, 50)).toBe(true);
  });

  it('lists leavers by what is known of their workspaces, until that is nothing', async () => {
    const { db } = await open();
    const alice: LeaverWorkspaces = {
      coderUserId: 'a',
      app: 'okta',
      userId: '1',
      userName: 'alice',
      state: 'due',
      running: [],
      since: 1_790_000_000_000,
    };
    await putLeaverWorkspaces(db, alice);
    await putLeaverWorkspaces(db, { ...alice, coderUserId: 'b', state: 'unknown' });
    const running = { ...alice, state: 'running' as const, running: [{ name: 'coder/dev', reason: 'why' }] };
    await putLeaverWorkspaces(db, running);
    expect(await readLeaverWorkspaces(db, 'a')).toEqual(running);
    expect(await listLeaverWorkspaces(db, 'running')).toEqual([running]);
    expect(await countLeaverWorkspaces(db, 'unknown')).toEqual(new Map([['okta', 1]]));
    await forgetLeaverWorkspaces(db, 'a');
    expect((await listLeaverWorkspaces(db)).map(row => row.coderUserId)).toEqual(['b']);
  });

  it('counts leavers who are not known to be locked out by what keeps them in', async () => {
    const database = await open();
    const { db } = database;
    const leaving = (name: string, at: number) =>
      enqueue(db, [{ key: `person:${name}`, app: 'okta', priority: PRIORITY.leaving }], { actor: 'scim' }, at);
    await leaving('a', 100);
    await leaving('b', 200);
    await leaving('c', 300);
    await enqueue(db, [{ key: 'person:d', app: 'okta', priority: PRIORITY.request }], { actor: 'scim' }, 50);
    await enqueue(db, [{ key: 'coder-group:g', app: 'okta', priority: PRIORITY.leaving }], { actor: 'scim' }, 50);
    const [parked] = await claimKeys(database, ['person:b'], { owner: 'me', now: 200, leaseMs: 10 });
    if (parked === undefined) throw new Error('nothing was claimed');
    await parkWork(db, parked, 'me', 'why', 250);
    const left = (userId: string, leftAt: number, reason: string) =>
      writePerson(db, { userId, app: 'entra', userName: userId }, { leftAt, held: { reason, detail: 'why' } }, leftAt);
    await left('e', 400, 'last-owner');
    // Locked already.
    await left('f', 10, 'has-workspaces');
    expect(await leaversNotOut(db)).toEqual([
      { app: 'okta', state: 'waiting', people: 2, since: 100 },
      { app: 'okta', state: 'parked', people: 1, since: 200 },
      { app: 'entra', state: 'held', people: 1, since: 400 },
    ]);
  });

  it('counts everybody of a deleted app who is queued or held as a leaver, since it was deleted', async () => {
    const database = await open();
    const { db } = database;
    for (const app of ['okta', 'entra'])
      await putApp(database, parseMappingState({ version: 1, app }), 'absent', { actor: 'declaration' }, 100);
    const directory = createDirectory(database);
    for (const app of ['okta', 'entra'])
      for (const userName of ['alice', 'bob']) {
        const { resource } = await directory.createUser({ app, cause: { actor: 'scim' } }, { userName, active: true });
        const held = userName === 'bob' ? { reason: 'last-owner', detail: 'why' } : undefined;
        await writePerson(db, { userId: resource.id, app, userName }, held === undefined ? {} : { held }, 150);
      }
    await db.deleteFrom('work').where('key', 'not like', 'person:%').execute();
    await db.updateTable('work').set({ enqueued_at: 300 }).execute();
    expect(await leaversNotOut(db)).toEqual([]);
    await deleteApp(database, 'entra', 'any', { actor: 'declaration' }, 200);
    expect(await leaversNotOut(db)).toEqual([
      // Alice, Bob, and the app itself.
      { app: 'entra', state: 'waiting', people: 3, since: 200 },
      { app: 'entra', state: 'held', people: 1, since: 200 },
    ]);
  });

  it('keeps of a group what is wanted and what is there apart, and forgets what says nothing', async () => {
    const { db } = await open();
    await addManagedGroup(db, { id: 'g', organization: 'o', name: 'g', origin: 'matched', scimGroupId: undefined });
    await wantMember(db, 'g', 'alice', true, 'why');
    await wantMember(db, 'g', 'bob', false, 'why');
    await replaceMembers(db, 'g', new Set(['bob', 'stranger']), 1);
    expect((await memberDifferences(db, 'g')).map(row => [row.coderUserId, row.wanted, row.present])).toEqual([
      ['alice', true, false],
      ['bob', false, true],
    ]);
    await setPresent(db, 'g', ['alice'], true);
    await setPresent(db, 'g', ['bob'], false);
    expect(await memberDifferences(db, 'g')).toEqual([]);
    expect(await memberStatesOf(db, 'bob')).toEqual([]);
    expect(await countMembers(db, 'g')).toEqual({ present: 2, wanted: 1, byHand: 1 });
    await replaceMembers(db, 'g', new Set(['alice']), 2);
    expect(await memberStatesOf(db, 'stranger')).toEqual([]);
    await leaveOrganization(db, 'alice', 'elsewhere');
    expect(await memberStatesOf(db, 'alice')).toHaveLength(1);
    // Nobody else would look at a group that nothing declares, and in which nobody is to be any more.
    await wantMember(db, 'g', 'carol', true, 'why');
    await addManagedGroup(db, { id: 'h', organization: 'o', name: 'h', origin: 'created', scimGroupId: 'gone' });
    await wantMember(db, 'h', 'alice', true, 'why');
    expect(await leaveOrganization(db, 'alice', 'o')).toEqual(['h']);
    expect(await memberStatesOf(db, 'alice')).toEqual([]);
    expect(await leaveOrganization(db, 'alice', 'o')).toEqual([]);
  });

  it('who is not to be in a group stays known while a write may come, and a write that was sent since is not forgotten with it', async () => {
    const { db } = await open();
    await addManagedGroup(db, { id: 'g', organization: 'o', name: 'g', origin: 'created', scimGroupId: undefined });
    await wantMember(db, 'g', 'alice', false, 'why');
    await noteUnheard(db, 'g', 5);
    await setPresent(db, 'g', ['alice'], false);
    expect(await memberStatesOf(db, 'alice')).toMatchObject([{ present: false, wanted: false }]);
    await noteUnheard(db, 'g', 7);
    expect(await forgetUnheard(db, 'g', 5)).toBe(false);
    expect(await readManagedGroup(db, 'g')).toMatchObject({ unheardAt: 7 });
    expect(await forgetUnheard(db, 'g', 7)).toBe(true);
    await setPresent(db, 'g', ['alice'], false);
    expect(await memberStatesOf(db, 'alice')).toEqual([]);
  });

  it('forgets the roles of an organization with the membership', async () => {
    const { db } = await open();
    const grants: Grant[] = [
      { kind: 'site-role', organization: '', target: 'auditor' },
      { kind: 'organization', organization: 'o', target: '' },
      { kind: 'organization-role', organization: 'o', target: 'admin' },
      { kind: 'organization-role', organization: 'p', target: 'admin' },
    ];
    await addGrants(db, 'alice', grants, 1);
    await addGrants(db, 'alice', grants, 2);
    await removeGrants(db, 'alice', [{ kind: 'organization', organization: 'o', target: '' }]);
    expect((await grantsOf(db, 'alice')).map(grant => grant.kind).sort()).toEqual(['organization-role', 'site-role']);
    await removeGrants(db, 'alice', [{ kind: 'site-role', organization: '', target: 'auditor' }]);
    expect(await grantsOf(db, 'alice')).toEqual([{ kind: 'organization-role', organization: 'p', target: 'admin' }]);
  });

  it('makes a hold of its rows, and a release of exactly these rows', async () => {
    const { db } = await open();
    const row = (subject: string, digest: string) => ({
      app: 'okta',
      subject,
      digest,
      reasons: ['too-many-removals'],
      changes: ['account'],
      causes: [causeLine({ actor: 'scim', requestId: 'r' })],
    });
    expect(await hold(db, row('person:1', 'x'), 1)).toBe('held');
    expect(await hold(db, row('person:1', 'x'), 2)).toBe('already');
    const before = holdId(await listOpenHolds(db, 'okta'));
    expect(await hold(db, row('person:2', 'y'), 3)).toBe('held');
    expect(holdId(await listOpenHolds(db, 'okta'))).not.toBe(before);
    const others = {
      app: 'okta',
      kind: 'removal' as const,
      since: 0,
      subject: 'person:1',
      heldAs: ['too-many-removals'],
    };
    expect(
      (await countedOthers(db, { ...others, causes: [causeLine({ actor: 'scim', requestId: 'r' })] }, 100)).size,
    ).toBe(1);
    expect(
      (await countedOthers(db, { ...others, causes: [causeLine({ actor: 'scim', requestId: 'another' })] }, 100)).size,
    ).toBe(0);
    // What came, or changed, since it was shown is not part of it.
    const shown = [
      { subject: 'person:1', digest: 'x' },
      { subject: 'person:2', digest: 'before' },
    ];
    expect(await releaseHolds(db, 'okta', shown, 'me', 4)).toBe(1);
    expect(await listOpenHolds(db)).toMatchObject([{ subject: 'person:2', digest: 'y' }]);
    expect(await releaseHolds(db, 'okta', await listOpenHolds(db), 'me', 4)).toBe(1);
    expect(await listOpenHolds(db)).toEqual([]);
    // Other removals of the same person are another matter.
    expect(await hold(db, row('person:1', 'z'), 5)).toBe('held');
    expect(await listOpenHolds(db)).toMatchObject([{ subject: 'person:1', digest: 'z', releasedAt: undefined }]);
    expect(await dropHold(db, 'okta', 'person:1')).toBe(true);
    expect(await dropHold(db, 'okta', 'person:1')).toBe(false);
  });

  it('counts what is held under the cause that held it first, whoever asks for the same again', async () => {
    const { db } = await open();
    const [first, second] = ['deletion', 'creation'].map(requestId => causeLine({ actor: 'scim', requestId })) as [
      string,
      string,
    ];
    const row = { app: 'okta', digest: 'x', changes: ['group'], subject: 'person:1' };
    await hold(db, { ...row, reasons: ['idp-group-vanished'], causes: [first] }, 1);
    await hold(db, { ...row, reasons: ['too-many-removals'], causes: [second] }, 2);
    const ask = { app: 'okta', kind: 'removal' as const, since: 0, heldAs: ['too-many-removals'], subject: 'person:2' };
    const size = async (...causes: string[]): Promise<number> =>
      (await countedOthers(db, { ...ask, causes }, 100)).size;
    expect(await size(first)).toBe(1);
    expect(await size(second)).toBe(0);
    expect(await size(second, first)).toBe(1);
    await hold(db, { ...row, digest: 'y', reasons: ['too-many-removals'], causes: [second] }, 3);
    expect(await size(first)).toBe(0);
    await hold(db, { ...row, digest: 'z', reasons: ['too-many-removals'], causes: [second, first] }, 4);
    expect(await size(first)).toBe(1);
  });

  it('counts what is held for two reasons with either, each under the cause that it came by', async () => {
    const { db } = await open();
    const [gain = '', loss = ''] = ['gain', 'loss'].map(requestId => causeLine({ actor: 'scim', requestId }));
    const row = { app: 'okta', changes: ['x'], subject: 'person:1' };
    const ask = { app: 'okta', since: 0, subject: 'person:2' };
    const privileges = { ...ask, kind: 'privilege' as const, heldAs: ['too-many-privileges'] };
    const removals = { ...ask, kind: 'removal' as const, heldAs: ['plan-too-large', 'too-many-removals'] };
    const size = async (question: typeof privileges | typeof removals, ...causes: string[]): Promise<number> =>
      (await countedOthers(db, { ...question, causes }, 100)).size;
    const [GAIN, LOSS] = [['too-many-privileges'], ['too-many-removals', 'plan-too-large']];
    await hold(db, { ...row, digest: 'g', reasons: GAIN, causes: [gain], alike: [GAIN] }, 1);
    const both = { ...row, digest: 'lg', reasons: ['too-many-removals', ...GAIN], causes: [loss], alike: [LOSS, GAIN] };
    expect(await hold(db, both, 2)).toBe('held');
    expect(await hold(db, both, 3)).toBe('already');
    expect((await listOpenHolds(db))[0]?.reasons).toEqual(['too-many-removals', 'too-many-privileges']);
    expect([await size(privileges, gain), await size(removals, loss)]).toEqual([1, 1]);
    // What was not held any more by then has no plan of before.
    await releaseHolds(db, 'okta', await listOpenHolds(db), 'me', 4);
    await hold(db, { ...both, digest: 'l', reasons: ['plan-too-large'], causes: [loss], alike: [LOSS] }, 5);
    expect([await size(privileges, gain), await size(removals, gain), await size(removals, loss)]).toEqual([0, 0, 1]);
  });

  it('counts who waits because of a request, whatever else has come for them since', async () => {
    const database = await open();
    const { db } = database;
    const app = 'okta';
    const cause = (requestId: string) => ({ actor: 'scim' as const, requestId });
    const put = async (requestId: string, ...keys: WorkKey[]): Promise<void> =>
      await enqueue(
        db,
        keys.map(key => ({ key, app, priority: PRIORITY.request })),
        cause(requestId),
        1,
      );
    const waiting = async (requestId: string): Promise<string[]> =>
      (
        await all(waitingOthers(db, { app, subject: 'person:0', causes: [causeLine(cause(requestId))] }, 'leaving'))
      ).flat();
    await put('rename', 'person:1');
    await put('emptied', 'person:1', 'person:2', 'person:3');
    await put('emptied', 'person:3');
    await put('note', 'person:2', 'person:4');
    expect(await waiting('emptied')).toEqual(['person:1', 'person:2', 'person:3']);
    expect(await waiting('rename')).toEqual(['person:1']);
    expect(await waiting('note')).toEqual(['person:2', 'person:4']);
    // What was dealt with is forgotten, what came in between is not.
    const [work] = await claimKeys(database, ['person:2'], { owner: 'one', now: 1, leaseMs: 10 });
    if (work === undefined) throw new Error('nothing was claimed');
    expect(work.cause).toEqual(cause('note'));
    await put('later', 'person:2');
    expect(await completeWork(db, work, 'one')).toBe('again');
    expect(await waiting('emptied')).toEqual(['person:1', 'person:3']);
    expect(await waiting('later')).toEqual(['person:2']);
  });

  it('counts as many as decide: a share of a large app is more than ten thousand', async () => {
    const { db } = await open();
    const [app, many] = ['okta', 12_000];
    const ids = Array.from({ length: many }, (_, index) => `p${String(index).padStart(6, '0')}`);
    const cause = { actor: 'scim' as const, requestId: 'all' };
    await enqueuePeople(db, { ids, app, priority: PRIORITY.request }, cause, 1);
    const question = { app, subject: 'person:0', causes: [causeLine(cause)] };
    expect((await all(waitingOthers(db, question, 'leaving'))).flat()).toHaveLength(many);
    await db.transaction().execute(async trx => {
      for (const id of ids) await reserve(trx, { app, kind: 'leaving', subject: `person:${id}`, at: 1 }, false);
    });
    const ledger = { ...question, kind: 'leaving' as const, since: 0, heldAs: ['too-many-leavers'] };
    expect((await countedOthers(db, ledger, 20_000)).size).toBe(many);
  });

  it('counts each person once in the rolling hour', async () => {
    const { db } = await open();
    for (const [subject, at] of [
      ['person:1', 10],
      ['person:1', 20],
      ['person:2', 30],
    ] as const)
      await reserve(db, { app: 'okta', kind: 'removal', subject, at }, false);
    expect(await countReserved(db, { app: 'okta', kind: 'removal' }, 0, ['person:9'])).toBe(2);
    expect(await countReserved(db, { app: 'okta', kind: 'removal' }, 0, ['person:1'])).toBe(1);
    expect(await countReserved(db, { app: 'okta', kind: 'removal' }, 25, ['person:9'])).toBe(1);
    await pruneLedger(db, 25);
    expect(await countReserved(db, { app: 'okta', kind: 'removal' }, 0, ['person:9'])).toBe(1);
  });

  it('tells a bound group that is gone from one that lives', async () => {
    const { db } = await open();
    await bind(db, 'okta', 'roleMappings/a', 'missing');
    await bind(db, 'okta', 'roleMappings/a', 'missing-too');
    expect(await readBindings(db, 'okta')).toEqual([
      { app: 'okta', mapping: 'roleMappings/a', scimGroupId: 'missing-too', alive: false },
    ]);
    await bind(db, 'okta', 'roleMappings/b', 'gone');
    await letGo(db, 'okta', ['roleMappings/b', 'roleMappings/never-matched']);
    expect(await readBindings(db, 'okta')).toContainEqual({
      app: 'okta',
      mapping: 'roleMappings/b',
      scimGroupId: undefined,
      alive: false,
    });
    await unbind(db, 'okta', ['roleMappings/a', 'roleMappings/b']);
    expect(await readBindings(db)).toEqual([]);
  });

  it('finds by a name whom it names and nobody who looks like them', async () => {
    const { db } = await open();
    const names = { kevin: 'kevin@example.com', kelvin: '\u212Aevin@example.com', eva: '\u00C9va@example.com' };
    for (const [userId, userName] of Object.entries(names))
      await writePerson(
        db,
        { userId, app: 'okta', userName },
        { known: { userName, email: userName, externalId: undefined } },
        1,
      );
    const found = async (text: string) => (await findPeople(db, text)).map(person => person.userId);
    expect(await found('KEVIN@example.com')).toEqual(['kevin']);
    expect(await found('\u212Aevin@EXAMPLE.com')).toEqual(['kelvin']);
    expect(await found('\u00C9va@example.com')).toEqual(['eva']);
    expect(await found('E\u0301VA@example.com')).toEqual(['eva']);
    expect(await found('\u00E9va@example.com')).toEqual([]);
    const search = async (text: string) => (await searchPeople(db, { text, limit: 10 })).map(person => person.userId);
    expect(await search('\u00C9VA')).toEqual(['eva']);
    expect(await search('KEV')).toEqual(['kevin']);
  });

  it('finds people by anything that names them, and keeps what a change leaves out', async () => {
    const { db } = await open();
    const who = { userId: 'u1', app: 'okta', userName: 'Alice' };
    await writePerson(db, who, { held: { reason: 'no-email', detail: 'none' } }, 1);
    await writePerson(
      db,
      who,
      {
        coder: { id: 'c1', username: 'alice-1', how: 'created' },
        known: { userName: 'Alice', email: 'Alice@Example.com', externalId: 'x1' },
        profile: { username: 'Alice', fullName: 'Alice A' },
      },
      2,
    );
    for (const text of ['u1', 'c1', 'x1', 'alice', 'ALICE@example.com', 'Alice-1'])
      expect((await findPeople(db, text)).map(person => person.userId)).toEqual(['u1']);
    expect(await findPeople(db, 'lice')).toEqual([]);
    expect(await readPerson(db, 'u1')).toMatchObject({ heldReason: 'no-email', how: 'created', fullName: 'Alice A' });
    await writePerson(db, who, { held: null, coder: null }, 3);
    expect(await readPerson(db, 'u1')).toMatchObject({ heldReason: undefined, coderUserId: undefined });
  });

  it('keeps the trail, newest first, or onwards from a line, and prunes by age alone', async () => {
    const { db } = await open();
    await writeAudit(
      db,
      Array.from({ length: 2_500 }, (_, n) => ({
        at: n,
        app: 'okta',
        actor: 'scim',
        action: n % 2 === 0 ? 'group.add' : 'group.remove',
        subject: `u${n % 5}`,
        result: 'done' as const,
      })),
    );
    const newest = await queryAudit(db, { limit: 2 });
    expect(newest.map(row => row.at)).toEqual([2_499, 2_498]);
    const [first] = await queryAudit(db, { afterId: 0, limit: 1, action: 'group.remove' });
    expect(first?.at).toBe(1);
    expect(await queryAudit(db, { subject: 'u3', since: 10, until: 20 })).toHaveLength(2);
  });
});
