import { type AdminDeps } from '../../bridge/admin/deps';
import { readStatus } from '../../bridge/admin/status';
import { parseMappingState } from '../../bridge/contract/mapping-state';
import { recordCoercions } from '../../bridge/scim/access/stored-coercions';
import { putApp } from '../../bridge/store/apps/apps';
import { openDatabase } from '../../bridge/store/database/database';
import { scriptedReconciler } from './scripted-reconciler';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const tokens = { main: { digest: `sha256:${'a'.repeat(64)}`, expiresAt: '2027-01-01T00:00:00Z' } };

test('status warns of requests that look like another identity provider, and lists coercions beside that', async () => {
  const database = await openDatabase(':memory:');
  const declare = (identityProvider: 'jumpcloud' | 'okta') =>
    putApp(
      database,
      parseMappingState({ version: 1, app: 'acme', identityProvider, tokens }),
      'any',
      { actor: 'operator' },
      NOW,
    );
  const status = async () => {
    const probe = { state: async () => ({ reachable: true }) };
    const deps = {
      database,
      reconciler: scriptedReconciler(),
      probe,
      seats: { read: () => Promise.resolve(null) },
      publicUrl: 'https://scim.example.com',
      version: '1',
      clock: () => NOW,
    };
    const [app] = (await readStatus(deps as unknown as AdminDeps)).apps;
    return { warnings: app?.warnings, coercions: app?.coercions.map(({ coercion, count }) => [coercion, count]) };
  };
  await declare('jumpcloud');
  await recordCoercions(
    database.db,
    'acme',
    'jumpcloud',
    new Map([
      ['booleanStrings', 2],
      ['lookedLike:okta', 3],
    ]),
    NOW,
  );
  await recordCoercions(database.db, 'acme', 'jumpcloud', new Map([['lookedLike:okta', 4]]), NOW);
  expect(await status()).toEqual({
    coercions: [['booleanStrings', 2]],
    warnings: [
      '7 requests, the last at 2026-03-01T12:00:00.000Z, looked like okta, but the app is declared as jumpcloud: set identityProvider to okta if that is who sends them',
    ],
  });
  await declare('okta');
  expect((await status()).warnings).toEqual([]);
  await database.close();
});
