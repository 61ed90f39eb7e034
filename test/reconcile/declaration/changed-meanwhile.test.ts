/** Something long is read from Coder, and what counts is different by the time that it is there: nothing is done by what counted before. */
import { sql } from 'kysely';
import { putApp } from '../../../bridge/store/apps/apps';
import { parseMappingState } from '../../../bridge/contract/mapping-state';
import { givesIn } from '../../support/sync-settings';
import { AMPLE_MS, APP, startReconciler, startStage, type Stage } from '../stage';

const READER = { reader: { name: 'reader', permissions: [{ resourceType: 'template', action: 'read' }] } };
const READERS = { readers: { idpGroup: 'readers', organization: 'default', role: 'reader' } };

const put = ({ database }: Stage, app: string, document: object) =>
  putApp(database, parseMappingState({ version: 1, app, ...document }), 'any', { actor: 'declaration' }, Date.now());

const rolesIn = ({ coder }: Stage) => coder.snapshot().organizations['coder']?.customRoles ?? [];

/** What this app declared is declared by another one instead, and dealt with, while a call is held that is about to take it away. */
async function handedOver(
  stage: Stage,
  document: object,
  held: { readonly method: string; readonly path: string },
): Promise<void> {
  const call = stage.coder.faults.hold(held);
  await put(stage, APP, {});
  const removed = stage.reconciler.converge([`app:${APP}`], { deadlineMs: AMPLE_MS });
  await call.arrived;
  call.holdNoMore();
  await put(stage, 'entra', document);
  await stage.reconciler.converge(['app:entra'], { deadlineMs: AMPLE_MS });
  call.release();
  await removed;
}

it('keeps a custom role that another app has declared while everybody was looked through for who has it', async () => {
  const stage = await startStage();
  await stage.declare({ customRoles: READER });
  const document = { customRoles: READER, roleMappings: READERS };
  await handedOver(stage, document, { method: 'GET', path: '/paginated-members$' });
  expect(rolesIn(stage)).toEqual(['reader']);
  await stage.settle();
  expect(rolesIn(stage)).toEqual(['reader']);
  // It is the bridge's own still: it goes with who declared it last.
  await put(stage, 'entra', {});
  await stage.reconciler.converge(['app:entra'], { deadlineMs: AMPLE_MS });
  await stage.settle();
  expect(rolesIn(stage)).toEqual([]);
});

it('keeps what somebody has by hand in an organization when a mapping gives there before its group was looked for', async () => {
  const stage = await startStage();
  await stage.declare({});
  const ada = await stage.createUser('ada');
  await stage.createGroup('auditors', [ada]);
  stage.coder.setOrganizationRoles('ada', ['organization-admin']);
  const auditors = { idpGroup: 'auditors', organization: 'default', role: 'organization-auditor' };
  await put(stage, APP, { roleMappings: { auditors } });
  await stage.write(
    stage.directory.updateUser(stage.context, ada, current => ({ ...current.document, displayName: 'Ada' })),
  );
  await stage.settle();
  expect(stage.coder.describe('ada').organizations['coder']?.roles).toEqual([
    'organization-admin',
    'organization-auditor',
  ]);
});

it('tells once of a custom role whose making went unheard, and that is declared and noted while it is looked for', async () => {
  const stage = await startStage();
  await stage.declare({});
  stage.coder.addCustomRole('reader');
  const key = `${stage.coder.findOrganization().id}/reader`;
  await stage.database.db
    .insertInto('journal')
    .values({ kind: 'custom-role', key, app: APP, note: '{}', since: Date.now() })
    .execute();
  const call = stage.coder.faults.hold({ method: 'GET', path: '/members/roles$' });
  const swept = stage.reconciler.sweep();
  await call.arrived;
  call.holdNoMore();
  await put(stage, APP, { customRoles: READER });
  await stage.reconciler.converge([`app:${APP}`], { deadlineMs: AMPLE_MS });
  call.release();
  await swept;
  await stage.settle();
  expect(rolesIn(stage)).toEqual(['reader']);
  expect(await stage.reconciler.audit({ action: 'custom-role.create' })).toMatchObject([
    { detail: 'the answer to the creation was lost' },
  ]);
});

it('makes a custom role anew that another app has declared while it was being deleted', async () => {
  const stage = await startStage();
  await stage.declare({ customRoles: READER });
  const document = { customRoles: READER, roleMappings: READERS };
  await handedOver(stage, document, { method: 'DELETE', path: '/members/roles/' });
  await stage.settle();
  expect(rolesIn(stage)).toEqual(['reader']);
});

it('takes a custom role with it that it found, that somebody deleted, and that it has made since', async () => {
  const stage = await startStage();
  stage.coder.addCustomRole('reader');
  await stage.declare({ customRoles: READER });
  stage.coder.findOrganization().customRoles.delete('reader');
  await stage.reconciler.sweep();
  await stage.settle();
  expect(rolesIn(stage)).toEqual(['reader']);
  // Found again, it is the bridge's own still.
  const other = { reader: { ...READER.reader, displayName: 'Reader' } };
  await stage.declare({ customRoles: other });
  await stage.declare({});
  await stage.settle();
  expect(rolesIn(stage)).toEqual([]);
});

it('leaves a custom role that it found where nothing declares it any more', async () => {
  const stage = await startStage();
  stage.coder.addCustomRole('reader');
  await stage.declare({ customRoles: READER });
  await stage.declare({});
  await stage.settle();
  expect(rolesIn(stage)).toEqual(['reader']);
});

