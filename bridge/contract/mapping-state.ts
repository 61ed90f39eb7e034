/**
 * The contract between declaration and bridge: one document per SCIM application. Constructs write it, the Terraform
 * provider and `coder-scim apply` carry it, the bridge enforces it. This file is a leaf: it imports zod alone.
 */
import { z } from 'zod';
import { identityKey } from './identity';

/** The version of the document that this code reads and writes. Checked before anything else of a document. */
export const MAPPING_STATE_VERSION = 1;

/** Site roles that Coder can assign. `member` is implied for everybody: mapping it grants an account and nothing else. */
export const SITE_ROLES = ['owner', 'user-admin', 'template-admin', 'auditor', 'member'] as const;

/** Built-in organization roles that a mapping may name. `organization-member` is implied by membership and never assigned. */
export const ORGANIZATION_ROLES = [
  'organization-admin',
  'organization-user-admin',
  'organization-template-admin',
  'organization-auditor',
  'organization-workspace-creation-ban',
  'organization-workspace-access',
  'agents-access',
] as const;

/** Identity providers with a dialect of their own; `generic` is the RFC and nothing else. */
export const IDENTITY_PROVIDERS = [
  'generic',
  'okta',
  'entra',
  'onelogin',
  'jumpcloud',
  'ping',
  'google',
  'authentik',
  'keycloak',
  'cyberark',
] as const;

/** What a SCIM token may do. */
export const TOKEN_SCOPES = ['users:read', 'users:write', 'groups:read', 'groups:write'] as const;

/** The alias under which Coder knows its default organization. */
export const DEFAULT_ORGANIZATION = 'default';

const CODER_NAME = /^[a-zA-Z0-9]+(?:-[a-zA-Z0-9]+)*$/;
const CODER_DISPLAY_NAME = /^[^\s](?:.*[^\s])?$/;

/** A name by Coder's rules (`codersdk/name.go`): letters, digits, single hyphens, not `new` or `create`. */
function coderName(what: string, max: number) {
  return z
    .string()
    .refine(
      name => name.length >= 1 && name.length <= max && CODER_NAME.test(name) && name !== 'new' && name !== 'create',
      {
        error: issue =>
          `${what} ${JSON.stringify(issue.input)} is refused by Coder: wanted 1 to ${max} letters, digits or single hyphens, not at either end, and not "new" or "create"`,
      },
    );
}

// Coder counts bytes here (Go's len), so a name in another script is at its end sooner.
const displayName = z
  .string()
  .refine(name => name === '' || (new TextEncoder().encode(name).length <= 64 && CODER_DISPLAY_NAME.test(name)), {
    error: issue =>
      `display name ${JSON.stringify(issue.input)} is refused by Coder: wanted at most 64 bytes of UTF-8 with no space at either end`,
  });

/** Name of a SCIM application: part of its URL (`/apps/<app>/scim/v2`). */
export const AppName = z
  .string()
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, {
    error: issue => `app name ${JSON.stringify(issue.input)}: wanted lower-case letters, digits and single hyphens`,
  })
  .max(63);

/** Key of a token, mapping or custom role inside the document: stable, chosen by the operator, shown in plans and audit lines. */
const EntryName = z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9._ -]{0,126}[A-Za-z0-9])?$/, {
  error: issue =>
    `name ${JSON.stringify(issue.input)}: wanted 1 to 128 letters, digits, spaces, dots, underscores or hyphens, a letter or digit at both ends`,
});

const OrganizationName = coderName('organization name', 32);
const GroupName = coderName('group name', 255).refine(name => name !== 'Everyone', {
  error: 'group name "Everyone" is reserved by Coder: it holds every member of an organization and can not be managed',
});
const RoleName = coderName('role name', 32);

const idpGroupText = z.string().min(1).max(1024);

/** The identity provider's group that a mapping is about: by `displayName` or by `externalId`, exactly one of the two. */
const idpGroup = {
  idpGroup: idpGroupText.optional().describe("displayName of the identity provider's group, compared without case"),
  idpGroupExternalId: idpGroupText
    .optional()
    .describe("externalId of the identity provider's group, compared exactly; survives renames"),
};

