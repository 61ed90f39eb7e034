/** Gives the guard what it needs to know of one person's removals, from the store and from Coder. */
import { countOpenHolds, countRemovals, type HeldRemovals, readHeld } from '../../store/accounts/holds';
import { readBindings } from '../../store/apps/bindings';
import { readGroups } from '../../store/directory/reading';
import { countLinkedPeople } from '../../store/accounts/people';
import { type Db } from '../../store/database/database';
import { countLeavingBy } from '../../store/work/pending';
import { type Work } from '../../store/work/work';
import { type Context } from '../context/context';
import { type Rim } from '../context/rim';
import { type EntitlementKey, keyOf } from '../decide/entitlement';
import { guardPerson, type HoldReason, keepsOwners } from '../decide/guard';
import { type Actual, type Plan, type Removal, removalKey } from '../decide/plan';
import { foldName } from '../decide/rules';
import { withLease } from '../context/one-at-a-time';

export interface Guarded {
  readonly held: readonly Removal[];
  readonly reason: HoldReason;
  /** What was held or released of this person before. */
  readonly before: HeldRemovals | undefined;
  /** Removals wait for the declaration that is being dealt with; they are not held. */
  readonly deferred: boolean;
  /** Undefined: everything may go. */
  readonly allows: ((removal: Removal) => boolean) | undefined;
}

export const HOUR_MS = 3_600_000;

export interface GuardRequest {
  /** What is being dealt with: others who wait for the same reason count as well. */
  readonly work: Work;
  /** `person:<SCIM id>` */
  readonly subject: string;
  readonly deferred: boolean;
  readonly removals: readonly Removal[];
}

/** The guard's word on what one person would lose. */
export async function guardRemovals(rim: Rim, context: Context, request: GuardRequest): Promise<Guarded> {
  const { db } = rim.database;
  const { work, subject, removals } = request;
  const { app } = work;
  const before = await readHeld(db, app, subject);
  const free = { held: [], reason: 'too-many-removals' as const, before, deferred: false, allows: undefined };
  if (removals.length === 0) return free;
  if (request.deferred) return { ...free, deferred: true, allows: () => false };
  const state = context.apps.get(app)?.state;
  if (state === undefined) return free;
  const gone = await vanishedEntitlements(db, context, app);
  const recent = await countRemovals(db, app, rim.clock.now() - HOUR_MS, subject);
  const held = await countOpenHolds(db, app, 'too-many-removals', subject);
  const waiting = await countLeavingBy(db, work, WAITING_COUNTED);
  const verdict = guardPerson(removals, {
    guard: state.guard,
    // So few are always allowed: of how many does not matter then, and counting a large app takes its time.
    people: recent + held + waiting + 1 <= state.guard.minRemovals ? 0 : await countPeople(rim, app),
    recent,
    held,
    waiting,
    before:
      before === undefined
        ? undefined
        : { digest: before.digest, reason: before.reason, released: before.releasedAt !== undefined },
    vanished: removal => removal.kind !== 'account' && gone.has(keyOf(removal)),
  });
  if (verdict.reason === undefined) return free;
  const stopped = new Set(verdict.held.map(removalKey));
  return {
    held: verdict.held,
    reason: verdict.reason,
    before,
    deferred: false,
    allows: removal => !stopped.has(removalKey(removal)),
  };
}

/** More people than this lose something by one request: how many more makes no difference to a share of them. */
const WAITING_COUNTED = 10_000;
const LARGE = 1_000;
const COUNT_KEPT_MS = 10_000;
const counts = new WeakMap<Rim, Map<string, { readonly people: number; readonly at: number }>>();

/** How many people the share is of; the count of a large app is believed for some seconds. */
async function countPeople(rim: Rim, app: string): Promise<number> {
  const known = counts.get(rim) ?? new Map<string, { people: number; at: number }>();
  counts.set(rim, known);
  const before = known.get(app);
  const now = rim.clock.now();
  if (before !== undefined && now - before.at < COUNT_KEPT_MS) return before.people;
  const people = await countLinkedPeople(rim.database.db, app);
  if (people >= LARGE) known.set(app, { people, at: now });
  return people;
}

