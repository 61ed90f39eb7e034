/** The fields of the document, with defaults and what each one means. */
import { Attributes } from '../attributes';
import * as z from 'zod';
import { OAuthClientDeclaration, TokenDeclaration } from './credentials';
import type * as document from './document';
import {
  AppName,
  AvatarUrl,
  CustomRoleName,
  DisplayName,
  EntryName,
  GroupName,
  OrganizationName,
  QuotaAllowance,
  RoleName,
} from './names';
import { DEFAULT_ORGANIZATION, IDENTITY_PROVIDERS, MAPPING_STATE_VERSION } from './vocabulary';

const idpGroupText = z.string().min(1).max(1024);

/** The identity provider's group that a mapping is about: by `displayName` or by `externalId`, exactly one of the two. */
const idpGroup = {
  idpGroup: idpGroupText.optional().describe("displayName of the identity provider's group, compared without case"),
  idpGroupExternalId: idpGroupText
    .optional()
    .describe("externalId of the identity provider's group, compared exactly; survives renames"),
};

/** People of an identity provider's group become members of a Coder group (and of its organization). */
export const GroupMapping = z.strictObject({
  ...idpGroup,
  organization: OrganizationName.default(DEFAULT_ORGANIZATION),
  group: GroupName.describe('name of the Coder group, case-sensitive'),
  displayName: DisplayName.optional().describe('display name written to a group that the bridge creates or manages'),
  quotaAllowance: QuotaAllowance.optional().describe(
    "workspace quota that the group adds to each member's, 0 to 2147483647; left out: as it is in Coder",
  ),
  avatarUrl: AvatarUrl.optional().describe(
    'picture of the Coder group: an http or https URL, a path of Coder, or "" for none; left out: as it is in Coder',
  ),
  create: z.boolean().default(true).describe('create the Coder group when it is missing; false: only match'),
});
export type GroupMapping = document.GroupMapping;

/** People of an identity provider's group hold a site role, or a role in one organization (and are members of it). */
export const RoleMapping = z.strictObject({
  ...idpGroup,
  role: RoleName.describe('site role without organization; organization role, built in or custom, with one'),
  organization: OrganizationName.optional(),
});
export type RoleMapping = document.RoleMapping;

/** People of an identity provider's group are members of a Coder organization. */
export const OrganizationMapping = z.strictObject({ ...idpGroup, organization: OrganizationName });
export type OrganizationMapping = document.OrganizationMapping;

/** A custom organization role that the bridge keeps in Coder. */
export const CustomRole = z.strictObject({
  organization: OrganizationName.default(DEFAULT_ORGANIZATION),
  name: CustomRoleName,
  displayName: DisplayName.optional(),
  permissions: z
    .array(
      z.strictObject({
        resourceType: z.string().regex(/^[a-z_]+$/, {
          error: issue => `is ${JSON.stringify(issue.input)}: wanted a resource type of Coder such as "template"`,
        }),
        action: z.string().regex(/^[a-z_]+$/, {
          error: issue =>
            `is ${JSON.stringify(issue.input)}: wanted an action such as "read"; Coder refuses wildcards in custom roles`,
        }),
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
export type CustomRole = document.CustomRole;

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
export type PushedGroups = document.PushedGroups;

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
    .describe(
      'what a SCIM DELETE does to the account; an account with workspaces is suspended in both cases; changed to delete, accounts of people who were deleted before go too, which the plan lists',
    ),
  leavingWorkspaces: z
    .enum(['stop', 'leave'])
    .default('stop')
    .describe(
      "running workspaces of somebody whose account is locked, or who is taken out of their organization: stopped, as far as the bridge's account may, or left to Coder, which never stops a dormant one, nor one of somebody who stays",
    ),
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
export type Policies = document.Policies;

/** Limits that stop a plan as a whole until an operator releases it. */
export const Guard = z.strictObject({
  maxRemovalsPercent: z
    .number()
    .int()
    .min(0)
    .max(100)
    .default(20)
    .describe('share of the people of the app that may lose an account, role or group at once'),
  minRemovals: z
    .number()
    .int()
    .min(0)
    .default(10)
    .describe('this many are always allowed, whatever the share; a single leaver always is'),
  minOwners: z
    .number()
    .int()
    .min(1)
    .default(1)
    .describe("owners who can sign in that stay, the bridge's own account left out; break-glass accounts count"),
  maxPrivilegeGains: z
    .number()
    .int()
    .min(0)
    .default(5)
    .describe('people who may become owner, user-admin or organization-admin within an hour'),
  protectedAccounts: z
    .array(z.string().min(1))
    .default([])
    .describe('usernames or e-mails of Coder accounts that are never touched'),
});
export type Guard = document.Guard;

/** For whom the app may speak. */
export const People = z.strictObject({
  emailDomains: z
    .array(
      z.string().regex(/^[^\s@][^\s@.]*\.[^\s@]+$/, {
        error: issue =>
          `e-mail domain ${JSON.stringify(issue.input)}: wanted a domain such as "example.com", without "@"`,
      }),
    )
    .default([])
    .describe('only people with an e-mail address in one of these domains get an account; empty: any address'),
  sharedWith: z
    .array(AppName)
    .default([])
    .describe('apps whose people may be the same accounts; both apps must name each other'),
  adopt: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'usernames or e-mails of existing accounts that may be taken over although they hold more than the mappings give',
    ),
});
export type People = document.People;

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
export type Claims = document.Claims;

const record = <T extends z.ZodType>(value: T) => z.record(EntryName, value).default({} as never);

/** The fields of the document, each for itself; `MappingState` adds the rules between them. */
export const Shape = z.strictObject({
  version: z.literal(MAPPING_STATE_VERSION),
  app: AppName,
  identityProvider: z.enum(IDENTITY_PROVIDERS).default('generic'),
  mode: z
    .enum(['push', 'claims'])
    .default('push')
    .describe("push: memberships and roles are written at once; claims: the mapping is written to Coder's OIDC sync"),
  tokens: record(TokenDeclaration),
  oauthClients: record(OAuthClientDeclaration),
  groupMappings: record(GroupMapping),
  roleMappings: record(RoleMapping),
  organizationMappings: record(OrganizationMapping),
  customRoles: record(CustomRole),
  pushedGroups: PushedGroups.optional(),
  policies: Policies.prefault({}),
  guard: Guard.prefault({}),
  people: People.prefault({}),
  claims: Claims.prefault({}),
  attributes: Attributes.prefault({}),
});

export type Shape = document.MappingState;
