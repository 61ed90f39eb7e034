/** A bridge of a small company for the page's tests: an identity provider has pushed it, a plan is held, somebody has no address. */
import { createScimCalls } from '../../bridge/commands/verify/scim-calls';
import { type RunningBridge, scimToken, startBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { until } from '../support/until';

export const APP = 'acme-okta';

/** Somebody who chose a name that would be a script, were it not escaped. */
export const MALLORY = '"><script>alert(1)</script>';

const PEOPLE = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy'];

export interface Company {
  readonly coder: CoderDouble;
  readonly bridge: RunningBridge;
  /** SCIM ids by the first part of the userName. */
  readonly ids: ReadonlyMap<string, string>;
  readonly scimToken: string;
  stop(): Promise<void>;
}

/** @param env further variables of the bridge */
export async function startCompany(env: Readonly<Record<string, string>> = {}): Promise<Company> {
  const coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('scim-bridge', { roles: ['owner'] });
  const bridge = await startBridge({ coderUrl: coder.url, coderToken: coder.issueToken('scim-bridge'), env });
  const { token, tokens } = scimToken('okta-2026');
  await bridge.admin.putApp(
    {
      version: 1,
      app: APP,
      identityProvider: 'okta',
      tokens,
      roleMappings: {
        platform: { idpGroup: 'coder-platform', role: 'template-admin' },
        auditors: { idpGroup: 'coder-auditors', role: 'auditor' },
      },
      groupMappings: { developers: { idpGroup: 'coder-developers', group: 'developers' } },
      guard: { minRemovals: 2, maxRemovalsPercent: 10 },
    },
    'absent',
  );
  const scim = createScimCalls(`${bridge.url}/apps/${APP}/scim/v2`, token);
  const ids = new Map<string, string>();
  for (const name of PEOPLE) {
    const email = `${name}@example.com`;
    ids.set(name, await scim.createUser({ userName: email, email, displayName: name, externalId: `okta-${name}` }));
  }
  ids.set(
    'mallory',
    await scim.createUser({ userName: MALLORY, email: 'no address', displayName: MALLORY, externalId: 'okta-mallory' }),
  );
  const id = (name: string): string => ids.get(name) ?? '';
  const developers = await scim.createGroup('coder-developers', id('alice'));
  for (const name of PEOPLE.slice(1)) await scim.addMember(developers, id(name));
  await scim.createGroup('coder-platform', id('alice'));
  await scim.createGroup('everybody in the Berlin office', id('bob'));
  for (const name of ['dave', 'erin', 'frank', 'grace']) await scim.deactivate(id(name));
  await until('a held plan', async () => (await bridge.admin.status()).holds.length > 0);
  // Refused, and seen in the list of requests.
  await scim.findGroup('nobody').catch(() => undefined);
  await fetch(`${bridge.url}/apps/${APP}/scim/v2/Users`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'alice@example.com' }),
  });
  // Requests are written down once a second.
  await until('the refused request among those that are kept', async () =>
    (await bridge.admin.requests({ app: APP })).requests.some(request => request.status === 409),
  );
  return {
    coder,
    bridge,
    ids,
    scimToken: token,
    stop: async () => {
      await bridge.stop();
      await coder.close();
    },
  };
}
