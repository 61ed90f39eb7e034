/** A machine vanishes without a word, that of Postgres or that of another bridge: nobody waits for it for long. */
import { sql } from 'kysely';
import { lockLedger } from '../../bridge/store/accounts/ledger';
import { openDatabase } from '../../bridge/store/database/database';
import { isUnavailable } from '../../bridge/store/database/unavailable';
import { scimToken, startBridge } from '../support/bridge';
import { startCoderDouble } from '../support/coder-double';
import { freshPostgres } from '../support/databases';
import { findPostgres } from '../support/postgres-server';
import { startSilentProxy } from '../support/silent-proxy';
import { until } from '../support/until';

(findPostgres() === undefined ? describe.skip : describe)('whoever vanishes without a word', () => {
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  const freshUrl = async (): Promise<string> => {
    const fresh = await freshPostgres();
    ends.push(() => fresh.drop());
    return fresh.url;
  };

  it('Postgres: its connections are given up, and what is asked next is done by new ones', async () => {
    const coder = await startCoderDouble({ rateLimitPerMinute: 0 });
    ends.push(() => coder.close());
    coder.addUser('bridge', { roles: ['owner'] });
    const proxy = await startSilentProxy(await freshUrl());
    ends.push(() => proxy.close());
    const bridge = await startBridge({
      coderUrl: coder.url,
      coderToken: coder.issueToken('bridge'),
      databaseUrl: proxy.url,
      patience: { answerMs: 1_000, idleMs: 30_000 },
    });
    ends.push(() => bridge.stop());
    const { token, tokens } = scimToken();
    await bridge.admin.putApp({ version: 1, app: 'okta', tokens }, 'absent');
    const hire = async (userName: string): Promise<number> => {
      const { status } = await fetch(`${bridge.url}/scim/v2/Users`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
        body: JSON.stringify({
          schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
          userName,
          emails: [{ value: `${userName}@example.com`, primary: true }],
        }),
      });
      return status;
    };
    expect(await hire('ada')).toBe(201);

    proxy.vanish();
    const answers: number[] = [];
    await until('bob to be stored', async () => {
      answers.push(await hire('bob'));
      return answers.at(-1) === 201 || answers.at(-1) === 409;
    });
    expect(answers.filter(status => ![201, 409, 503].includes(status))).toEqual([]);
    await until('bob to be in Coder', () => coder.snapshot().users['bob'] !== undefined);
    // A bridge ends also while nobody answers.
    proxy.vanish();
  });

  it('a bridge, in a transaction of its own: the server ends that, and its locks are free', async () => {
    const databaseUrl = await freshUrl();
    const open = async () => {
      const database = await openDatabase(databaseUrl, { patience: { answerMs: 120_000, idleMs: 500 } });
      ends.push(() => database.close());
      return database;
    };
    const [lost, other] = [await open(), await open()];
    let locked: () => void = () => undefined;
    let goOn: () => void = () => undefined;
    const isLocked = new Promise<void>(resolve => (locked = resolve));
    const mayGoOn = new Promise<void>(resolve => (goOn = resolve));
    const ended = lost
      .transact(async db => {
        await lockLedger(db, 'okta');
        locked();
        await mayGoOn;
        await sql`select 1`.execute(db);
      })
      .then(
        () => 'committed',
        (error: unknown) => error,
      );
    await isLocked;
    expect(await other.transact(db => lockLedger(db, 'okta').then(() => 'locked'))).toBe('locked');
    goOn();
    expect(isUnavailable(await ended)).toBe(true);
    expect(await lost.transact(db => lockLedger(db, 'okta').then(() => 'locked'))).toBe('locked');
  });
});
