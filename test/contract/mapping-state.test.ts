import * as fc from 'fast-check';
import {
  canonicalJson,
  formatPath,
  MappingStateError,
  type MappingStateInput,
  mappingStateJsonSchema,
  modeClash,
  parseMappingState,
} from '../../bridge/contract/mapping-state';

const digest = (n: number) => `sha256:${n.toString(16).padStart(64, '0')}`;

function issuesOf(document: unknown): string[] {
  try {
    parseMappingState(document);
    return [];
  } catch (error) {
    if (!(error instanceof MappingStateError)) throw error;
    return error.issues.map(issue => `${formatPath(issue.path)}: ${issue.message}`);
  }
}

const app = (more: Partial<MappingStateInput>): unknown => ({ version: 1, app: 'okta', ...more });

describe('the version comes before everything else', () => {
  test('a newer document says to upgrade the reader, whatever else is in it', () => {
    expect(issuesOf({ version: 2, somethingNew: true })).toEqual([
      'version: document version 2, but this side knows version 1: upgrade the reader (bridge, provider or command line)',
    ]);
  });
  test('an older document says to upgrade the writer', () => {
    expect(issuesOf({ version: 0 })[0]).toMatch(/upgrade the writer \(the coder-scim package of the stack\)/);
  });
  test.each([undefined, null, 'text', 7, [], { version: '1' }])('%j is no document', document => {
    expect(issuesOf(document).length).toBeGreaterThan(0);
  });
});

