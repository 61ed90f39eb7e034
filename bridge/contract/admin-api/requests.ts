/** Bodies that the routes take; a mapping state is one too. */
import { z } from 'zod';
import { AppName } from '../mapping-state';

/** Which app is compared with Coder; none: all. */
export const SweepRequest = z.strictObject({ app: AppName.optional() });
export type SweepRequest = z.infer<typeof SweepRequest>;

/** One app, or as if `state` were applied; neither: all. */
export const PlanRequest = z.strictObject({ app: AppName.optional(), state: z.unknown().optional() });
export type PlanRequest = z.infer<typeof PlanRequest>;

/** Who lets a held plan pass. */
export const ReleaseRequest = z.strictObject({ by: z.string().min(1).max(200) });
export type ReleaseRequest = z.infer<typeof ReleaseRequest>;

/** Which parked work is tried again; none: all. */
export const RetryRequest = z.strictObject({ key: z.string().min(1).max(200).optional() });
export type RetryRequest = z.infer<typeof RetryRequest>;
