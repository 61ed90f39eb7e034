import { z } from 'zod';

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
});
export type AuditEntry = z.output<typeof AuditEntry>;