describe('a wrong document is refused with every error', () => {
  test('each by its path', () => {
    const issues = issuesOf(
      app({
        app: 'Okta',
        tokens: { one: { digest: 'secret', expiresAt: 'tomorrow' } },
        groupMappings: { 'my group': { idpGroup: 'a', group: 'a b' } },
        roleMappings: { boss: { idpGroup: 'a', role: 'ownr' } },
      }),
    );
    expect(issues).toEqual([
      expect.stringMatching(/^app: app name "Okta"/),
      expect.stringMatching(/^tokens\["one"\]\.digest: is no digest \(6 characters.*wanted "sha256:"/),
      expect.stringMatching(/^tokens\["one"\]\.expiresAt: /),
      expect.stringMatching(/^groupMappings\["my group"\]\.group: group name "a b" is refused by Coder/),
      expect.stringMatching(/^roleMappings\["boss"\]\.role: unknown site role "ownr": wanted one of owner, user-admin/),
    ]);
  });
  test('each with what was got and what is wanted, never in the words of the validator', () => {
    expect(
      issuesOf(
        app({
          identityProvider: 'octa',
          tokens: { one: { digest: digest(1), expiresAt: 'tomorrow', scopes: [] }, two: {} },
          groupMappings: { '-x': { idpGroup: '', group: 'a', create: 'yes' } },
          guard: { maxRemovalsPercent: 200, minOwners: 0, minRemovals: 1.5 },
          app: 'a'.repeat(70),
          polices: {},
        } as never),
      ),
    ).toEqual([
      'app: is 70 characters long: wanted at most 63 characters',
      'identityProvider: is "octa": wanted one of "generic", "okta", "entra", "onelogin", "jumpcloud", "ping", "google", "authentik", "keycloak", "cyberark"',
      'tokens["one"].expiresAt: is "tomorrow": wanted an instant with date, time and zone (RFC 3339), such as "2027-03-01T00:00:00Z"',
      'tokens["one"].scopes: is empty: wanted at least 1 entry',
      'tokens["two"].digest: is missing: wanted a text',
      'tokens["two"].expiresAt: is missing: wanted a text',
      'groupMappings["-x"]: name "-x": wanted 1 to 128 letters, digits, spaces, dots, underscores or hyphens, a letter or digit at both ends',
      'guard.maxRemovalsPercent: is 200: wanted 100 or less',
      'guard.minRemovals: is 1.5: wanted a whole number',
      'guard.minOwners: is 0: wanted 1 or more',
      expect.stringMatching(/^document: "polices" is no field here: wanted version, app, .*policies/),
    ]);
  });
  test('a secret in place of its digest is told as what it is, and shown nowhere', () => {
    const secret = `cscim_0123456789ab_${'7'.repeat(64)}_01234567`;
    const [issue, ...more] = issuesOf(app({ tokens: { one: { digest: secret, expiresAt: '2030-01-01T00:00:00Z' } } }));
    expect(more).toEqual([]);
    expect(issue).toMatch(/this is the secret, not its digest: .*revoke it/);
    expect(issue).not.toContain('77');
    const other = issuesOf(app({ tokens: { one: { digest: 'hunter2hunter2', expiresAt: '2030-01-01T00:00:00Z' } } }));
    expect(other[0]).not.toContain('hunter2');
  });
  test('an unknown field is an error, not a typo that means nothing', () => {
    expect(issuesOf(app({ policies: { addoption: 'any' } } as never))[0]).toMatch(/policies: .*"addoption"/);
  });
  test.each([['new'], ['create'], ['-a'], ['a-'], ['a--b'], ['a_b'], ['ä'], [''], ['x'.repeat(256)]])(
    'the group name %j is one that Coder refuses',
    group => {
      expect(issuesOf(app({ groupMappings: { g: { idpGroup: 'a', group } } }))[0]).toMatch(/is refused by Coder/);
    },
  );
  test('names that would reach a prototype are no names of entries', () => {
    const document = JSON.parse(
      '{"version":1,"app":"okta","groupMappings":{"__proto__":{"group":"x","idpGroup":"y"}}}',
    ) as unknown;
    expect(issuesOf(document).length).toBeGreaterThan(0);
    expect(({} as Record<string, unknown>)['group']).toBeUndefined();
  });
  test('two tokens of one digest', () => {
    const token = { digest: digest(1), expiresAt: '2099-01-01T00:00:00Z' };
    expect(issuesOf(app({ tokens: { a: token, b: token } }))).toEqual([
      'tokens["b"].digest: is the digest of token "a" too: each credential needs a secret of its own',
    ]);
  });
  test('an OAuth client with the secret or the name of another credential', () => {
    const expiresAt = '2099-01-01T00:00:00Z';
    const credential = { digest: digest(1), expiresAt };
    expect(
      issuesOf(
        app({ tokens: { a: credential }, oauthClients: { a: { digest: digest(2), expiresAt }, b: credential } }),
      ),
    ).toEqual([
      'oauthClients["a"]: is the name of a token too: the audit trail tells credentials by name, so choose another',
      'oauthClients["b"].digest: is the digest of token "a" too: each credential needs a secret of its own',
    ]);
  });
  test('the secret of an OAuth client in place of its digest, which is never shown', () => {
    const secret = `cscimc_0123456789ab_${'7'.repeat(64)}_01234567`;
    const [issue, ...more] = issuesOf(
      app({ oauthClients: { one: { digest: secret, expiresAt: '2030-01-01T00:00:00Z' } } }),
    );
    expect(more).toEqual([]);
    expect(issue).toMatch(/this is the secret, not its digest: .*coder-scim oauth-client create/);
    expect(issue).not.toContain('77');
  });
});

describe('what is left out has the careful default', () => {
  test('of every policy and limit', () => {
    expect(parseMappingState(app({}))).toMatchObject({
      identityProvider: 'generic',
      mode: 'push',
      policies: {
        accounts: 'all',
        adoption: 'oidc',
        leaving: 'suspend',
        leavingWorkspaces: 'stop',
        usernames: 'keep',
        drift: 'repair',
        authoritative: false,
      },
      guard: { maxRemovalsPercent: 20, minRemovals: 10, minOwners: 1, protectedAccounts: [] },
    });
  });
  test('reading a document again changes nothing', () => {
    const once = parseMappingState(app({ groupMappings: { g: { idpGroup: 'a', group: 'a' } }, pushedGroups: {} }));
    expect(parseMappingState(once)).toEqual(once);
  });
});

test('canonical text does not depend on the order of keys', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), value => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('the published JSON Schema describes every part of the document', () => {
  const schema = mappingStateJsonSchema() as {
    properties: Record<string, unknown>;
    required: string[];
    additionalProperties: boolean;
  };
  expect(schema.required).toEqual(['version', 'app']);
  expect(schema.additionalProperties).toBe(false);
  expect(Object.keys(schema.properties)).toEqual(Object.keys({ ...parseMappingState(app({ pushedGroups: {} })) }));
});

test('one Coder has one mode: other apps are named', () => {
  const push = { app: 'okta', mode: 'push' } as const;
  const claims = { app: 'entra', mode: 'claims' } as const;
  expect(modeClash(claims, [claims, push])).toMatch(/holds what app "okta" of the same Coder would push/);
  expect(modeClash(push, [push, claims])).toMatch(/app "entra" of the same Coder in mode claims/);
  expect(modeClash(push, [push, { ...push, app: 'ping' }])).toBeUndefined();
});
