import * as z from 'zod';

/** What happened, hour by hour. */
export const Activity = z.object({
  /** Length of a step. */
  stepMs: z.number(),
  /** From when on every request is still kept (the last 1,000 of each app are); null when none is missing. */
  completeSince: z.string().nullable(),
  /** The oldest first, without a gap. */
  steps: z.array(
    z.object({
      at: z.string(),
      /** SCIM requests. */
      requests: z.number(),
      /** SCIM requests that were answered with an error. */
      refused: z.number(),
      /** Changes that were made in Coder. */
      changes: z.number(),
    }),
  ),
});
export type Activity = z.output<typeof Activity>;