/** Mappings whose group was matched once and is gone from the directory, read now. */
export async function vanishedMappings(db: Db, context: Context, app: string): Promise<string[]> {
  const rules = context.rules.get(app);
  if (rules === undefined || rules.deleting) return [];
  const bindings = await readBindings(db, app);
  const rematch = rules.state.policies.renamedGroups === 'rematch';
  const suspects = bindings.filter(binding => rules.gives.has(binding.mapping) && (!binding.alive || rematch));
  if (suspects.length === 0) return [];
  const groups = await readGroups(db, app);
  const names = new Set(groups.map(group => foldName(group.displayName)));
  const externalIds = new Set(groups.flatMap(group => group.externalId ?? []));
  return suspects
    .map(binding => binding.mapping)
    .filter(mapping => {
      const wanted = idpGroupOf(context, app, mapping);
      if (wanted === undefined) return false;
      return 'externalId' in wanted ? !externalIds.has(wanted.externalId) : !names.has(foldName(wanted.name));
    });
}

/** What those mappings give and no mapping with a living group does. */
export async function vanishedEntitlements(db: Db, context: Context, app: string): Promise<Set<EntitlementKey>> {
  const gone = new Set<EntitlementKey>();
  const rules = context.rules.get(app);
  for (const mapping of await vanishedMappings(db, context, app))
    for (const entitlement of rules?.gives.get(mapping) ?? []) gone.add(keyOf(entitlement));
  return gone;
}

/** The group that a mapping reads, as declared. */
export function idpGroupOf(
  context: Context,
  app: string,
  mapping: string,
): { readonly name: string } | { readonly externalId: string } | undefined {
  const state = context.apps.get(app)?.state;
  const [kind, ...rest] = mapping.split('/');
  const name = rest.join('/');
  const declared =
    kind === 'groupMappings'
      ? state?.groupMappings[name]
      : kind === 'roleMappings'
        ? state?.roleMappings[name]
        : state?.organizationMappings[name];
  if (declared === undefined) return undefined;
  if (declared.idpGroupExternalId !== undefined) return { externalId: declared.idpGroupExternalId };
  return { name: declared.idpGroup ?? '' };
}

export type OwnersKept =
  | { readonly passes: true }
  | {
      readonly passes: false;
      readonly guarded: Omit<Guarded, 'allows'>;
      readonly allows: (removal: Removal) => boolean;
    };

/** Whether a plan takes an active owner. */
export function takesOwner(plan: Plan, actual: Pick<Actual, 'status' | 'siteRoles'>): boolean {
  if (actual.status !== 'active' || !actual.siteRoles.includes('owner')) return false;
  return plan.steps.some(
    step =>
      step.kind === 'suspend' ||
      step.kind === 'delete' ||
      (step.kind === 'site-roles' && step.before.includes('owner') && !step.after.includes('owner')),
  );
}

/**
 * Runs `task` knowing whether enough active owners stay when this plan is applied; while it runs, nobody else takes one.
 */
export async function withOwnersKept(
  rim: Rim,
  context: Context,
  plan: Plan,
  actual: Actual,
  task: (kept: OwnersKept) => Promise<void>,
): Promise<void> {
  if (!takesOwner(plan, actual)) {
    await task({ passes: true });
    return;
  }
  await rim.turns.take('owners', () =>
    withLease(rim.database.db, 'owners', rim.owner, rim.clock, async () => {
      let owners = 0;
      for await (const owner of rim.coder.listOwners())
        if (owner.status === 'active' && !owner.serviceAccount) owners += 1;
      if (keepsOwners(owners, context.minOwners)) {
        await task({ passes: true });
        return;
      }
      const isOwner = (removal: Removal): boolean =>
        removal.kind === 'account' || (removal.kind === 'site-role' && removal.target === 'owner');
      await task({
        passes: false,
        guarded: { held: plan.removals.filter(isOwner), reason: 'last-owner', before: undefined, deferred: false },
        allows: removal => !isOwner(removal),
      });
    }),
  );
}
