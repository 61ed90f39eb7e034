/** What every refusal of the admin API looks like. */
import * as z from 'zod';

export const RefusalBody = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    issues: z
      .array(z.object({ path: z.array(z.union([z.string(), z.number()])).readonly(), message: z.string() }))
      .readonly()
      .optional(),
    generation: z.number().optional(),
  }),
});
export type RefusalBody = z.output<typeof RefusalBody>;
