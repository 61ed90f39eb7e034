/** Postgres restarts under load, as an upgrade does it and as a power cut: the bridges say 503 for the moment, and none ends unless it is told to. */
import { scimToken, spawnBridge, type SpawnedBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { type OwnPostgres, startOwnPostgres } from '../support/own-postgres';
import { findPostgres } from '../support/postgres-server';

const found = findPostgres();
const binaries = found !== undefined && 'binaries' in found ? found.binaries : undefined;
const { token, tokens } = scimToken();
const document = { version: 1 as const, app: 'acme', tokens };

(binaries === undefined ? describe.skip : describe)('a restart of Postgres', () => {
  let postgres: OwnPostgres;
  let coder: CoderDouble;
  let bridges: SpawnedBridge[];

  beforeAll(async () => {
    postgres = await startOwnPostgres(binaries ?? '');
    coder = await startCoderDouble({ rateLimitPerMinute: 0 });
    coder.addUser('bridge', { roles: ['owner'] });
    const setup = { coderUrl: coder.url, coderToken: coder.issueToken('bridge'), databaseUrl: postgres.url };
    bridges = [await spawnBridge(setup), await spawnBridge(setup), await spawnBridge(setup)];
    await bridges[0]?.admin.putApp(document, 'absent');
  });
  afterAll(async () => {
    for (const bridge of bridges) await bridge.stop();
    await coder.close();
    await postgres.remove();
  });

  it.each(['immediate', 'fast'] as const)('%s ends no bridge: 503 for the moment, then all goes on', async mode => {
    const ended: (number | null)[] = [];
    for (const bridge of bridges) void bridge.exited.then(code => ended.push(code));
    const answers = new Map<number, number>();
    const stored: string[] = [];
    let loading = true;
    const load = bridges.flatMap((bridge, which) =>
      Array.from({ length: 4 }, async (_, lane) => {
        for (let turn = 0; loading; turn += 1) {
          const userName = `${mode}-${which}-${lane}-${turn}@example.com`;
          const answer = await fetch(`${bridge.url}/scim/v2/Users`, {
            method: 'POST',
            headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
            body: JSON.stringify({
              schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
              userName,
              emails: [{ value: userName, primary: true }],
            }),
          });
          await answer.text();
          answers.set(answer.status, (answers.get(answer.status) ?? 0) + 1);
          if (answer.status === 201) stored.push(userName);
        }
      }),
    );
    await until(() => stored.length >= 10);
    for (let times = 0; times < 3; times += 1) {
      await postgres.restart(mode);
      const before = stored.length;
      await until(() => stored.length >= before + 5 || ended.length > 0);
    }
    loading = false;
    await Promise.all(load);
    expect(ended).toEqual([]);
    expect([...answers.keys()].filter(status => status !== 201 && status !== 503)).toEqual([]);

    // What was answered is there, whatever was going on.
    for (const userName of stored) expect(await find(bridges[0], userName)).toBe(1);
    for (const bridge of bridges) await until(async () => (await fetch(`${bridge.url}/readyz`)).status === 200);
  });

  it('that is not over keeps no bridge from ending in order', async () => {
    const [bridge] = bridges;
    await postgres.stop();
    await bridge?.stop();
    await postgres.start();
    expect(await bridge?.exited).toBe(0);
    expect(bridge?.log()).toMatch(/"msg":"stopped"/);
    expect(bridge?.log()).not.toMatch(/defect/);
  });
});

/** How many of this name the directory has. */
async function find(bridge: SpawnedBridge | undefined, userName: string): Promise<number> {
  const filter = encodeURIComponent(`userName eq "${userName}"`);
  const answer = await fetch(`${bridge?.url}/scim/v2/Users?filter=${filter}&attributes=id`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return ((await answer.json()) as { totalResults: number }).totalResults;
}

async function until(condition: () => Promise<boolean> | boolean, withinMs = 60_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not happen in time');
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}
