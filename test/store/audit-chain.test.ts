/** The audit trail as a chain: who changes it afterwards is seen, whoever writes at the same time. */
import { sql } from 'kysely';
import { queryAudit, writeAudit } from '../../bridge/store/audit/audit';
import { auditProblem } from '../../bridge/store/audit/audit-problem';
import { pruneAudit, readChain, readSealed, sealAudit } from '../../bridge/store/audit/chain';
import { verifyChain } from '../../bridge/store/audit/verify-chain';
import { type Database, openDatabase } from '../../bridge/store/database/database';
import { describeEachDatabase } from '../support/databases';

const lines = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => ({
    at: 1_000 + from + n,
    app: 'okta',
    actor: 'scim',
    action: 'group.add',
    subject: `u${from + n}`,
    subjectName: 'Zoë "the second" \u{1f98a}',
    result: 'done' as const,
  }));
async function sealAll(database: Database): Promise<number> {
  let sealed = 0;
  for (let some = await sealAudit(database); some.length > 0; some = await sealAudit(database)) sealed += some.length;
  return sealed;
}
const prune = (database: Database, before: number) => database.transact(db => pruneAudit(db, before));

describeEachDatabase('the chain of the audit trail', (open, { freshUrl }) => {
  let database: Database;
  beforeEach(async () => {
    database = await open();
    await writeAudit(database.db, lines(1_200));
    expect(await sealAll(database)).toBe(1_200);
  });

  it('is whole as it was written, and goes on after what was sealed before', async () => {
    await writeAudit(database.db, lines(3, 1_200));
    expect(await verifyChain(database.db)).toMatchObject({ whole: true, checked: 1_200, unsealed: 3, broken: null });
    expect(await sealAll(database)).toBe(3);
    expect(await verifyChain(database.db)).toMatchObject({
      whole: true,
      checked: 1_203,
      unsealed: 0,
      head: { seq: 1_203 },
    });
    expect(await sealAll(database)).toBe(0);
    expect((await queryAudit(database.db, { limit: 1 }))[0]).toMatchObject({
      seq: 1_203,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
  });

  it.each([
    ['a line was changed', "update audit set subject = 'somebody else' where seq = 700", 700, /not what was sealed/],
    ['a line was taken out', 'delete from audit where seq = 700', 700, /line 700 is missing/],
    ['the first line was taken out', 'delete from audit where seq = 1', 1, /line 1 is missing/],
    [
      'the last lines were taken out',
      'delete from audit where seq > 1190',
      1_191,
      /last lines are missing: wanted 1200, got 1190/,
    ],
    [
      'a line was put in behind the last one',
      "insert into audit (at, actor, action, result, seq, hash) values (1, 'scim', 'group.add', 'done', 1201, 'forged')",
      1_201,
      /line 1201 was not sealed by the bridge/,
    ],
    [
      'the last line was taken out and another one put in behind it',
      "delete from audit where seq = 1200; insert into audit (at, actor, action, result, seq, hash) values (1, 'scim', 'group.add', 'done', 1201, 'forged')",
      1_200,
      /last lines are missing: wanted 1200, got 1199/,
    ],
    [
      'a line was put in before the first one',
      "insert into audit (at, actor, action, result, seq, hash) values (1, 'scim', 'group.add', 'done', -7, 'forged')",
      -7,
      /line -7 was not sealed by the bridge/,
    ],
    ['the time of a line was changed', 'update audit set at = at + 1 where seq = 1001', 1_001, /not what was sealed/],
    [
      'two lines were exchanged',
      'update audit set seq = case seq when 9 then -10 else -9 end where seq in (9, 10); update audit set seq = -seq where seq < 0',
      9,
      /not what was sealed/,
    ],
  ])('says where it breaks: %s', async (_what, statements, seq, problem) => {
    for (const statement of statements.split(';')) await sql.raw(statement).execute(database.db);
    const report = await verifyChain(database.db);
    expect(report).toMatchObject({ whole: false, broken: { seq } });
    expect(report.checked).toBe(seq > 0 ? seq - 1 : 1_200);
    expect(report.broken?.problem).toMatch(problem);
  });

  it('that can not be gone on with, or is not, is a problem that a status shows', async () => {
    const soon = 20_000;
    expect(await auditProblem(database.db, soon)).toBeUndefined();
    await writeAudit(database.db, lines(2, 1_200));
    expect(await auditProblem(database.db, soon)).toBeUndefined();
    expect(await auditProblem(database.db, soon + 3_600_000)).toMatch(
      /^2 line\(s\) of the audit trail wait to be sealed/,
    );

    // Written past the bridge, where the next line would be: no line can be sealed after it.
    await sql`update audit set seq = 1201, hash = 'forged' where id = (select max(id) from audit)`.execute(database.db);
    await expect(sealAudit(database)).rejects.toThrow();
    expect(await auditProblem(database.db, soon)).toMatch(/^the audit trail was written to past the bridge.*line 1201/);
  });

  it('is followed by its numbers: what was committed after a line of a higher id is not missed', async () => {
    const late = "insert into audit (id, at, actor, action, result) values (2000, 5000, 'scim', 'group.add', 'done')";
    await sql.raw(late.replace('2000', '3000')).execute(database.db);
    expect(await sealAll(database)).toBe(1);
    const [seen] = await queryAudit(database.db, { afterSeq: 1_200 });
    expect(seen).toMatchObject({ id: 3_000, seq: 1_201 });
    await sql.raw(late).execute(database.db);
    expect(await queryAudit(database.db, { afterSeq: 1_201 })).toEqual([]);
    expect(await sealAll(database)).toBe(1);
    expect(await queryAudit(database.db, { afterSeq: 1_201 })).toMatchObject([{ id: 2_000, seq: 1_202 }]);
  });

  it('tells by an end that was noted elsewhere that somebody made it anew', async () => {
    const { head } = await readChain(database.db);
    const anchor = { seq: 600, hash: (await readSealed(database.db, 599, 1))[0]?.hash ?? '' };
    expect(await verifyChain(database.db, anchor)).toMatchObject({ whole: true });
    await sql`update audit set detail = 'forged' where seq = 500`.execute(database.db);
    await sql`update audit set seq = null, hash = null`.execute(database.db);
    await sql`delete from settings where key = 'audit-chain'`.execute(database.db);
    await sealAll(database);
    expect(await verifyChain(database.db)).toMatchObject({ whole: true });
    expect(await verifyChain(database.db, anchor)).toMatchObject({ whole: false, broken: { seq: 600 } });
    expect(await verifyChain(database.db, head)).toMatchObject({ whole: false, broken: { seq: 1_200 } });
    expect(await verifyChain(database.db, { seq: 1_300, hash: head.hash })).toMatchObject({ broken: { seq: 1_300 } });
  });

  it('stays whole when its beginning is removed by age, and nothing young goes with it', async () => {
    // Sealed early, and younger than what follows it.
    expect(await prune(database, 1_500)).toBe(500);
    expect(await verifyChain(database.db)).toMatchObject({ whole: true, checked: 700, cut: { seq: 500 } });
    await writeAudit(database.db, [...lines(1, 9_000), ...lines(2, 1)]);
    await sealAll(database);
    expect(await prune(database, 5_000)).toBe(700);
    expect(await verifyChain(database.db)).toMatchObject({ whole: true, checked: 3, cut: { seq: 1_200 } });
    expect(await prune(database, 100)).toBe(0);
    await sql`update audit set detail = 'forged' where seq = 1201`.execute(database.db);
    expect(await verifyChain(database.db)).toMatchObject({ whole: false, broken: { seq: 1_201 } });
  });

  it('keeps what a destination has not been told of, and what is not sealed', async () => {
    await database.db.insertInto('audit_cursors').values({ destination: 'siem', seq: 100, updated_at: 1 }).execute();
    await writeAudit(database.db, lines(1));
    expect(await prune(database, 99_999)).toBe(100);
    await database.db.deleteFrom('audit_cursors').execute();
    // A thousand at most in one transaction: a trail of years is cut off without holding anything up.
    expect(await prune(database, 99_999)).toBe(1_000);
    expect(await prune(database, 99_999)).toBe(100);
    expect(await prune(database, 99_999)).toBe(0);
    expect(await queryAudit(database.db, {})).toHaveLength(1);
  });

  it('numbers each line once, whoever writes and seals at the same time', async () => {
    const url = await freshUrl();
    const replicas = await Promise.all([openDatabase(url), openDatabase(url)]);
    const [one] = replicas;
    const work = Array.from({ length: 40 }, async (_, n) => {
      const replica = replicas[n % 2] as Database;
      await replica.transact(db => writeAudit(db, lines(5, n * 5)));
      await sealAudit(replica);
    });
    await Promise.all(work);
    if (one === undefined) throw new Error('no replica');
    await sealAll(one);
    expect(await verifyChain(one.db)).toMatchObject({ whole: true, checked: 200, unsealed: 0 });
    for (const replica of replicas) await replica.close();
  });
});