it('makes a group anew that a mapping has come to name while it was being deleted', async () => {
  const stage = await startStage();
  const document = { groupMappings: { dev: { idpGroup: 'dev', group: 'dev' } } };
  await stage.declare(document);
  await handedOver(stage, document, { method: 'DELETE', path: '/groups/' });
  await stage.settle();
  expect(stage.coder.membersOf('dev')).toEqual([]);
  const managed = await stage.database.db.selectFrom('coder_groups').select(['name', 'origin']).execute();
  expect(managed).toEqual([{ name: 'dev', origin: 'created' }]);
});

it('holds nothing any more of a large declaration that was replaced while what it takes was written down as held', async () => {
  const stage = await startStage();
  const guard = { minRemovals: 5, maxRemovalsPercent: 1 };
  const auditors = { guard, roleMappings: { auditors: { idpGroup: 'auditors', role: 'auditor' } } };
  await stage.declare(auditors);
  const names = Array.from({ length: 230 }, (_, n) => `user${n}`);
  await stage.createGroup('auditors', await Promise.all(names.map(name => stage.createUser(name))));
  const { db } = stage.database;
  await sql`create trigger replaced after insert on holds when (select count(*) from holds) = 200
    begin update apps set generation = generation + 1; end`.execute(db);
  await stage.declare({ guard });
  await sql`drop trigger replaced`.execute(db);
  expect((await stage.reconciler.status()).holds).toMatchObject([{ reason: 'plan-too-large', people: 200 }]);

  await stage.declare(auditors);
  const { holds, apps } = await stage.reconciler.status();
  expect([holds, apps]).toMatchObject([[], [{ converged: true, held: 0 }]]);
  expect(names.filter(name => !stage.coder.describe(name).siteRoles.includes('auditor'))).toEqual([]);
});

it('writes both new names into the sync settings when two groups are renamed at once', async () => {
  const stage = await startStage();
  await stage.declare({
    mode: 'claims',
    policies: { renamedGroups: 'follow' },
    groupMappings: { a: { idpGroup: 'a', group: 'a' }, b: { idpGroup: 'b', group: 'b' } },
  });
  const [a, b] = [await stage.createGroup('a'), await stage.createGroup('b')];
  await stage.settle();
  const rename = async (id: string, displayName: string) =>
    (await stage.directory.updateGroup(stage.context, id, current => ({
      document: { ...current.document, displayName },
    }))) ?? { touched: [] };
  const call = stage.coder.faults.hold({ method: 'GET', path: '/idpsync/groups$' });
  const first = stage.reconciler.converge((await rename(a, 'a2')).touched, { deadlineMs: AMPLE_MS });
  await call.arrived;
  call.holdNoMore();
  await stage.reconciler.converge((await rename(b, 'b2')).touched, { deadlineMs: AMPLE_MS });
  call.release();
  await first;
  await stage.settle();
  const gives = givesIn(stage.coder.snapshot().organizations['coder']?.groupSync);
  expect(Object.keys(gives).sort()).toEqual(['a2', 'b2']);
});

it('leaves what another bridge wrote into the sync settings while everybody was looked through, and the lease ran out', async () => {
  let later = 0;
  const clock = { now: () => Date.now() + later };
  const stage = await startStage({ ...clock, owner: 'slow' });
  stage.coder.addOrganization('lab');
  const other = startReconciler(stage.database, stage.coder, { ...clock, owner: 'other' });
  const into = (idpGroup: string) => ({
    mode: 'claims',
    claims: { organizations: 'groups' },
    organizationMappings: { lab: { idpGroup, organization: 'lab' } },
  });
  const given = () => Object.keys(givesIn(stage.coder.snapshot().organizationSync)).sort();
  const call = stage.coder.faults.hold({ method: 'GET', path: '/users$' });
  await put(stage, APP, into('x'));
  const slow = stage.reconciler.converge([`app:${APP}`], { deadlineMs: AMPLE_MS });
  await call.arrived;
  call.holdNoMore();
  later = 31_000;
  await put(stage, 'entra', into('y'));
  await other.converge(['app:entra'], { deadlineMs: AMPLE_MS });
  expect(given()).toEqual(['x', 'y']);
  call.release();
  await slow;
  expect(given()).toEqual(['x', 'y']);
  await stage.settle();
  expect(await stage.reconciler.audit({ action: 'sync-settings.set' })).toHaveLength(1);
});

it.each(['report', 'repair'] as const)(
  'says nothing of somebody who was locked out while a sweep read everybody (drift: %s)',
  async drift => {
    const stage = await startStage();
    await stage.declare({ customRoles: READER, roleMappings: READERS, policies: { drift } });
    const ada = await stage.createUser('ada');
    await stage.settle();
    const users = stage.coder.faults.hold({ method: 'GET', path: '/users$' });
    const swept = stage.reconciler.sweep();
    await users.arrived;
    // Asked when everybody has been read.
    const call = stage.coder.faults.hold({ method: 'GET', path: '/users/me/roles$' });
    users.release();
    await call.arrived;
    call.holdNoMore();
    await stage.setActive(ada, false);
    expect(stage.coder.describe('ada').status).toBe('suspended');
    call.release();
    await swept;
    await stage.settle();
    expect(await stage.reconciler.audit({ action: 'drift.found' })).toEqual([]);
    const { pending, apps } = await stage.reconciler.status();
    expect(pending).toEqual([]);
    expect(apps).toMatchObject([{ converged: true }]);
  },
);
