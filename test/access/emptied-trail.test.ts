/** A trail that somebody empties in the database, with what says where its chain ends: whole for itself, and yet not what was exported. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../bridge/store/database/database';
import { describeEachDatabase } from '../support/databases';
import { until } from '../support/until';
import { atEnd, crowd, startAccess } from './stage';

describeEachDatabase('an audit trail that was emptied, and its end with it', (_, on) => {
  it('is a problem by what was exported of it, and what comes then reaches the place', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coder-scim-emptied-'));
    atEnd(() => Promise.resolve(rmSync(folder, { recursive: true })));
    const place = join(folder, 'audit.jsonl');
    const text = (): string => (existsSync(place) ? readFileSync(place, 'utf8') : '');
    const access = await startAccess(on, {
      replicas: on.backend === 'postgres' ? 2 : 1,
      env: { CODER_SCIM_AUDIT_EXPORT: `file:${place}` },
    });
    const okta = await access.app('okta');
    await okta.hireAll(crowd(5));
    await access.settled();
    let end = 0;
    await until('the place to have every line', async () => {
      const { head, unsealed } = await access.admin.auditChain();
      end = head.seq;
      return unsealed === 0 && text().split('\n').length - 1 === end;
    });
    expect((await access.status()).auditProblem).toBeNull();
    expect(await access.admin.auditChain()).toMatchObject({ whole: true });

    const database = await openDatabase(access.databaseUrl);
    await database.transact(async db => {
      await db.deleteFrom('audit').execute();
      await db.deleteFrom('settings').where('key', '=', 'audit-chain').execute();
    });
    await database.close();
    await okta.hire('after-all-that');
    await until('the place to have what came then', () => text().includes('after-all-that'));

    const told = `file:${place} was told of line ${end}, and the chain ends at `;
    expect((await access.status()).auditProblem).toContain(told);
    expect(await access.admin.auditChain()).toMatchObject({
      whole: false,
      broken: { seq: end, problem: expect.stringContaining(told) as string },
    });
    expect((await access.admin.doctor()).checks).toContainEqual(
      expect.objectContaining({ name: 'audit trail', state: 'failed' }),
    );
    const { entries } = await access.admin.audit({ action: 'audit.loss' });
    expect(entries).toMatchObject([{ actor: 'bridge', result: 'failed', target: `file:${place}` }]);
    await until('the place to have that, too', () => text().includes('"audit.loss"'));
    expect(access.bridges.filter(bridge => bridge.log().includes('lines of the audit trail are gone'))).toHaveLength(1);
  });
});
