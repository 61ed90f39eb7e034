/** Who somebody is in the directory and in Coder, and why they have what they have. */
import * as z from 'zod';
import { AuditEntry } from './audit';

export const Identity = z.object({
  app: z.string(),
  scimId: z.string(),
  externalId: z.string().nullable(),
  userName: z.string(),
  email: z.string().nullable(),
  coderUserId: z.string().nullable(),
  coderUsername: z.string().nullable(),
  how: z.string().nullable(),
});
export type Identity = z.output<typeof Identity>;

/** Somebody, as a search finds them. */
export const PersonSummary = z.object({
  app: z.string(),
  scimId: z.string(),
  userName: z.string(),
  email: z.string().nullable(),
  /** What the directory says; `left` when it has them no more. */
  directory: z.enum(['active', 'inactive', 'left']),
  coderUsername: z.string().nullable(),
  /** Why the person is held. */
  held: z.string().nullable(),
});
export type PersonSummary = z.output<typeof PersonSummary>;

const EntitlementKind = z.enum(['site-role', 'organization', 'organization-role', 'group']);

export const Explanation = z.object({
  app: z.string(),
  scimId: z.string(),
  userName: z.string(),
  active: z.boolean(),
  coderUserId: z.string().nullable(),
  coderUsername: z.string().nullable(),
  status: z.string().nullable(),
  held: z.string().nullable(),
  /** What the person should have, and why. */
  entitlements: z.array(
    z.object({
      kind: EntitlementKind,
      organization: z.string().nullable(),
      target: z.string(),
      because: z.array(z.object({ idpGroup: z.string(), mapping: z.string() })),
      present: z.boolean().nullable(),
    }),
  ),
  /**
   * What the account has and no mapping gives: by hand, or not taken yet. Groups as far as the bridge manages them, organizations but for the default
   * one; empty where Coder could not be asked.
   */
  beside: z
    .array(z.object({ kind: EntitlementKind, organization: z.string().nullable(), target: z.string() }))
    .default([]),
  recent: z.array(AuditEntry),
});
export type Explanation = z.output<typeof Explanation>;
