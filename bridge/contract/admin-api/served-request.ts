import * as z from 'zod';

/** One SCIM request as it was served. */
export const ServedRequest = z.object({
  id: z.number(),
  at: z.string(),
  app: z.string(),
  requestId: z.string(),
  token: z.string(),
  method: z.string(),
  path: z.string(),
  status: z.number(),
  scimType: z.string().nullable(),
  detail: z.string().nullable(),
  coercions: z.array(z.string()),
  changes: z.array(z.string()),
  milliseconds: z.number(),
  /** Only of requests within a debug window, without secrets. */
  body: z.string().nullable(),
});
export type ServedRequest = z.output<typeof ServedRequest>;
