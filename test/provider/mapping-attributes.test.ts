import { canonicalJson, type MappingStateInput, parseMappingState } from '../../bridge/contract/mapping-state';
import { mappingAttributes, toAttributeName, toDocumentKey } from '../../provider/mapping-attributes';
import { differences, knownPart, toAttributePath, toDocument, toValues } from '../../provider/mapping-document';
import { type Attribute, type Attributes, UNKNOWN } from '../../provider/plugin';

const DIGEST = `sha256:${'a'.repeat(64)}`;

/** Every field of the contract, none with its default. */
const FULL: MappingStateInput = {
  version: 1,
  app: 'okta',
  identityProvider: 'okta',
  mode: 'claims',
  tokens: { main: { digest: DIGEST, expiresAt: '2030-01-01T00:00:00Z', scopes: ['groups:read', 'users:read'] } },
  oauthClients: {
    ping: { digest: `sha256:${'b'.repeat(64)}`, expiresAt: '2030-01-01T00:00:00Z', scopes: ['users:read'] },
  },
  groupMappings: {
    developers: {
      idpGroup: 'coder-developers',
      organization: 'eng',
      group: 'developers',
      displayName: 'Devs',
      create: false,
    },
    'by id': { idpGroupExternalId: '00g1', group: 'ops' },
  },
  roleMappings: {
    admins: { idpGroup: 'coder-admins', role: 'owner' },
    orgs: { idpGroup: 'x', role: 'organization-auditor', organization: 'eng' },
  },
  organizationMappings: { all: { idpGroup: 'everybody', organization: 'eng' } },
  customRoles: {
    reader: {
      organization: 'eng',
      name: 'template-reader',
      displayName: 'Reader',
      permissions: [
        { resourceType: 'template', action: 'read' },
        { resourceType: 'template', action: 'use', negate: false },
      ],
    },
  },
  pushedGroups: { organization: 'eng', prefix: 'coder-', stripPrefix: true, create: false, adopt: true },
  policies: {
    accounts: 'mapped',
    adoption: 'any',
    leaving: 'delete',
    leavingWorkspaces: 'leave',
    usernames: 'follow',
    nestedGroups: 'refuse',
    renamedGroups: 'rematch',
    drift: 'report',
    authoritative: true,
  },
  guard: {
    maxRemovalsPercent: 5,
    minRemovals: 0,
    minOwners: 2,
    maxPrivilegeGains: 1,
    protectedAccounts: ['breakglass', 'root@example.com'],
  },
  people: { emailDomains: ['example.com'], sharedWith: ['entra'], adopt: ['root@example.com'] },
  claims: { groups: 'g', roles: 'r', organizations: 'o' },
  attributes: { email: 'userName', username: 'email', name: 'name' },
};

/** `name!` required, `name?` optional, `name=` optional with a default, `{…}` what is inside. */
function outline(attributes: Attributes): string[] {
  return Object.entries(attributes).map(([name, attribute]) => {
    const { required, computed } = attribute.options;
    const inside =
      attribute.nested === undefined
        ? ''
        : ` ${attribute.nested.nesting}{${outline(attribute.nested.attributes).join(' ')}}`;
    return `${name}${required ? '!' : computed ? '=' : '?'}${inside}`;
  });
}

test('the attributes are these: a change here is one that users see in their stacks', () => {
  expect(outline(mappingAttributes)).toEqual([
    'identity_provider=',
    'mode=',
    'tokens? map{digest! expires_at! scopes?}',
    'oauth_clients? map{digest! expires_at! scopes?}',
    'group_mappings? map{idp_group? idp_group_external_id? organization= group! display_name? quota_allowance? avatar_url? create=}',
    'role_mappings? map{idp_group? idp_group_external_id? role! organization?}',
    'organization_mappings? map{idp_group? idp_group_external_id? organization!}',
    'custom_roles? map{organization= name! display_name? permissions! list{resource_type! action! negate=}}',
    'pushed_groups? single{organization= prefix= strip_prefix= create= adopt=}',
    'policies= single{accounts= adoption= leaving= leaving_workspaces= usernames= nested_groups= renamed_groups= drift= authoritative=}',
    'guard= single{max_removals_percent= min_removals= min_owners= max_privilege_gains= protected_accounts=}',
    'people= single{email_domains= shared_with= adopt=}',
    'claims= single{groups= roles= organizations?}',
    'attributes= single{email= username= name=}',
  ]);
});

test('every attribute says what it is, and its name leads back to the field', () => {
  const all = (attributes: Attributes): [string, Attribute][] =>
    Object.entries(attributes).flatMap(
      ([name, of]) => [[name, of], ...all(of.nested?.attributes ?? {})] as [string, Attribute][],
    );
  for (const [name, attribute] of all(mappingAttributes)) {
    expect([name, attribute.options.description.length]).toEqual([name, expect.any(Number)]);
    expect(attribute.options.description.length).toBeGreaterThan(10);
    expect(toAttributeName(toDocumentKey(name))).toBe(name);
  }
});

test.each([
  ['with everything in it', FULL],
  ['with nothing in it', { version: 1, app: 'empty' }],
])('a document %s becomes values and the same document again', (_what, document) => {
  const state = parseMappingState(document);
  expect(canonicalJson(parseMappingState(toDocument(toValues(state, {}))))).toBe(canonicalJson(state));
});

test('no entries are null or an empty map, as before', () => {
  const state = parseMappingState({ version: 1, app: 'a' });
  expect(toValues(state, {})['tokens']).toBeNull();
  expect(toValues(state, { tokens: {} })['tokens']).toEqual({});
});

test.each([
  [['app'], ['name']],
  [
    ['roleMappings', 'adminsOfAll', 'role'],
    ['role_mappings', 'adminsOfAll', 'role'],
  ],
  [
    ['tokens', 'main', 'expiresAt'],
    ['tokens', 'main', 'expires_at'],
  ],
  [
    ['guard', 'maxRemovalsPercent'],
    ['guard', 'max_removals_percent'],
  ],
  [
    ['customRoles', 'r', 'permissions', 0, 'resourceType'],
    ['custom_roles', 'r', 'permissions', 0, 'resource_type'],
  ],
  [['version'], ['version']],
  [[], []],
])('the place %j is %j in Terraform', (place, path) => {
  expect(toAttributePath(place)).toEqual(path);
});

test('what is known can be checked while other entries are not', () => {
  const values = {
    name: UNKNOWN,
    role_mappings: { known: { idp_group: 'x', role: 'boss' }, later: { idp_group: UNKNOWN, role: 'owner' } },
    policies: { drift: UNKNOWN, leaving: 'delete' },
    mode: UNKNOWN,
  };
  expect(() => parseMappingState(toDocument(knownPart(values)))).toThrow(
    /^roleMappings\["known"\]\.role: unknown site role "boss"/,
  );
});

test('differences are named down to a field of an entry', () => {
  const before = parseMappingState(FULL);
  const after = parseMappingState({
    ...FULL,
    mode: 'push',
    roleMappings: { admins: { idpGroup: 'coder-admins', role: 'auditor' } },
    guard: { ...FULL.guard, protectedAccounts: [] },
  });
  expect(differences(before, after)).toEqual([
    ['guard', 'protectedAccounts'],
    ['mode'],
    ['roleMappings', 'admins', 'role'],
    ['roleMappings', 'orgs'],
  ]);
});
