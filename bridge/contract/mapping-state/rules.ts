/** The rules between the fields of a document: what each field may be is in its shape. Pure. */
import { type GroupMapping, type Shape } from './shape';
import { ORGANIZATION_ROLES, SITE_ROLES } from './vocabulary';
import { identityKey } from '../identity';

/** Takes one violation. */
type Report = (path: (string | number)[], message: string) => void;

interface IdpGroupReference {
  readonly idpGroup?: string | undefined;
  readonly idpGroupExternalId?: string | undefined;
}

// The parts of the document that name a group of the identity provider.
const MAPPING_KINDS = ['groupMappings', 'roleMappings', 'organizationMappings'] as const;

// `displayName` without case or `externalId`: the identity of the group that a mapping reads.
function idpGroupKey(mapping: IdpGroupReference): string {
  return mapping.idpGroupExternalId === undefined
    ? `displayName ${JSON.stringify(identityKey(mapping.idpGroup ?? ''))}`
    : `externalId ${JSON.stringify(mapping.idpGroupExternalId)}`;
}

function checkReferences(state: Shape, report: Report): void {
  for (const kind of MAPPING_KINDS) {
    const seen = new Map<string, string>();
    for (const [name, mapping] of Object.entries<IdpGroupReference & { organization?: string }>(state[kind])) {
      const named = Number(mapping.idpGroup !== undefined) + Number(mapping.idpGroupExternalId !== undefined);
      if (named !== 1) {
        report(
          [kind, name],
          `names ${named === 0 ? 'no group' : 'a group twice'}: wanted exactly one of idpGroup and idpGroupExternalId`,
        );
        continue;
      }
      const target = [
        idpGroupKey(mapping),
        identityKey(mapping.organization ?? ''),
        'group' in mapping ? mapping.group : '',
        'role' in mapping ? identityKey(String(mapping.role)) : '',
      ].join('\n');
      const first = seen.get(target);
      if (first !== undefined) report([kind, name], `says the same as ${JSON.stringify(first)}: remove one of the two`);
      else seen.set(target, name);
    }
  }
}

function checkRoles(state: Shape, report: Report): void {
  const declared = new Map<string, string>();
  for (const [key, role] of Object.entries(state.customRoles)) {
    const id = `${identityKey(role.organization)}/${identityKey(role.name)}`;
    const first = declared.get(id);
    if (first !== undefined)
      report(
        ['customRoles', key, 'name'],
        `role ${JSON.stringify(role.name)} is declared already by ${JSON.stringify(first)}`,
      );
    declared.set(id, key);
    const reserved = identityKey(role.name);
    if (
      reserved.startsWith('organization-') ||
      [...SITE_ROLES, ...ORGANIZATION_ROLES].some(name => name === reserved)
    ) {
      report(['customRoles', key, 'name'], `role name ${JSON.stringify(role.name)} is reserved by Coder`);
    }
  }
  for (const [key, { role, organization }] of Object.entries(state.roleMappings)) {
    const path = ['roleMappings', key, 'role'];
    if (organization === undefined) {
      if (!SITE_ROLES.some(name => name === role)) {
        report(
          path,
          `unknown site role ${JSON.stringify(role)}: wanted one of ${SITE_ROLES.join(', ')}; a role of an organization needs "organization"`,
        );
      }
    } else if (role === 'organization-member' || role === 'member') {
      report(path, `role ${JSON.stringify(role)} is implied by membership: use an organization mapping`);
    } else if (SITE_ROLES.some(name => name === role)) {
      report(
        path,
        `${JSON.stringify(role)} is a site role: leave "organization" out, or use one of ${ORGANIZATION_ROLES.join(', ')}`,
      );
    } else if (role.startsWith('organization-') && !ORGANIZATION_ROLES.some(name => name === role)) {
      report(
        path,
        `unknown organization role ${JSON.stringify(role)}: wanted one of ${ORGANIZATION_ROLES.join(', ')}, or the name of a custom role`,
      );
    }
  }
}

/** What a Coder group has once, whoever maps to it. */
const ONE_OF_EACH = { displayName: 'display name', quotaAllowance: 'quota allowance', avatarUrl: 'avatar' } as const;

function shown(value: string | number | undefined): string {
  return value === undefined ? '(not set)' : JSON.stringify(value);
}

function checkGroups(state: Shape, report: Report): void {
  const first = new Map<string, { key: string; mapping: GroupMapping }>();
  for (const [key, mapping] of Object.entries(state.groupMappings)) {
    const id = `${identityKey(mapping.organization)}/${identityKey(mapping.group)}`;
    const other = first.get(id);
    if (other === undefined) {
      first.set(id, { key, mapping });
      continue;
    }
    const of = `of group mapping ${JSON.stringify(other.key)}`;
    if (other.mapping.group !== mapping.group) {
      report(
        ['groupMappings', key, 'group'],
        `${JSON.stringify(mapping.group)} and ${JSON.stringify(other.mapping.group)} ${of} differ in case alone: Coder would keep two groups; use one spelling`,
      );
    }
    for (const [setting, what] of Object.entries(ONE_OF_EACH) as [keyof typeof ONE_OF_EACH, string][]) {
      if (other.mapping[setting] === mapping[setting]) continue;
      report(
        ['groupMappings', key, setting],
        `${shown(mapping[setting])} is not ${shown(other.mapping[setting])} ${of}: one Coder group has one ${what}`,
      );
    }
  }
}

/** A secret says which credential it is, and a name which one the audit trail means: each is of one credential alone. */
function checkCredentials({ tokens, oauthClients }: Shape, report: Report): void {
  const digests = new Map<string, string>();
  const credentials = [
    ...Object.entries(tokens).map(([name, { digest }]) => ['tokens', name, digest] as const),
    ...Object.entries(oauthClients).map(([name, { digest }]) => ['oauthClients', name, digest] as const),
  ];
  for (const [kind, name, digest] of credentials) {
    const first = digests.get(digest);
    if (first === undefined)
      digests.set(digest, `${kind === 'tokens' ? 'token' : 'OAuth client'} ${JSON.stringify(name)}`);
    else report([kind, name, 'digest'], `is the digest of ${first} too: each credential needs a secret of its own`);
    if (kind === 'oauthClients' && Object.hasOwn(tokens, name))
      report([kind, name], 'is the name of a token too: the audit trail tells credentials by name, so choose another');
  }
}

/** Reports everything in the document that contradicts something else in it, or Coder. */
export function checkRules(state: Shape, report: Report): void {
  checkReferences(state, report);
  checkRoles(state, report);
  checkGroups(state, report);
  checkCredentials(state, report);
}
