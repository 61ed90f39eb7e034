import { createCredentialKeeper, type CredentialKeeperOptions } from '../../bridge/process/credential-keeper';
import { createLog } from '../../bridge/process/log';
import { describeEachDatabase } from '../support/databases';
import { until } from '../support/until';

const DAY = 86_400_000;

/**
 * A Coder whose token ends at `ends`, and which notes what it is asked for.
 * @param before what a renewal waits for
 */
function coderWith(ends: number, before: (asked: readonly string[]) => Promise<void> = async () => undefined) {
  const asked: string[] = [];
  const expiresAt = () => new Date(ends).toISOString();
  const coder: CredentialKeeperOptions['coder'] = {
    getTokenExpiry: async () => {
      asked.push('look');
      return { expiresAt: expiresAt(), lifetimeMs: 7 * DAY, name: 'bridge', scopes: ['all'] };
    },
    renewToken: async () => {
      asked.push('renew');
      if (ends - Date.now() > 2 * DAY) return { outcome: 'not-due', expiresAt: expiresAt() };
      await before(asked);
      ends = Date.now() + 7 * DAY;
      return { outcome: 'renewed', expiresAt: expiresAt(), keptIn: 'store', oldDeleted: true };
    },
  };
  return { coder, asked };
}

describeEachDatabase('the keeper of the Coder token', open => {
  let log = '';
  const logger = createLog({
    level: 'info',
    format: 'json',
    secrets: [],
    destination: { write: line => void (log += line) },
  });
  beforeEach(() => void (log = ''));

  const keeper = async (coder: CredentialKeeperOptions['coder'], more: Partial<CredentialKeeperOptions> = {}) =>
    createCredentialKeeper({
      coder,
      database: await open(),
      owner: 'a',
      renew: true,
      log: logger,
      clock: Date.now,
      ...more,
    });

  it('renews a token that is about to end, once for all replicas', async () => {
    // The renewal takes until the two others have come, found it under way, and looked.
    const looks = (asked: readonly string[]) => asked.filter(what => what === 'look').length;
    const { coder, asked } = coderWith(Date.now() + DAY, asked =>
      until('two other replicas to look', () => looks(asked) >= 2),
    );
    const database = await open();
    const replicas = await Promise.all(['a', 'b', 'c'].map(owner => keeper(coder, { database, owner })));
    for (const replica of replicas) replica.start();
    await until('a look of each', () => looks(asked) >= 3);
    const ends = await Promise.all(replicas.map(replica => replica.expiresAt()));
    await Promise.all(replicas.map(replica => replica.stop()));
    expect(log.match(/the bridge renewed its Coder token/g)).toHaveLength(1);
    expect(asked.filter(what => what === 'renew')).toHaveLength(1);
    // The one that renewed knows at once, the others when they look next.
    expect(Math.max(...ends.map(end => Date.parse(end ?? ''))) - Date.now()).toBeGreaterThan(6 * DAY);
  });

  it('does not renew where it is told not to, and warns of the end', async () => {
    const { coder, asked } = coderWith(Date.now() + DAY);
    const only = await keeper(coder, { renew: false });
    only.start();
    await until('the warning', () => log.includes('expires soon'));
    await only.stop();
    expect(asked).not.toContain('renew');
  });

  it('goes on when Coder is away', async () => {
    const away = async (): Promise<never> => {
      throw new Error('Coder does not answer');
    };
    const only = await keeper({ getTokenExpiry: away, renewToken: away });
    only.start();
    await until('the warning', () => log.includes('could not be looked at or renewed'));
    await only.stop();
  });

  it('asks Coder for the end once in a while, not each time', async () => {
    const { coder, asked } = coderWith(Date.now() + 7 * DAY);
    const only = await keeper(coder);
    for (let i = 0; i < 5; i += 1) await only.expiresAt();
    expect(asked).toEqual(['look']);
  });
});
