import * as z from 'zod';

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

/** The same with everybody whom it is about. */
export const HoldDetail = HoldSummary.extend({
  persons: z.array(
    z.object({
      scimId: z.string(),
      userName: z.string(),
      reason: z.string(),
      changes: z.array(z.string()),
    }),
  ),
});
export type HoldDetail = z.output<typeof HoldDetail>;
