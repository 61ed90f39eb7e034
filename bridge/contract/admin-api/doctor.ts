import * as z from 'zod';

/** One thing that provisioning needs, and how it stands. */
export const DoctorCheck = z.object({
  name: z.string(),
  state: z.enum(['ok', 'warning', 'failed', 'skipped']),
  detail: z.string(),
  next: z.string().nullable(),
});
export type DoctorCheck = z.output<typeof DoctorCheck>;
