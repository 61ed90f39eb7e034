/** What would change in Coder. */
import * as z from 'zod';
import { HoldSummary } from './hold';
import { Seats } from './status';

/** One change that a plan would make, in words and as data. */
export const PlannedChange = z.object({
  app: z.string(),
  subject: z.string(),
  action: z.string(),
  target: z.string().nullable(),
  before: z.string().nullable(),
  after: z.string().nullable(),
  /** Which group and mapping ask for it. */
  because: z.string().nullable(),
  removal: z.boolean(),
});
export type PlannedChange = z.output<typeof PlannedChange>;

/** What `because` of a change begins with that Coder's organization sync makes at the next sign-in. */
export const ORGANIZATION_SYNC = 'organization sync';

export const PlanReport = z.object({
  changes: z.array(PlannedChange),
  adoption: z.object({
    matched: z.array(z.object({ userName: z.string(), coderUsername: z.string(), how: z.string() })),
    created: z.array(z.string()),
    held: z.array(z.object({ userName: z.string(), reason: z.string() })),
    strangers: z.array(z.object({ coderUsername: z.string(), email: z.string(), status: z.string() })),
  }),
  problems: z.array(z.string()),
  /** What the guard would stop, one for each app. */
  holds: z.array(HoldSummary),
  /** What the changes cost in seats of Coder's licence; null when Coder does not say how many there are. */
  seats: Seats.extend({
    /** Accounts that are activated: Coder makes them active, never dormant, so each takes a seat at once. */
    taken: z.number(),
    /** New accounts: each takes a seat when its person first signs in. */
    later: z.number(),
    /** Active accounts that are locked or deleted. */
    freed: z.number(),
  }).nullable(),
});
export type PlanReport = z.output<typeof PlanReport>;
