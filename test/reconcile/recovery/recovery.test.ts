/** A database that is older than what the bridge did in Coder: nothing is given and nothing taken until somebody has looked. */
import { createCoderClient, createCredential } from '../../../bridge/coder';
import { parseMappingState } from '../../../bridge/contract/mapping-state';
import { createReconciler, type Reconciler } from '../../../bridge/reconcile';
import { putApp } from '../../../bridge/store/apps/apps';
import { type Database, openDatabase } from '../../../bridge/store/database/database';
import { createDirectory, type Directory, type WriteContext } from '../../../bridge/store/directory';
import { openEntry } from '../../../bridge/store/journal/journal';
import { readInstallation, writePendingRecovery } from '../../../bridge/store/recovery/position';
import { type WorkKey } from '../../../bridge/store/work/enqueue';
import { type CoderDouble, startCoderDouble } from '../../support/coder-double';
import { copyDatabase, describeEachDatabase } from '../../support/databases';
import { silentLog } from '../stage';

const APP = 'okta';
const context: WriteContext = { app: APP, cause: { actor: 'scim', requestId: 'request-1', token: 'push' } };
const STATE = parseMappingState({
  version: 1,
  app: APP,
  roleMappings: { admins: { idpGroup: 'admins', role: 'template-admin' } },
  groupMappings: { developers: { idpGroup: 'developers', group: 'developers' } },
  guard: { maxRemovalsPercent: 100 },
});

interface Bridge {
  readonly database: Database;
  readonly reconciler: Reconciler;
  readonly directory: Directory;
  converge(touched: readonly WorkKey[]): Promise<void>;
  createUser(name: string): Promise<string>;
  setActive(id: string, active: boolean): Promise<void>;
  createGroup(name: string, members: readonly string[]): Promise<string>;
  settle(): Promise<void>;
}

