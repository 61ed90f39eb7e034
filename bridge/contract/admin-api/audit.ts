import * as z from 'zod';

/** Who causes what stands in the trail. */
export const AUDIT_ACTORS = ['scim', 'declaration', 'sweep', 'operator', 'bridge'] as const;
/** What came of it. */
export const AUDIT_RESULTS = ['done', 'failed', 'held', 'skipped', 'reported'] as const;

/** One line of the audit trail. */
export const AuditEntry = z.object({
  id: z.number(),
  at: z.string(),
  app: z.string().nullable(),
  actor: z.string(),
  token: z.string().nullable(),
  requestId: z.string().nullable(),
  subject: z.string().nullable(),
  subjectName: z.string().nullable(),
  coderUserId: z.string().nullable(),
  action: z.string(),
  target: z.string().nullable(),
  idpGroup: z.string().nullable(),
  mapping: z.string().nullable(),
  before: z.string().nullable(),
  after: z.string().nullable(),
  result: z.string(),
  detail: z.string().nullable(),
  /** Number and hash in the chain; null for the moment until the line is sealed. */
  seq: z.number().nullable(),
  hash: z.string().nullable(),
});
export type AuditEntry = z.output<typeof AuditEntry>;

const Link = z.object({ seq: z.number(), hash: z.string() });

/** Whether the chain of the audit trail is whole. */
export const AuditChain = z.object({
  whole: z.boolean(),
  checked: z.number(),
  unsealed: z.number(),
  /** The last line that was removed by age. */
  cut: Link,
  /** The last line: note it elsewhere, and nobody can make the chain anew unseen. */
  head: Link,
  broken: z.object({ seq: z.number(), id: z.number().nullable(), problem: z.string() }).nullable(),
});
export type AuditChain = z.output<typeof AuditChain>;
