/** Who declared what stands in the audit trail at once, whatever becomes of it in Coder, and whoever comes in between. */
import { AdminClient } from '../../bridge/admin-client/admin-client';
import { type AuditEntry } from '../../bridge/contract/admin-api';
import { mintToken } from '../../bridge/scim/access/token';
import { scimToken } from '../support/bridge';
import { describeEachDatabase } from '../support/databases';
import { until } from '../support/until';
import { type Access, startAccess } from './stage';

const NAMES = ['ann', 'ben'] as const;
const secrets = { ann: mintToken('cscimadmin'), ben: mintToken('cscimadmin') };
const env = {
  CODER_SCIM_ADMIN_CREDENTIALS: JSON.stringify(
    NAMES.map(name => ({
      name,
      digest: secrets[name].digest,
      scopes: ['declare'],
      expiresAt: '2099-01-01T00:00:00Z',
    })),
  ),
  CODER_SCIM_REQUEST_DEADLINE: '100ms',
};
const GUARD = { maxRemovalsPercent: 5, protectedAccounts: ['root', 'break-glass'] };

describeEachDatabase('a declaration', (_, on) => {
  const by = ({ bridge }: Access, name: (typeof NAMES)[number]) =>
    new AdminClient({ url: bridge.url, token: secrets[name].token });
  const lines = async (access: Access, action: string): Promise<AuditEntry[]> =>
    (await access.admin.audit({ app: 'okta', action })).entries;
  const beginning = (tokens: Readonly<Record<string, { readonly digest: string }>>): string =>
    `${Object.values(tokens)[0]?.digest.slice(0, 'sha256:'.length + 12)}…`;

  it('is a line of who it is by, with what it changed, also where another one replaced it while Coder was away', async () => {
    const access = await startAccess(on, { env });
    const okta = await access.app('okta', { guard: GUARD });
    await access.settled();
    const document = { version: 1 as const, app: 'okta', tokens: okta.tokens, guard: GUARD };
    const other = scimToken().tokens;

    access.coder.faults.dropConnection();
    const puts = [
      by(access, 'ann').putApp(
        { ...document, tokens: other, guard: { maxRemovalsPercent: 100 }, policies: { drift: 'off' } },
        { generation: 1 },
      ),
    ];
    await until(
      'the declaration of ann to be in the trail',
      async () => (await lines(access, 'app.declare')).length > 1,
    );
    puts.push(by(access, 'ben').putApp(document, { generation: 2 }));
    await until(
      'the declaration of ben to be in the trail',
      async () => (await lines(access, 'app.declare')).length > 2,
    );
    // The identity provider wakes the app as well: two groups have one name.
    for (const externalId of ['one', 'two'])
      expect(
        (
          await okta.send('POST', '/Groups', {
            schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
            displayName: 'twins',
            externalId,
          })
        ).status,
      ).toBe(201);
    access.coder.faults.clear();
    await Promise.all(puts);
    await access.settled();

    const [ben, ann] = await lines(access, 'app.declare');
    expect(ann).toMatchObject({ actor: 'declaration', token: 'ann', target: 'generation 2', result: 'done' });
    expect(ben).toMatchObject({ actor: 'declaration', token: 'ben', target: 'generation 3', result: 'done' });
    expect(ann?.requestId).toEqual(expect.any(String));
    for (const part of [
      'guard.maxRemovalsPercent 5 → 100',
      'guard.protectedAccounts without "root", "break-glass"',
      'policies.drift "repair" → "off"',
      beginning(okta.tokens),
      beginning(other),
    ])
      expect(ann?.detail).toContain(part);
    expect(ben?.detail).toContain('guard.protectedAccounts with "root", "break-glass"');
    for (const line of [ann, ben]) expect(line?.detail).not.toMatch(/[0-9a-f]{13}/);
    // What came of it is by who declared it, and not by who woke the app.
    expect((await lines(access, 'app.apply')).map(({ token, target }) => [token, target])).toContainEqual([
      'ben',
      'generation 3',
    ]);
    expect((await lines(access, 'app.apply')).filter(({ target }) => target === 'generation 2')).toEqual([]);
  });

  it('of a token alone names it and nothing else, and the same document again is no line', async () => {
    const access = await startAccess(on, { env });
    const okta = await access.app('okta', { guard: GUARD });
    const [[name, token] = ['', { digest: '', expiresAt: '' }]] = Object.entries(okta.tokens);
    const later = '2098-01-01T00:00:00Z';
    const changed = {
      version: 1 as const,
      app: 'okta',
      guard: GUARD,
      tokens: { [name]: { ...token, expiresAt: later } },
    };
    await by(access, 'ann').putApp(changed, { generation: 1 });
    await by(access, 'ben').putApp(changed, { generation: 2 });
    const [line, ...earlier] = await lines(access, 'app.declare');
    expect(line).toMatchObject({ token: 'ann', target: 'generation 2' });
    expect(line?.detail).toBe(`tokens["${name}"].expiresAt "${token.expiresAt}" → "${later}"`);
    expect(earlier.map(({ target }) => target)).toEqual(['generation 1']);
  });

  it('after a deletion that is not dealt with yet is told as well as that: credentials ended in between', async () => {
    const access = await startAccess(on, { env });
    const okta = await access.app('okta', { policies: { leaving: 'delete' } });
    await okta.hireAll(['ada']);
    await access.settled();
    access.coder.faults.dropConnection();
    const removed = by(access, 'ann').deleteApp('okta', 'any');
    await until('the deletion to be in the trail', async () => (await lines(access, 'app.delete')).length > 0);
    const declared = by(access, 'ben').putApp({ version: 1, app: 'okta', tokens: okta.tokens }, 'absent');
    await until('the declaration to be in the trail', async () => (await lines(access, 'app.declare')).length > 1);
    access.coder.faults.clear();
    await Promise.all([removed, declared]);

    const [deletion] = await lines(access, 'app.delete');
    expect(deletion).toMatchObject({ actor: 'declaration', token: 'ann', target: 'generation 2', result: 'done' });
    expect(deletion?.detail).toMatch(/^tokens\["[^"]+"\] removed: .*; its people leave by policies\.leaving "delete"$/);
    expect(deletion?.detail).toContain(beginning(okta.tokens));
    const [again] = await lines(access, 'app.declare');
    expect(again).toMatchObject({ token: 'ben', target: 'generation 3' });
    expect(again?.detail).toMatch(
      /^again, before its end, with policies\.leaving "delete" → "suspend"; tokens\["[^"]+"\] added: /,
    );
  });
});
