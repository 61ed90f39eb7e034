/** What the store has of a person is the same in one statement and in several, on both databases. */
import { randomUUID } from 'node:crypto';
import { parseMappingState } from '../../../bridge/contract/mapping-state';
import { noteAddress } from '../../../bridge/store/accounts/addresses';
import { wantMember } from '../../../bridge/store/accounts/coder-members';
import { addGrants } from '../../../bridge/store/accounts/grants';
import { hold } from '../../../bridge/store/accounts/holds';
import { writePerson } from '../../../bridge/store/accounts/people';
import { readApart, readAtOnce, readTold, readTogether } from '../../../bridge/store/accounts/told';
import { putApp } from '../../../bridge/store/apps/apps';
import { createDirectory } from '../../../bridge/store/directory';
import { openEntry } from '../../../bridge/store/journal/journal';
import { causeLine } from '../../../bridge/store/work/causes';
import { claimKeys } from '../../../bridge/store/work/work';
import { describeEachDatabase } from '../../support/databases';

const APP = 'okta';

describeEachDatabase('what is known of a person', open => {
  it('is the same read at once, apart, and together with others, of whoever has everything and of who has nothing', async () => {
    const database = await open();
    const { db } = database;
    const declaration = parseMappingState({ version: 1, app: APP, attributes: { username: 'nickName' } });
    await putApp(database, declaration, 'any', { actor: 'declaration' }, 1);
    const directory = createDirectory(database);
    const context = { app: APP, cause: { actor: 'scim' as const, requestId: 'r' } };
    const user = { schemas: [], userName: 'ada@x.org', nickName: 'ada', externalId: 'e', displayName: 'Ada "A" \\ é' };
    const { id } = (await directory.createUser(context, user)).resource;
    const inner = await directory.createGroup(context, { schemas: [], displayName: 'inner' }, [{ value: id }]);
    const around = { schemas: [], displayName: 'around', externalId: 'g' };
    await directory.createGroup(context, around, [{ value: inner.resource.id }]);
    const nobody = await readAtOnce(db, APP, id);
    expect(nobody).toEqual(await readApart(db, APP, id));
    expect(nobody.groups).toHaveLength(2);
    expect(nobody.linked).toBeUndefined();

    const account = randomUUID();
    const coder = { id: account, username: 'ada', how: 'created' as const };
    await writePerson(db, { userId: id, app: APP, userName: 'ada@x.org' }, { coder, convergedAt: 5 }, 5);
    await writePerson(db, { userId: randomUUID(), app: 'entra', userName: 'ada' }, { coder }, 6);
    await noteAddress(db, { userId: id, app: APP }, 'former@x.org', 3);
    await addGrants(db, account, [{ kind: 'site-role', organization: '', target: 'auditor' }], 4);
    await wantMember(db, 'coder-group', account, true, '{}');
    const entry = { app: APP, subject: id, note: { email: 'a@x.org' }, since: 7 };
    await openEntry(db, { ...entry, kind: 'account', key: 'a@x.org' });
    await openEntry(db, { ...entry, kind: 'steps', key: account, note: { status: 'active', steps: [] } });
    const causes = [causeLine({ actor: 'scim', requestId: 'r' })];
    const held = { app: APP, subject: `person:${id}`, digest: 'd', reasons: ['guard'], changes: ['x'], causes };
    await hold(db, held, 8);
    const everything = await readAtOnce(db, APP, id);
    expect(everything).toEqual({
      ...(await readApart(db, APP, id)),
      // Why somebody is wanted nobody asks here.
      linked: { ...everything.linked, members: [{ coderGroupId: 'coder-group', present: false, wanted: true }] },
    });
    expect(everything.linked?.others).toHaveLength(1);
    expect(everything.linked?.steps?.key).toBe(account);
    expect(everything.entries).toHaveLength(2);
    expect(everything.held?.digest).toBe('d');
    const stranger = randomUUID();
    const gone = await readAtOnce(db, APP, stranger);
    const [first, elsewhere, second] = await readTogether(db, [
      { app: APP, userId: id },
      { app: 'entra', userId: id },
      { app: APP, userId: stranger },
    ]);
    expect([first, second]).toEqual([await readApart(db, APP, id), gone]);
    expect(elsewhere).toEqual({ ...first, held: undefined });
    expect(await Promise.all([readTold(db, APP, id), readTold(db, APP, stranger)])).toMatchObject([
      { held: { digest: 'd' } },
      gone,
    ]);
    expect(gone).toMatchObject({ user: undefined, person: undefined, former: [], entries: [], groups: [] });
  });

  it('is queued and taken with the write, once, by whoever deals with it', async () => {
    const database = await open();
    await putApp(database, parseMappingState({ version: 1, app: APP }), 'any', { actor: 'declaration' }, 1);
    const directory = createDirectory(database, { claimant: { owner: 'me', leaseMs: 60_000 } });
    const context = { app: APP, cause: { actor: 'scim' as const, requestId: 'r' }, settles: true };
    const made = await directory.createUser(context, { schemas: [], userName: 'ada@x.org' });
    await made.durable();
    const key = `person:${made.resource.id}` as const;
    expect(made.claimed.map(work => [work.key, work.seq])).toEqual([[key, 1]]);
    // It is somebody's: a second change of the same person takes nothing, and neither does anybody else.
    const again = await directory.updateUser(context, made.resource.id, current => ({
      ...current.document,
      userName: 'ada2@x.org',
    }));
    expect(again?.touched).toEqual([key]);
    expect(again?.claimed).toEqual([]);
    const now = Date.now() + 1_000;
    expect(await claimKeys(database, [key], { owner: 'other', now, leaseMs: 1_000 })).toEqual([]);
    const late = now + 120_000;
    expect(await claimKeys(database, [key], { owner: 'other', now: late, leaseMs: 1_000 })).toMatchObject([{ seq: 2 }]);
  });
});
