/** Who may do what at the bridge, and what the page asks of the store, on both databases. */
import {
  addCredential,
  deleteCredentials,
  endCredentials,
  listCredentials,
  noteCredentialUse,
  readCredential,
} from '../../bridge/store/access/credentials';
import { beginSession, endSession, readSession } from '../../bridge/store/access/sessions';
import { searchPeople, writePerson } from '../../bridge/store/accounts/people';
import { countChanges, writeAudit } from '../../bridge/store/audit/audit';
import { countPeopleIn, createDirectory } from '../../bridge/store/directory';
import {
  countRequests,
  KEPT_REQUESTS,
  listRequests,
  readLastRequests,
  type RequestRecord,
  requestsCompleteSince,
  writeRequests,
} from '../../bridge/store/requests/requests';
import { describeEachDatabase } from '../support/databases';
import { requestRecord } from '../support/request-record';

const T = Date.parse('2026-03-01T00:00:00Z');
const HOUR = 3_600_000;
const digest = (character: string) => character.repeat(64);

describeEachDatabase('the store', open => {
  it('keeps admin credentials by digest: several of one name while one takes the place of another', async () => {
    const { db } = await open();
    const ci = { name: 'ci', scopes: ['read', 'operate'], createdBy: 'admin' };
    await addCredential(db, { ...ci, digest: digest('a'), expiresAt: T + 10 * HOUR }, T);
    await endCredentials(db, 'ci', T + HOUR);
    await addCredential(db, { ...ci, digest: digest('b'), expiresAt: T + 20 * HOUR }, T + 1);
    await endCredentials(db, 'ci', T + 30 * HOUR);
    expect((await listCredentials(db, 'ci')).map(found => [found.digest[0], found.expiresAt])).toEqual([
      ['a', T + HOUR],
      ['b', T + 20 * HOUR],
    ]);
    await noteCredentialUse(db, digest('b'), T + 100);
    expect(await readCredential(db, digest('b'))).toEqual({
      ...ci,
      digest: digest('b'),
      expiresAt: T + 20 * HOUR,
      lastUsedAt: T + 100,
    });
    expect(await deleteCredentials(db, 'ci')).toBe(2);
    expect(await readCredential(db, digest('b'))).toBeUndefined();
  });

  it('keeps who is signed in, and forgets sessions that are over', async () => {
    const { db } = await open();
    const session = { name: 'olga@example.com', scopes: ['read'], credential: undefined, signIn: digest('f') };
    await beginSession(db, { ...session, digest: digest('a'), expiresAt: T + HOUR }, T);
    await beginSession(db, { ...session, digest: digest('b'), expiresAt: T + 9 * HOUR, scopes: [] }, T + HOUR);
    expect(await readSession(db, digest('a'))).toBeUndefined();
    expect(await readSession(db, digest('b'))).toMatchObject({
      name: 'olga@example.com',
      scopes: [],
      signIn: digest('f'),
    });
    await endSession(db, digest('b'));
    expect(await readSession(db, digest('b'))).toBeUndefined();
  });

  it('finds people by a part of a name, page by page, what looks like a pattern taken as it is', async () => {
    const { db } = await open();
    for (const [userId, userName, email] of [
      ['1', 'alice', 'Alice@Example.com'],
      ['2', 'bob_100%', undefined],
      ['3', 'carol\\x', 'carol@example.com'],
      ['4', 'carol\\x', undefined],
    ] as const) {
      const who = { userId, app: 'acme', userName };
      await writePerson(db, who, { known: { userName, email, externalId: undefined } }, T);
    }
    const names = async (text: string) =>
      (await searchPeople(db, { text, limit: 10 })).map(person => `${person.userId} ${person.userName}`);
    expect(await names('EXAMPLE')).toEqual(['1 alice', '3 carol\\x']);
    expect(await names('%')).toEqual(['2 bob_100%']);
    expect(await names('_')).toEqual(['2 bob_100%']);
    expect(await names('\\')).toEqual(['3 carol\\x', '4 carol\\x']);
    const [first] = await searchPeople(db, { text: 'carol', limit: 1 });
    expect(first?.active).toBeUndefined();
    const after = { userName: first?.userName ?? '', userId: first?.userId ?? '' };
    expect((await searchPeople(db, { text: '', after, limit: 10 })).map(person => person.userId)).toEqual(['4']);
    expect(await searchPeople(db, { text: '', held: true, limit: 10 })).toEqual([]);
  });

  it('counts active people of groups once, through groups in groups', async () => {
    const database = await open();
    const directory = createDirectory(database);
    const context = { app: 'acme', cause: { actor: 'scim' as const } };
    const user = async (userName: string, active = true) =>
      (await directory.createUser(context, { schemas: [], userName, active })).resource.id;
    const group = async (displayName: string, members: readonly string[]) =>
      (
        await directory.createGroup(
          context,
          { schemas: [], displayName },
          members.map(value => ({ value })),
        )
      ).resource.id;
    const [alice, bob, gone] = [await user('alice'), await user('bob'), await user('gone', false)];
    const inner = await group('inner', [alice, gone]);
    const outer = await group('outer', [inner, alice, bob]);
    const empty = await group('empty', []);
    expect(await countPeopleIn(database.db, [inner, outer, empty])).toEqual(
      new Map([
        [inner, 1],
        [outer, 2],
      ]),
    );
  });

  it('counts requests and changes by the hour', async () => {
    const { db } = await open();
    const request = (change: Partial<RequestRecord>) => requestRecord({ at: T, ...change });
    await writeRequests(db, [
      request({ at: T - 1 }),
      request({ status: 409 }),
      request({ at: T + HOUR - 1, changes: ['User 0198-a changed'] }),
      request({ at: T + 2 * HOUR, app: 'other', status: 500 }),
    ]);
    expect(await countRequests(db, T, HOUR)).toEqual(
      new Map([
        [0, { requests: 2, refused: 1 }],
        [2, { requests: 1, refused: 1 }],
      ]),
    );
    expect(await readLastRequests(db)).toEqual(
      new Map([
        ['acme', T + HOUR - 1],
        ['other', T + 2 * HOUR],
      ]),
    );
    expect((await listRequests(db, { refused: true, limit: 10 })).map(found => found.status)).toEqual([500, 409]);
    expect(await listRequests(db, { about: '0198-a', limit: 10 })).toHaveLength(1);
    expect(await listRequests(db, { about: '0198-%', limit: 10 })).toEqual([]);
    expect(await requestsCompleteSince(db)).toBeUndefined();
    await writeRequests(
      db,
      Array.from({ length: KEPT_REQUESTS }, (_, index) => request({ at: T + 3 * HOUR + index })),
    );
    expect(await requestsCompleteSince(db)).toBe(T + 3 * HOUR);
    const line = { app: 'acme', actor: 'scim', action: 'group.add', coderUserId: 'c', result: 'done' as const };
    await writeAudit(db, [
      { ...line, at: T },
      { ...line, at: T + HOUR, result: 'failed' },
      { ...line, at: T + HOUR, action: 'page.sign-in', coderUserId: null },
      { ...line, at: T + HOUR, action: 'group.create', coderUserId: null },
    ]);
    expect(await countChanges(db, T, HOUR)).toEqual(
      new Map([
        [0, 1],
        [1, 1],
      ]),
    );
  });
});