/** Bearer credential of an app: the digest, never the secret. */
export const TokenDeclaration = z.strictObject({
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, {
      error: 'wanted "sha256:" and 64 lower-case hex digits, as printed by `coder-scim token create`',
    })
    .describe('SHA-256 of the whole token text'),
  expiresAt: z.iso.datetime({ offset: true }).describe('instant from which the token is refused (RFC 3339)'),
  scopes: z.array(z.enum(TOKEN_SCOPES)).min(1).optional().describe('what the token may do; default: everything'),
});
export type TokenDeclaration = z.infer<typeof TokenDeclaration>;

/** People of an identity provider's group become members of a Coder group (and of its organization). */
export const GroupMapping = z.strictObject({
  ...idpGroup,
  organization: OrganizationName.default(DEFAULT_ORGANIZATION),
  group: GroupName.describe('name of the Coder group, case-sensitive'),
  displayName: displayName.optional().describe('display name written to a group that the bridge creates or manages'),
  create: z.boolean().default(true).describe('create the Coder group when it is missing; false: only match'),
});
export type GroupMapping = z.infer<typeof GroupMapping>;

/** People of an identity provider's group hold a site role, or a role in one organization (and are members of it). */
export const RoleMapping = z.strictObject({
  ...idpGroup,
  role: RoleName.describe('site role without organization; organization role, built in or custom, with one'),
  organization: OrganizationName.optional(),
});
export type RoleMapping = z.infer<typeof RoleMapping>;

/** People of an identity provider's group are members of a Coder organization. */
export const OrganizationMapping = z.strictObject({ ...idpGroup, organization: OrganizationName });
export type OrganizationMapping = z.infer<typeof OrganizationMapping>;

// Coder stores the names of custom roles in small letters, and looks them up exactly.
const CustomRoleName = RoleName.refine(name => !/[A-Z]/.test(name), {
  error: issue =>
    `role name ${JSON.stringify(issue.input)}: wanted ${JSON.stringify(identityKey(String(issue.input)))}, since Coder stores the names of custom roles in small letters`,
});

/** A custom organization role that the bridge keeps in Coder. */
export const CustomRole = z.strictObject({
  organization: OrganizationName.default(DEFAULT_ORGANIZATION),
  name: CustomRoleName,
  displayName: displayName.optional(),
  permissions: z
    .array(
      z.strictObject({
        resourceType: z.string().regex(/^[a-z_]+$/, { error: 'wanted a resource type of Coder such as "template"' }),
        action: z
          .string()
          .regex(/^[a-z_]+$/, { error: 'wanted an action such as "read"; Coder refuses wildcards in custom roles' }),
        negate: z
          .boolean()
          .default(false)
          .refine(negate => !negate, {
            error:
              'true is refused by Coder, which knows no negative permissions in custom roles: leave the permission out',
          }),
      }),
    )
    .min(1),
});
export type CustomRole = z.infer<typeof CustomRole>;

/** Every group that the identity provider pushes becomes a Coder group, without a mapping of its own. */
export const PushedGroups = z.strictObject({
  organization: OrganizationName.default(DEFAULT_ORGANIZATION),
  prefix: z.string().default('').describe('only groups whose displayName starts with this, compared without case'),
  stripPrefix: z.boolean().default(false).describe('leave the prefix out of the Coder group name'),
  create: z.boolean().default(true).describe('create missing Coder groups; false: only match by name'),
  adopt: z
    .boolean()
    .default(false)
    .describe(
      "take over groups that exist already under the name: made by hand, or named by another app's mapping; with create false they always are",
    ),
});
export type PushedGroups = z.infer<typeof PushedGroups>;

