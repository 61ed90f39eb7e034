/** Apps: a document, its generation, its tokens, its end. */
import { parseMappingState } from '../../../bridge/contract/mapping-state';
import {
  deleteApp,
  GenerationConflict,
  listApps,
  markApplied,
  purgeApp,
  putApp,
  readAnyApp,
  readApp,
} from '../../../bridge/store/apps/apps';
import { createReadReach } from '../../../bridge/store/apps/reach';
import { TokenTaken } from '../../../bridge/store/apps/credentials';
import { createStoredApps } from '../../../bridge/scim/access/stored-apps';
import { createDirectory } from '../../../bridge/store/directory';
import { type Cause } from '../../../bridge/store/work/enqueue';
import { listWork } from '../../../bridge/store/work/pending';
import { describeEachDatabase } from '../../support/databases';

const CAUSE: Cause = { actor: 'declaration' };
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const document = (app: string, more: object = {}) => parseMappingState({ version: 1, app, ...more });
const token = (letter: string, expiresAt = '2030-01-01T00:00:00Z') => ({ digest: digest(letter), expiresAt });

describeEachDatabase('apps', open => {
  it('counts each accepted document, and an equal one not at all', async () => {
    const database = await open();
    const put = (more: object) => putApp(database, document('okta', more), 'any', CAUSE, 5);
    expect((await put({})).generation).toBe(1);
    expect((await put({})).generation).toBe(1);
    expect((await put({ identityProvider: 'okta' })).generation).toBe(2);
    expect(await readApp(database.db, 'okta')).toMatchObject({
      generation: 2,
      appliedGeneration: undefined,
      state: { identityProvider: 'okta' },
    });
    expect((await listWork(database.db, 10)).map(work => work.key)).toEqual(['app:okta']);
  });

  it.each([
    ['absent', 1],
    [{ generation: 2 }, 1],
  ] as const)('refuses a change that was made for %j', async (expected, actual) => {
    const database = await open();
    await putApp(database, document('okta'), 'absent', CAUSE, 1);
    const put = putApp(database, document('okta', { identityProvider: 'okta' }), expected, CAUSE, 2);
    await expect(put).rejects.toThrow(GenerationConflict);
    await expect(put).rejects.toMatchObject({ actual });
    expect((await readApp(database.db, 'okta'))?.state.identityProvider).toBe('generic');
  });

  it('reads what is declared once a database went back to an older state, and has another document of the same generation', async () => {
    const { db, ...database } = await open();
    const put = (idpGroup: string, now: number) =>
      putApp(
        { db, ...database },
        document('okta', { roleMappings: { a: { idpGroup, role: 'owner' } } }),
        'any',
        CAUSE,
        now,
      );
    const reach = createReadReach();
    const apps = createStoredApps({ db, changes: undefined });
    const reads = async (displayName: string) => {
      await markApplied(db, 'okta', 2, []);
      const { includes } = await reach(db, 'okta');
      return includes({ displayName, externalId: undefined });
    };
    const mapped = async () => (await apps.findApp('okta'))?.roleMappings['a']?.idpGroup;
    await put('one', 1);
    const before = await db
      .selectFrom('apps')
      .select(['generation', 'updated_at', 'applied_generation'])
      .where('name', '=', 'okta')
      .executeTakeFirstOrThrow();
    await put('lost', 2);
    expect(await reads('lost')).toBe(true);
    expect(await mapped()).toBe('lost');
    await db.updateTable('apps').set(before).where('name', '=', 'okta').execute();
    await put('two', 3);
    expect(await reads('two')).toBe(true);
    expect(await reads('lost')).toBe(false);
    expect(await mapped()).toBe('two');
  });

  it('refuses a change of what is not there', async () => {
    const database = await open();
    await expect(putApp(database, document('okta'), { generation: 1 }, CAUSE, 1)).rejects.toMatchObject({
      actual: undefined,
    });
    expect(await listApps(database.db)).toEqual([]);
  });

  it('lets one of two writers of the same generation win', async () => {
    const database = await open();
    await putApp(database, document('okta'), 'absent', CAUSE, 1);
    const outcomes = await Promise.allSettled(
      ['entra', 'ping'].map(identityProvider =>
        putApp(database, document('okta', { identityProvider }), { generation: 1 }, CAUSE, 2),
      ),
    );
    expect(outcomes.map(outcome => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('keeps when a token was used last, forgets tokens that are gone, and refuses those of another app', async () => {
    const database = await open();
    await putApp(database, document('okta', { tokens: { one: token('a'), two: token('b') } }), 'any', CAUSE, 1);
    await database.db.updateTable('tokens').set({ last_used_at: 77 }).execute();
    await putApp(
      database,
      document('okta', { tokens: { one: token('a', '2031-01-01T00:00:00Z'), three: token('c') } }),
      'any',
      CAUSE,
      2,
    );
    const rows = await database.db.selectFrom('tokens').selectAll().orderBy('digest').execute();
    expect(rows.map(row => [row.name, row.last_used_at, row.expires_at])).toEqual([
      ['one', 77, Date.parse('2031-01-01T00:00:00Z')],
      ['three', null, Date.parse('2030-01-01T00:00:00Z')],
    ]);
    await expect(
      putApp(database, document('entra', { tokens: { mine: token('c') } }), 'any', CAUSE, 3),
    ).rejects.toThrow(TokenTaken);
    expect(await readApp(database.db, 'entra')).toBeUndefined();
  });

  it('ends tokens with the delete, keeps the rest until it is dealt with, and takes the app up again', async () => {
    const database = await open();
    await putApp(database, document('okta', { tokens: { one: token('a') } }), 'any', CAUSE, 1);
    await markApplied(database.db, 'okta', 1, ['a problem']);
    await expect(deleteApp(database, 'okta', { generation: 7 }, CAUSE, 2)).rejects.toThrow(GenerationConflict);
    expect(await deleteApp(database, 'okta', { generation: 1 }, CAUSE, 2)).toBe(true);
    expect(await deleteApp(database, 'okta', 'any', CAUSE, 3)).toBe(false);
    expect(await database.db.selectFrom('tokens').selectAll().execute()).toEqual([]);
    expect(await readApp(database.db, 'okta')).toBeUndefined();
    const deleted = await readAnyApp(database.db, 'okta');
    if (deleted === undefined) throw new Error('the app is gone at once');
    expect(deleted).toMatchObject({ deleting: true, generation: 2 });

    expect((await putApp(database, document('okta'), 'absent', CAUSE, 4)).generation).toBe(3);
    const context = { app: 'okta', cause: { actor: 'scim' as const, requestId: 'r' } };
    await createDirectory(database).createUser(context, { schemas: [], userName: 'ada' });
    expect(await purgeApp(database.db, deleted)).toBe(false);
    expect(await readApp(database.db, 'okta')).toMatchObject({ generation: 3 });
    expect(await database.db.selectFrom('users').selectAll().execute()).toHaveLength(1);
  });

  it('is forgotten with a pushed group that could not be made, and without what somebody is at work on', async () => {
    const database = await open();
    await putApp(database, document('okta'), 'absent', CAUSE, 1);
    await deleteApp(database, 'okta', 'any', CAUSE, 2);
    const row = { priority: 1, due_at: 1, enqueued_at: 1, seq: 1, attempts: 10, cause: '{}' };
    const rows = [
      { ...row, key: 'scim-group:parked', app: 'okta', parked_at: 1 },
      { ...row, key: 'scim-group:taken', app: 'okta', lease_owner: 'somebody', lease_until: 9 },
      { ...row, key: 'scim-group:other', app: 'entra', parked_at: 1 },
    ];
    await database.db.insertInto('work').values(rows).execute();
    const deleted = await readAnyApp(database.db, 'okta');
    if (deleted === undefined) throw new Error('the app is gone at once');
    expect(await database.transact(db => purgeApp(db, deleted))).toBe(true);
    const left = await database.db.selectFrom('work').select('key').where('key', 'like', 'scim-group:%').execute();
    expect(left.map(({ key }) => key).sort()).toEqual(['scim-group:other', 'scim-group:taken']);
  });

  it('counts on where an app is declared again after it was forgotten, and refuses what was meant for the one before', async () => {
    const database = await open();
    await putApp(database, document('okta'), 'absent', CAUSE, 1);
    await deleteApp(database, 'okta', 'any', CAUSE, 2);
    const deleted = await readAnyApp(database.db, 'okta');
    if (deleted === undefined) throw new Error('the app is gone at once');
    expect(await database.transact(db => purgeApp(db, deleted))).toBe(true);

    expect((await putApp(database, document('okta'), 'absent', CAUSE, 3)).generation).toBe(3);
    const late = document('okta', { identityProvider: 'okta' });
    await expect(putApp(database, late, { generation: 1 }, CAUSE, 4)).rejects.toThrow(GenerationConflict);
    await expect(deleteApp(database, 'okta', { generation: 1 }, CAUSE, 4)).rejects.toThrow(GenerationConflict);
    expect((await putApp(database, document('entra'), 'absent', CAUSE, 5)).generation).toBe(1);
  });

  it('has a line of each declaration in the trail, of bounded length: what guards comes before what is mapped', async () => {
    const database = await open();
    const groupMappings = Object.fromEntries(
      Array.from({ length: 500 }, (_, n) => [`m${n}`, { idpGroup: `g${n}`, group: `team-${n}` }]),
    );
    const protectedAccounts = Array.from({ length: 1_000 }, (_, n) => `root${n}`);
    await putApp(database, document('okta'), 'any', { ...CAUSE, token: 'ann', requestId: 'r1' }, 1);
    await putApp(database, document('okta', { groupMappings, guard: { protectedAccounts } }), 'any', CAUSE, 2);
    const [first, second] = await database.db.selectFrom('audit').selectAll().orderBy('id').execute();
    expect(first).toMatchObject({
      app: 'okta',
      actor: 'declaration',
      action: 'app.declare',
      token: 'ann',
      request_id: 'r1',
      target: 'generation 1',
      detail: 'new, with what is usual alone',
    });
    expect(second?.detail).toMatch(
      /^guard\.protectedAccounts with "root0", [^;]* and 980 more; groupMappings\["m0"\] added: \{[^;]*"team-0"[^]*; and 451 more: 451 of groupMappings$/,
    );
    expect(second?.detail?.length).toBeLessThan(20_000);
  });

  it('has a line of what replaces a document that this version can not read', async () => {
    const database = await open();
    await putApp(database, document('okta'), 'any', CAUSE, 1);
    const unreadable = { ...document('okta'), guard: { minOwners: 'many' }, tokens: { one: token('a') } };
    await database.db
      .updateTable('apps')
      .set({ state: JSON.stringify(unreadable) as never })
      .execute();
    await putApp(database, document('okta'), 'any', CAUSE, 2);
    const [line] = await database.db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(1).execute();
    expect(line?.detail).toContain('guard.minOwners "many" → 1');
    expect(line?.detail).toContain(`tokens["one"] removed: {"digest":"sha256:${'a'.repeat(12)}…"`);
  });
});
