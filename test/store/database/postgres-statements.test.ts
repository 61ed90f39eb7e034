/** Statements that Postgres plans once are sent as they are when it has lost the plan, and nobody notices. */
import { sql } from 'kysely';
import { readPerson, writePerson } from '../../../bridge/store/accounts/people';
import { describeEachDatabase } from '../../support/databases';

describeEachDatabase('a statement that is run again', open => {
  it('goes on when a table has got another column meanwhile, outside of a transaction and within', async () => {
    const database = await open();
    const { db } = database;
    const ada = { userId: 'ada', app: 'okta', userName: 'ada@x.org' };
    await writePerson(db, ada, { convergedAt: 1 }, 1);
    await database.transact(async trx => void (await readPerson(trx, 'ada')));
    await sql`alter table people add column added text`.execute(db);
    await database.transact(async trx => {
      expect(await readPerson(trx, 'ada')).toMatchObject({ convergedAt: 1 });
      await writePerson(trx, ada, { convergedAt: 2 }, 2);
    });
    expect(await readPerson(db, 'ada')).toMatchObject({ convergedAt: 2 });
    await sql`alter table people add column more text`.execute(db);
    expect(await readPerson(db, 'ada')).toMatchObject({ convergedAt: 2 });
  });
});
