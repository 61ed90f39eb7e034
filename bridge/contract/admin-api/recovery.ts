import * as z from 'zod';

/** What the bridge did in Coder and its database does not know, since it is older. */
export const RecoveryReport = z.object({
  /** Why nothing is given and nothing taken; null when nothing is pending. */
  reason: z.string().nullable(),
  /** Whether that is for an operator to end; false where it ends by itself, or becomes something that can be looked at. */
  mayEnd: z.boolean().default(true),
  since: z.string().nullable(),
  people: z.array(
    z.object({
      coderUserId: z.string(),
      coderUsername: z.string().nullable(),
      app: z.string().nullable(),
      userName: z.string().nullable(),
      /** What the directory says of them now; `unknown` when it has nobody with this account. */
      directory: z.enum(['active', 'inactive', 'unknown']),
      /** They were locked out, and would be let in again when the bridge goes on with the directory as it is. */
      letInAgain: z.boolean(),
      /** Sentences, the oldest first. */
      changes: z.array(z.string()),
    }),
  ),
  /** Groups, roles and settings, in sentences. */
  other: z.array(z.string()),
  /** The apps that the database declares, which may be fewer, more or older than the stacks: compare. */
  apps: z.array(z.object({ app: z.string(), generation: z.number(), updatedAt: z.string() })).default([]),
});
export type RecoveryReport = z.output<typeof RecoveryReport>;