describeEachDatabase('a restored database', (_open, { freshUrl }) => {
  let coder: CoderDouble;
  const ends: (() => Promise<void>)[] = [];
  beforeEach(async () => {
    coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    await coder.close();
  });

  /** One life of a bridge on a database. */
  async function live<T>(url: string, task: (bridge: Bridge) => Promise<T>, token = coder.token): Promise<T> {
    const database = await openDatabase(url);
    const client = createCoderClient({
      url: coder.url,
      credential: createCredential({ token }),
      limits: { retryPauseMs: 1 },
    });
    const reconciler = createReconciler({
      database,
      coder: client,
      log: silentLog,
      options: { sweepIntervalMs: 0, backoffMs: 5, pollMs: 10 },
    });
    const directory = createDirectory(database);
    const bridge: Bridge = {
      database,
      reconciler,
      directory,
      converge: touched => reconciler.converge(touched, { deadlineMs: 30_000 }),
      async createUser(name) {
        const { resource, touched } = await directory.createUser(context, {
          schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
          userName: `${name}@example.com`,
          active: true,
          emails: [{ value: `${name}@example.com`, primary: true }],
        });
        await bridge.converge(touched);
        return resource.id;
      },
      async setActive(id, active) {
        const written = await directory.updateUser(context, id, current => ({ ...current.document, active }));
        await bridge.converge(written?.touched ?? []);
      },
      async createGroup(displayName, members) {
        const { resource, touched } = await directory.createGroup(
          context,
          { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName },
          members.map(value => ({ value })),
        );
        await bridge.converge(touched);
        return resource.id;
      },
      async settle() {
        for (let round = 0; round < 100; round += 1) {
          const due = await database.db.selectFrom('work').select('key').where('parked_at', 'is', null).execute();
          if (due.length === 0) return;
          await database.db.updateTable('work').set({ due_at: 0 }).execute();
          await bridge.converge(due.map(row => row.key as WorkKey));
        }
      },
    };
    try {
      return await task(bridge);
    } finally {
      await reconciler.stop();
      await client.close();
      await database.close();
    }
  }

  /** Three people with a role and a group, known to Coder and to the database. */
  async function threePeople(url: string, token?: string): Promise<Record<'ann' | 'bob' | 'cyd', string>> {
    return await live(
      url,
      async bridge => {
        await putApp(bridge.database, STATE, 'any', { actor: 'declaration' }, Date.now());
        await bridge.settle();
        const [ann, bob, cyd] = [
          await bridge.createUser('ann'),
          await bridge.createUser('bob'),
          await bridge.createUser('cyd'),
        ];
        await bridge.createGroup('admins', [ann, bob, cyd]);
        await bridge.createGroup('developers', [ann]);
        await bridge.settle();
        return { ann, bob, cyd };
      },
      token,
    );
  }

  const backup = async (url: string): Promise<string> => {
    const copy = await copyDatabase(url);
    ends.push(() => copy.drop());
    return copy.url;
  };
  const everybody = () =>
    Object.fromEntries(
      ['ann', 'bob', 'cyd', 'dan'].map(name => {
        const user = coder.snapshot().users[name];
        return [
          name,
          user === undefined
            ? 'absent'
            : `${user.status === 'suspended' ? 'out' : 'in'} ${user.siteRoles.join()}`.trim(),
        ];
      }),
    );

  it('gives nothing and takes nothing, answers and stores, says why, shows people, and goes on when told', async () => {
    const url = await freshUrl();
    const people = await threePeople(url);
    const old = await backup(url);
    await live(url, async bridge => {
      for (const id of Object.values(people)) await bridge.setActive(id, false);
      await bridge.createUser('dan');
    });
    const then = everybody();
    expect(then).toEqual({ ann: 'out', bob: 'out', cyd: 'out', dan: 'in' });

    await live(old, async bridge => {
      coder.calls.reset();
      bridge.reconciler.start();
      await bridge.setActive(people.bob, false);
      await bridge.createUser('eve');
      await bridge.settle();
      await expect(bridge.reconciler.sweep()).rejects.toThrow(
        /nothing is given and nothing taken until `coder-scim recover`/,
      );
      expect(coder.calls.writes()).toEqual([]);
      expect(await bridge.directory.getUser(APP, people.bob)).toMatchObject({ document: { active: false } });
      const { recovery, apps, pending } = await bridge.reconciler.status();
      expect(recovery).toMatch(/older than what Coder's audit log says/);
      expect(bridge.reconciler.recoveryProblem()).toBe(recovery);
      expect(apps).toMatchObject([{ app: APP, converged: false }]);
      expect(pending.length).toBeGreaterThan(0);
    });

    // It is remembered, and the same for every replica.
    await live(old, async bridge => {
      const report = await bridge.reconciler.recovery();
      const brief = report.people.map(({ userName, coderUsername, directory, letInAgain }) => [
        userName ?? coderUsername,
        directory,
        letInAgain,
      ]);
      expect(brief.sort()).toEqual([
        ['ann@example.com', 'active', true],
        ['bob@example.com', 'inactive', false],
        ['cyd@example.com', 'active', true],
        ['dan', 'unknown', false],
      ]);
      const ann = report.people.find(person => person.userName === 'ann@example.com');
      expect(ann?.changes.join('\n')).toMatch(/status: (active|dormant) → suspended/);
      expect(ann?.changes.join('\n')).toMatch(/site roles: template-admin → none/);
      expect(ann?.changes.join('\n')).toMatch(/was taken out of group coder\/developers/);
      expect(everybody()).toEqual(then);

      expect(await bridge.reconciler.endRecovery({ by: 'olga' })).toEqual({ ended: true });
      await bridge.reconciler.sweep();
      await bridge.settle();
      expect(everybody()).toMatchObject({ ann: 'in template-admin', bob: 'out', cyd: 'in template-admin' });
      expect(coder.snapshot().users['eve']).toBeDefined();
      expect(await bridge.reconciler.audit({ actor: 'operator' })).toMatchObject([
        { action: 'recovery.end', detail: 'ended by olga' },
      ]);
      expect((await bridge.reconciler.status()).recovery).toBeNull();
    });

    // Over once and for all.
    await live(old, async bridge => {
      await bridge.setActive(people.ann, false);
      expect(everybody()['ann']).toBe('out');
      expect(await bridge.reconciler.recovery()).toMatchObject({ reason: null, people: [] });
    });
  });

  it('whose restoring said so by itself is over once and for all too, although nobody had asked Coder', async () => {
    const url = await freshUrl();
    const people = await threePeople(url);
    const old = await backup(url);
    await live(url, async bridge => {
      for (const id of Object.values(people)) await bridge.setActive(id, false);
    });
    await live(old, async bridge => {
      // As `coder-scim restore` leaves it.
      const { position } = await readInstallation(bridge.database.db);
      await writePendingRecovery(bridge.database.db, { since: Date.now(), position, seen: position });
      expect((await bridge.reconciler.recovery()).people).toHaveLength(3);
      expect(await bridge.reconciler.endRecovery({ by: 'olga' })).toEqual({ ended: true });
    });
    await live(old, async bridge => {
      await bridge.reconciler.sweep();
      expect(await bridge.reconciler.recovery()).toMatchObject({ reason: null, people: [] });
      expect(await bridge.reconciler.audit({ action: 'recovery.begin' })).toEqual([]);
    });
  });

  it('is told by a replica that did not find it out, and no app of it counts as converged', async () => {
    const url = await freshUrl();
    await threePeople(url);
    await live(url, async ({ database, reconciler }) => {
      await reconciler.sweep();
      expect(await reconciler.status()).toMatchObject({ recovery: null, apps: [{ app: APP, converged: true }] });
      // As another replica leaves it.
      const { position } = await readInstallation(database.db);
      await writePendingRecovery(database.db, { since: Date.now(), position, seen: position + 1 });
      expect(await reconciler.status()).toMatchObject({
        recovery: expect.stringContaining('coder-scim recover'),
        recoveryPending: true,
        apps: [{ app: APP, converged: false }],
      });
    });
  });

  it('is ended by an operator also where nobody can read what differs', async () => {
    const url = await freshUrl();
    const people = await threePeople(url);
    await live(url, async bridge => {
      const { position } = await readInstallation(bridge.database.db);
      await writePendingRecovery(bridge.database.db, { since: Date.now(), position, seen: position });
      coder.faults.fail(403, { path: '/api/v2/audit' });
      expect(await bridge.reconciler.recovery()).toMatchObject({
        reason: expect.any(String),
        people: [],
        other: [expect.stringMatching(/^what differs could not be read: .*coder-scim plan/)],
      });
      expect(await bridge.reconciler.endRecovery({ by: 'olga' })).toEqual({ ended: true });
      coder.faults.clear();
      await bridge.setActive(people.ann, false);
      expect(everybody()['ann']).toMatch(/^out/);
    });
  });

  it('settles nothing at its start of what it knows as begun: a group that was made since stays', async () => {
    const url = await freshUrl();
    await threePeople(url);
    await live(url, async ({ database }) => {
      const key = `${coder.findOrganization().id}/late`;
      await openEntry(database.db, { kind: 'group', key, app: APP, subject: undefined, note: {}, since: Date.now() });
    });
    const old = await backup(url);
    await live(url, bridge => bridge.createUser('dan'));
    coder.addGroup('late');
    coder.calls.reset();
    await live(old, async ({ reconciler }) => {
      reconciler.start();
      await reconciler.stop();
      expect(coder.calls.writes()).toEqual([]);
      expect(coder.snapshot().organizations['coder']?.groups).toHaveProperty('late');
      expect((await reconciler.status()).recovery).toMatch(/older than what Coder's audit log says/);
    });
  });

  it('is not taken for one after a restart, a killed bridge, lost answers, or a stranger on the same account', async () => {
    const url = await freshUrl();
    const people = await threePeople(url);
    await live(url, async bridge => {
      coder.faults.dropConnection({ path: '/status/suspend' }, { afterDoing: true });
      await bridge.setActive(people.bob, false);
      coder.faults.clear();
    });
    // Somebody works with the same account, by hand and with another bridge of another database.
    await fetch(`${coder.url}/api/v2/users/cyd/status/suspend`, {
      method: 'PUT',
      headers: { 'coder-session-token': coder.token },
    });
    await live(await freshUrl(), async bridge => {
      await putApp(bridge.database, { ...STATE, app: 'other' }, 'any', { actor: 'declaration' }, Date.now());
      await bridge.settle();
    });
    await live(url, async bridge => {
      expect(await bridge.reconciler.recovery()).toMatchObject({ reason: null });
      await bridge.settle();
      await bridge.setActive(people.ann, false);
      expect(everybody()['ann']).toBe('out');
    });
  });

  it('that is empty is a first rollout', async () => {
    await threePeople(await freshUrl());
    const url = await freshUrl();
    await live(url, async bridge => {
      await putApp(bridge.database, STATE, 'any', { actor: 'declaration' }, Date.now());
      await bridge.settle();
      const ann = await bridge.createUser('ann');
      await bridge.setActive(ann, false);
      expect(everybody()['ann']).toMatch(/^out/);
      expect((await bridge.reconciler.status()).recovery).toBeNull();
    });
  });

  it('that went back under a running bridge is noticed before anything is done', async () => {
    const url = await freshUrl();
    const people = await threePeople(url);
    await live(url, async bridge => {
      const { position } = await readInstallation(bridge.database.db);
      await bridge.setActive(people.ann, false);
      // A standby took over that had not got everything: what came after that position is lost.
      await bridge.database.db
        .updateTable('settings')
        .set({ value: String(position) })
        .where('key', '=', 'position')
        .execute();
      await bridge.setActive(people.cyd, false);
      expect(everybody()).toMatchObject({ ann: 'out', cyd: 'in template-admin' });
      expect((await bridge.reconciler.recovery()).people).toMatchObject([{ userName: 'ann@example.com' }]);
    });
  });

  it('that went back is noticed also where nobody may read what it lost', async () => {
    coder.addUser('bridge', { roles: ['user-admin'] });
    const token = coder.issueToken('bridge');
    const url = await freshUrl();
    const people = await threePeople(url, token);
    await live(
      url,
      async bridge => {
        await bridge.setActive(people.ann, false);
        await bridge.database.db.updateTable('settings').set({ value: '1' }).where('key', '=', 'position').execute();
        await bridge.setActive(people.cyd, false);
        expect(everybody()).toMatchObject({ ann: 'out', cyd: expect.stringMatching(/^in/) });
      },
      token,
    );
    // It is remembered, and ended by an operator.
    await live(
      url,
      async bridge => {
        expect(await bridge.reconciler.recovery()).toMatchObject({
          reason: expect.stringMatching(/^the database went back/),
          other: [expect.stringMatching(/not known/)],
        });
        expect(await bridge.reconciler.endRecovery({ by: 'olga' })).toEqual({ ended: true });
        await bridge.settle();
        expect(everybody()).toMatchObject({ cyd: 'out' });
      },
      token,
    );
  });

  it('holds everything while Coder does not answer the question, and goes on when it has', async () => {
    const url = await freshUrl();
    const people = await threePeople(url);
    await live(url, async bridge => {
      coder.faults.fail(500, { path: '/api/v2/audit' });
      await bridge.setActive(people.ann, false);
      expect(everybody()['ann']).toBe('in template-admin');
      expect(bridge.reconciler.recoveryProblem()).toMatch(
        /not known yet whether the database is current: GET \/audit answered 500/,
      );
      coder.faults.clear();
      bridge.reconciler.start();
      for (let turn = 0; turn < 3_000 && everybody()['ann'] !== 'out'; turn += 1)
        await new Promise(resume => setTimeout(resume, 10));
      expect(everybody()['ann']).toBe('out');
    });
  });

  it('can not be told by an account that may not read the audit log: said by doctor, and work goes on', async () => {
    coder.addUser('bridge', { roles: ['user-admin'] });
    const token = coder.issueToken('bridge');
    const url = await freshUrl();
    const people = await threePeople(url, token);
    const old = await backup(url);
    await live(url, bridge => bridge.setActive(people.ann, false), token);
    await live(
      old,
      async bridge => {
        await bridge.setActive(people.bob, false);
        expect(everybody()['bob']).toMatch(/^out/);
        expect(await bridge.reconciler.doctorChecks()).toContainEqual(
          expect.objectContaining({
            name: 'restored database',
            state: 'warning',
            next: expect.stringContaining('auditor'),
          }),
        );
      },
      token,
    );
  });
});
