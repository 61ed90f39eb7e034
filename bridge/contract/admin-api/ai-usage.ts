/** Who used AI through Coder's gateway, by subject of the directory. */
import * as z from 'zod';

const Tokens = z.object({ input: z.number(), output: z.number(), cacheRead: z.number(), cacheWrite: z.number() });

export const AiUser = z.object({
  /** Whom the directory says that the account is: several where apps share people, none for an account of no directory. */
  subjects: z.array(
    z.object({
      app: z.string(),
      scimId: z.string(),
      externalId: z.string().nullable(),
      userName: z.string(),
      /** Groups of the directory, direct and indirect. */
      groups: z.array(z.string()),
    }),
  ),
  coderUserId: z.string(),
  coderUsername: z.string(),
  sessions: z.number(),
  /** Calls within the window. */
  calls: z.number(),
  /** Of sessions with a call in the window, as a whole: Coder does not divide them. */
  tokens: Tokens,
  /** What calls in the window cost that a group of Coder pays for, in millionths of a US dollar; null where Coder does not say. */
  spendMicros: z.number().nullable(),
  models: z.array(z.string()),
  clients: z.array(z.string()),
  lastAt: z.string(),
});
export type AiUser = z.output<typeof AiUser>;

export const AiUsage = z.object({
  since: z.string(),
  until: z.string(),
  /** Why nothing can be said, which is not that there was nothing; null when it can. */
  problem: z.string().nullable(),
  /** Why it is not known what anything cost; null when it is. */
  spendProblem: z.string().nullable(),
  people: z.array(AiUser),
});
export type AiUsage = z.output<typeof AiUsage>;
