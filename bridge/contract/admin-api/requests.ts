/** Bodies that the routes take; a mapping state is one too. */
import * as z from 'zod';
import { AppName } from '../mapping-state';

/** Which app is compared with Coder; none: all. */
export const SweepRequest = z.strictObject({ app: AppName.optional() });
export type SweepRequest = z.infer<typeof SweepRequest>;

/** One app, or as if `state` were applied, or as if the app were deleted; none of these: all apps. */
export const PlanRequest = z
  .strictObject({ app: AppName.optional(), state: z.unknown().optional(), deleted: z.boolean().optional() })
  .refine(({ app, state, deleted }) => deleted !== true || (app !== undefined && state === undefined), {
    path: ['deleted'],
    error: 'is true: wanted the name of an app beside it, and no state',
  });
export type PlanRequest = z.infer<typeof PlanRequest>;

/** Who says that they decide, and why. Who it was is the credential's name; this tells apart those who share one. */
const decision = { by: z.string().min(1).max(200).optional(), reason: z.string().min(1).max(1_000).optional() };

/** That a held plan may pass. */
export const ReleaseRequest = z.strictObject(decision);
export type ReleaseRequest = z.infer<typeof ReleaseRequest>;

/** That a recovery is over. */
export const EndRecoveryRequest = z.strictObject({
  /** `since` of the report that was looked at: no other recovery is ended. */
  since: z.iso.datetime().nullable().optional(),
  ...decision,
});
export type EndRecoveryRequest = z.infer<typeof EndRecoveryRequest>;

/** Whether somebody who came back as a new object of the directory keeps the account of before. */
export const ReHireRequest = z.strictObject({
  user: z.string().min(1).max(500),
  answer: z.enum(['keep', 'replace']),
  /** Coder's id of the account that was asked about, as the status shows it: the answer is for no other one. */
  account: z.string().min(1).max(200).optional(),
  ...decision,
});
export type ReHireRequest = z.infer<typeof ReHireRequest>;

/** Whose refused leaving an operator has dealt with, by key or name, and how. */
export const DismissRequest = z.strictObject({
  who: z.string().min(1).max(2_100),
  /** How often it had been refused, as the status shows it (`attempts`): what was refused since is not dealt with. */
  times: z.number().int().min(1).optional(),
  /** When it was refused first, as the status shows it: one that was settled since, and came up again, is another one. */
  since: z.iso.datetime().optional(),
  by: decision.by,
  reason: z.string().trim().min(1).max(1_000),
});
export type DismissRequest = z.infer<typeof DismissRequest>;

/** Which parked work is tried again; none: all. */
export const RetryRequest = z.strictObject({ key: z.string().min(1).max(200).optional(), ...decision });
export type RetryRequest = z.infer<typeof RetryRequest>;
