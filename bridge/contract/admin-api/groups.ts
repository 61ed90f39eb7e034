/** Which group of an identity provider gives what, and to how many. */
import * as z from 'zod';

/** One mapping of a declaration, and the group that it reads. */
export const MappingReport = z.object({
  app: z.string(),
  /** `groupMappings/<name>`, `roleMappings/<name>` or `organizationMappings/<name>`. */
  mapping: z.string(),
  /** What it gives, in words. */
  gives: z.string(),
  /** The group as it is declared. */
  idpGroup: z.string(),
  /**
   * - `matched`: the directory has the group
   * - `never-came`: no such group was ever pushed, so the mapping gives and takes nothing
   * - `empty`: the group is there and has no member yet: until the first one comes it is as if it had not come, or were still gone
   * - `filling`: its first member came a moment ago: it gives, and takes nothing before nobody has been put into it for two minutes
   * - `vanished`: it was there and is gone
   * - `unclear`: several groups have the name
   */
  state: z.enum(['matched', 'never-came', 'empty', 'filling', 'vanished', 'unclear']),
  scimGroupId: z.string().nullable(),
  /** The present displayName of the group. */
  groupName: z.string().nullable(),
  /** Active people in it, through groups in it as well. */
  people: z.number(),
});
export type MappingReport = z.output<typeof MappingReport>;

/** One group of a directory. */
export const DirectoryGroupReport = z.object({
  app: z.string(),
  scimId: z.string(),
  displayName: z.string(),
  externalId: z.string().nullable(),
  people: z.number(),
  /** Mappings that read it; empty: none names it. */
  mappings: z.array(z.string()),
  /** It becomes a Coder group without a mapping (`pushedGroups`). */
  pushed: z.boolean(),
});
export type DirectoryGroupReport = z.output<typeof DirectoryGroupReport>;

export const GroupsReport = z.object({
  mappings: z.array(MappingReport),
  /** Those without a mapping first, then by name; at most 500. */
  groups: z.array(DirectoryGroupReport),
  /** How many groups there are that fit. */
  total: z.number(),
});
export type GroupsReport = z.output<typeof GroupsReport>;
