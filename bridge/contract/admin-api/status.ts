/** How the bridge and its apps stand, and what is waiting, held or parked. */
import * as z from 'zod';
import { HoldSummary } from './hold';

/** So many of each kind are listed among what waits, is held, parked or refused; all of it is counted. */
export const PENDING_LISTED = 200;

/** One thing that is waiting, held or parked. */
export const PendingItem = z.object({
  key: z.string(),
  app: z.string(),
  subject: z.string().nullable(),
  state: z.enum(['waiting', 'held', 'parked', 'refused']),
  reason: z.string(),
  attempts: z.number(),
  since: z.string(),
  /** Coder's id of the account that an operator is asked about, of somebody who came back. */
  account: z.string().optional(),
});
export type PendingItem = z.output<typeof PendingItem>;

/** Days before its expiry from which a token or client counts, and is announced, as expiring. */
export const TOKEN_WARNING_DAYS = 14;

/** A bearer token, or an OAuth client by its client id. */
export const TokenStatus = z.object({
  kind: z.enum(['token', 'client']),
  name: z.string(),
  expiresAt: z.string(),
  state: z.enum(['active', 'expiring', 'expired']),
  lastUsedAt: z.string().nullable(),
  scopes: z.array(z.string()),
});
export type TokenStatus = z.output<typeof TokenStatus>;

/** Leavers who are not known to be locked out, by what keeps them in; `since` is when the first of them left. */
const LeaversNotOut = z.array(
  z.object({
    state: z.enum(['waiting', 'parked', 'held', 'refused']),
    people: z.number(),
    since: z.string(),
  }),
);

export const AppStatus = z.object({
  app: z.string(),
  identityProvider: z.string(),
  mode: z.string(),
  generation: z.number(),
  scimBaseUrl: z.string(),
  /** Where OAuth clients of the app get access tokens; null when it has none. */
  oauthTokenUrl: z.string().nullable(),
  converged: z.boolean(),
  users: z.number(),
  activeUsers: z.number(),
  groups: z.number(),
  waiting: z.number(),
  held: z.number(),
  parked: z.number(),
  /** Refused requests that would have locked somebody out and did not go through since. */
  refused: z.number(),
  leavers: LeaversNotOut,
  lastError: z.string().nullable(),
  lastSweepAt: z.string().nullable(),
  /** When a SCIM request came last, as far as requests are kept. */
  lastRequestAt: z.string().nullable().default(null),
  tokens: z.array(TokenStatus),
  coercions: z.array(z.object({ dialect: z.string(), coercion: z.string(), count: z.number(), lastAt: z.string() })),
  /** Attributes that no schema knows and that were dropped. */
  dropped: z.array(z.object({ name: z.string(), count: z.number(), lastAt: z.string() })),
  /** Groups that mappings name and that are there without a member: until the first one comes it is as if they had not come. Each with its mapping. */
  noMemberYet: z.array(z.string()).default([]),
  /** Groups that were made empty and are being filled: they give, and take nothing before they come to rest. Each with its mapping. */
  beingFilled: z.array(z.string()).default([]),
  /** Groups that mappings name and that the identity provider never sent, each with its mapping: not assigned yet, or misspelt. */
  neverCame: z.array(z.string()).default([]),
  warnings: z.array(z.string()),
});
export type AppStatus = z.output<typeof AppStatus>;

/** An app that was deleted and is not gone: how much of it is left, whatever `pending` has room for. */
export const EndingApp = z.object({
  app: z.string(),
  waiting: z.number(),
  held: z.number(),
  parked: z.number(),
  refused: z.number(),
  /** Whoever waits is a leaver; so is the app itself, which stands for those who are not queued yet. */
  leavers: LeaversNotOut,
});
export type EndingApp = z.output<typeof EndingApp>;

/** Seats of Coder's licence; `limit` is null where the licence has none. */
export const Seats = z.object({ used: z.number(), limit: z.number().nullable() });
export type Seats = z.output<typeof Seats>;

export const Status = z.object({
  version: z.string(),
  coder: z.object({
    url: z.string(),
    reachable: z.boolean(),
    version: z.string().nullable(),
    account: z.string().nullable(),
    credentialExpiresAt: z.string().nullable(),
    problem: z.string().nullable(),
    /** Null when Coder does not say. */
    seats: Seats.nullable(),
  }),
  apps: z.array(AppStatus),
  /** Apps that were deleted and are not gone. */
  ending: z.array(EndingApp).default([]),
  /** The first few hundred of each kind. */
  pending: z.array(PendingItem),
  /** How many people are held, by what for: all of them, of all apps. */
  heldFor: z.array(z.object({ reason: z.string(), people: z.number() })).default([]),
  holds: z.array(HoldSummary),
  /** What the bridge made in Coder, nothing declares any more, and stays because somebody else uses it: in words. */
  leftOver: z.array(z.string()).default([]),
  /** Why nothing is given and nothing taken, as after a restored backup; null when all is. */
  recovery: z.string().nullable().default(null),
  /** Whether that ends when an operator ends it (`coder-scim recover`), and not by itself. */
  recoveryPending: z.boolean().default(false),
  /** What is wrong with the keeping of the audit trail; null when nothing is seen to be. */
  auditProblem: z.string().nullable().default(null),
});
export type Status = z.output<typeof Status>;
