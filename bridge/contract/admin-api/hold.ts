import { z } from 'zod';

/** A plan that the guard stopped as a whole, until an operator releases it. */
export const HoldSummary = z.object({
  id: z.string(),
  app: z.string(),
  reason: z.string(),
  people: z.number(),
  createdAt: z.string(),
  changes: z.array(z.string()),
});
export type HoldSummary = z.output<typeof HoldSummary>;