/** Decisions about people and groups; every one has the careful default. */
export const Policies = z.strictObject({
  accounts: z
    .enum(['all', 'mapped'])
    .default('all')
    .describe('who gets a Coder account: everybody the identity provider sends, or only people in a mapped group'),
  adoption: z
    .enum(['never', 'oidc', 'any'])
    .default('oidc')
    .describe('which existing Coder accounts with the same e-mail may be taken over'),
  leaving: z
    .enum(['suspend', 'delete'])
    .default('suspend')
    .describe('what a SCIM DELETE does to the account; an account with workspaces is suspended in both cases'),
  usernames: z
    .enum(['keep', 'follow'])
    .default('keep')
    .describe('whether a changed userName renames the Coder account; renames can cost a person their volumes'),
  nestedGroups: z
    .enum(['resolve', 'refuse'])
    .default('resolve')
    .describe('groups as members of groups: their people count, or the request is refused'),
  renamedGroups: z
    .enum(['follow', 'rematch'])
    .default('follow')
    .describe('a mapping by displayName after a rename: stays with the group it matched, or looks for the name again'),
  drift: z.enum(['repair', 'report', 'off']).default('repair').describe('what the sweep does with differences'),
  authoritative: z
    .boolean()
    .default(false)
    .describe('manage all roles and groups of the people of this app, not only the ones named in mappings'),
});
export type Policies = z.infer<typeof Policies>;

/** Limits that stop a plan as a whole until an operator releases it. */
export const Guard = z.strictObject({
  maxRemovalsPercent: z
    .number()
    .int()
    .min(0)
    .max(100)
    .default(20)
    .describe('share of the people of the app that may lose an account, role or group at once'),
  minRemovals: z.number().int().min(0).default(10).describe('this many are always allowed, whatever the share'),
  minOwners: z.number().int().min(1).default(1).describe('active owners that stay; break-glass accounts count'),
  protectedAccounts: z
    .array(z.string().min(1))
    .default([])
    .describe('usernames or e-mails of Coder accounts that are never touched'),
});
export type Guard = z.infer<typeof Guard>;

/** Names of the token claims that Coder reads at sign-in (mode `claims`). */
export const Claims = z.strictObject({
  groups: z.string().min(1).default('groups'),
  roles: z.string().min(1).default('groups'),
  organizations: z
    .string()
    .min(1)
    .optional()
    .describe(
      "claim of organization sync, which is for the whole deployment; needed for mappings into other organizations than Coder's default one, and never written without",
    ),
});
export type Claims = z.infer<typeof Claims>;

const record = <T extends z.ZodType>(value: T) => z.record(EntryName, value).default({} as never);

const Shape = z.strictObject({
  version: z.literal(MAPPING_STATE_VERSION),
  app: AppName,
  identityProvider: z.enum(IDENTITY_PROVIDERS).default('generic'),
  mode: z
    .enum(['push', 'claims'])
    .default('push')
    .describe("push: memberships and roles are written at once; claims: the mapping is written to Coder's OIDC sync"),
  tokens: record(TokenDeclaration),
  groupMappings: record(GroupMapping),
  roleMappings: record(RoleMapping),
  organizationMappings: record(OrganizationMapping),
  customRoles: record(CustomRole),
  pushedGroups: PushedGroups.optional(),
  policies: Policies.prefault({}),
  guard: Guard.prefault({}),
  claims: Claims.prefault({}),
});

type Shape = z.infer<typeof Shape>;
type Report = (path: (string | number)[], message: string) => void;
interface IdpGroupReference {
  readonly idpGroup?: string | undefined;
  readonly idpGroupExternalId?: string | undefined;
}

const MAPPING_KINDS = ['groupMappings', 'roleMappings', 'organizationMappings'] as const;

/** `displayName` without case or `externalId`: the identity of the group that a mapping reads. */
export function idpGroupKey(mapping: IdpGroupReference): string {
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
    if (other.mapping.displayName !== mapping.displayName) {
      report(
        ['groupMappings', key, 'displayName'],
        `${JSON.stringify(mapping.displayName ?? '')} is not ${JSON.stringify(other.mapping.displayName ?? '')} ${of}: one Coder group has one display name`,
      );
    }
  }
}

function checkTokens(state: Shape, report: Report): void {
  const digests = new Map<string, string>();
  for (const [name, token] of Object.entries(state.tokens)) {
    const first = digests.get(token.digest);
    if (first !== undefined)
      report(
        ['tokens', name, 'digest'],
        `is the digest of token ${JSON.stringify(first)} too: each token needs a secret of its own`,
      );
    else digests.set(token.digest, name);
  }
}

/** The document itself. `z.input` is what an author may write, `z.output` has every default filled in. */
export const MappingState = Shape.superRefine((state, context) => {
  const report: Report = (path, message) => context.addIssue({ code: 'custom', path, message });
  checkReferences(state, report);
  checkRoles(state, report);
  checkGroups(state, report);
  checkTokens(state, report);
});
export type MappingState = z.output<typeof MappingState>;
export type MappingStateInput = z.input<typeof MappingState>;

/** One thing wrong with a document. */
export interface MappingStateIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A document that was refused as a whole, with every reason. */
export class MappingStateError extends Error {
  override readonly name = 'MappingStateError';
  constructor(
    readonly code: 'invalid' | 'version',
    readonly issues: readonly MappingStateIssue[],
  ) {
    super(issues.map(issue => `${formatPath(issue.path)}: ${issue.message}`).join('\n'));
  }
}

/** `["roleMappings","admins","role"]` as `roleMappings["admins"].role`. */
export function formatPath(path: readonly (string | number)[]): string {
  if (path.length === 0) return 'document';
  return path.reduce<string>((text, part, index) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(part) || (index === 1 && typeof path[0] === 'string'))
      return `${text}[${JSON.stringify(part)}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

/**
 * Reads a document: the version first, then the shape, then the rules between fields.
 * @throws MappingStateError with every issue; nothing is taken over from a document that has one.
 */
export function parseMappingState(document: unknown): MappingState {
  const version =
    typeof document === 'object' && document !== null ? (document as { version?: unknown }).version : undefined;
  if (typeof version === 'number' && Number.isInteger(version) && version !== MAPPING_STATE_VERSION) {
    const side =
      version > MAPPING_STATE_VERSION
        ? 'reader (bridge, provider or command line)'
        : 'writer (the coder-scim package of the stack)';
    throw new MappingStateError('version', [
      {
        path: ['version'],
        message: `document version ${version}, but this side knows version ${MAPPING_STATE_VERSION}: upgrade the ${side}`,
      },
    ]);
  }
  // zod leaves this key out of records without a word; an entry that is not taken over is an error like any other.
  const dropped = [...MAPPING_KINDS, 'tokens', 'customRoles'].filter(kind => hasPrototypeKey(document, kind));
  if (dropped.length > 0) {
    throw new MappingStateError(
      'invalid',
      dropped.map(kind => ({ path: [kind, '__proto__'], message: 'can not be the name of an entry' })),
    );
  }
  const result = MappingState.safeParse(document);
  if (result.success) return result.data;
  throw new MappingStateError(
    'invalid',
    result.error.issues.map(issue => ({
      path: issue.path.map(part => (typeof part === 'symbol' ? String(part) : part)),
      message: issue.message,
    })),
  );
}

function hasPrototypeKey(document: unknown, kind: string): boolean {
  const part =
    typeof document === 'object' && document !== null ? (document as Record<string, unknown>)[kind] : undefined;
  return typeof part === 'object' && part !== null && Object.hasOwn(part, '__proto__');
}

/** The document as text with keys in order: equal documents have equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : part,
  );
}

/** The JSON Schema (draft 2020-12) of the document as an author may write it; rules between fields are not in it. */
export function mappingStateJsonSchema(): Record<string, unknown> {
  return {
    $id: 'https://coder-scim.dev/schema/mapping-state-v1.json',
    title: 'coder-scim mapping state',
    ...z.toJSONSchema(Shape, { io: 'input', unrepresentable: 'any' }),
  };
}
