/**
 * The guard's word on what a person would lose and gain, reserved in the ledger in the transaction that decides, before
 * anything is taken or given. One app's ledger is written by one at a time, across requests and replicas.
 */
import { type HeldRemovals, listOpenHoldsOf, readHeld } from '../../store/accounts/holds';
import { lockLedger, type LedgerKind, type OthersQuestion, reserve } from '../../store/accounts/ledger';
import { countPeopleIn } from '../../store/accounts/people';
import { type Db } from '../../store/database/database';
import { causesIn } from '../../store/work/causes';
import { type Work } from '../../store/work/work';
import { type Context } from '../decide/context';
import { type Rim } from '../context/rim';
import { vanishedEntitlements } from '../context/vanished-groups';
import { type EntitlementKey, keyOf } from '../decide/entitlement';
import {
  areHeldGains,
  gainLimit,
  gainsOf,
  guardPerson,
  HELD_AS,
  type HoldReason,
  HOUR_MS,
  removalLimit,
} from '../decide/guard';
import { type PersonDecision } from '../decide/person';
import { gainKey, type GuardedGain, type Plan, type Removal, removalKey } from '../decide/plan';
import { countOthers } from '../observe/same-request';

export interface Guarded {
  readonly held: readonly Removal[];
  readonly heldGains: readonly GuardedGain[];
  /** One for each ledger that stopped something. */
  readonly reasons: readonly HoldReason[];
  /** What was held or released of this person before. */
  readonly before: HeldRemovals | undefined;
  /** Removals wait for the declaration that is being dealt with; they are not held. */
  readonly deferred: boolean;
  readonly allows: (removal: Removal) => boolean;
  readonly allowsGain: (gain: GuardedGain) => boolean;
  /** An app in which removals of somebody who is the same account are held: they wait there. */
  readonly waitsFor: string | undefined;
}

/** A decision, with the guard's word on it. */
export interface Decided {
  readonly decision: PersonDecision;
  readonly guarded: Guarded;
}

export interface ReserveRequest {
  /** What is being dealt with: others who wait for the same reason count as well. */
  readonly work: Work;
  /** `person:<SCIM id>` */
  readonly subject: string;
  /** What was held or released of the person, when they were observed. */
  readonly before: HeldRemovals | undefined;
  readonly deferred: boolean;
  /** The directory itself says that the person leaves. */
  readonly leaves: boolean;
  /** The person is to come in by this app: what others who are the same account gain is theirs to ask for, and not held here. */
  readonly asks: boolean;
  readonly plans: readonly Plan[];
  /** `person:<SCIM id>` of people of other apps who are the same accounts. */
  readonly sharers: readonly string[];
}

const yes = (): boolean => true;

/** The guard's word on one person's plans; what passes is in the ledger from then on. */
export async function reserveChanges(rim: Rim, context: Context, request: ReserveRequest): Promise<Guarded> {
  const { work, subject } = request;
  const { app } = work;
  const removals = distinct(
    request.plans.flatMap(plan => plan.removals),
    removalKey,
  );
  const allGains = distinct(
    request.plans.flatMap(plan => plan.guardedGains),
    gainKey,
  );
  const gains = request.asks ? allGains : [];
  const free: Guarded = {
    held: [],
    heldGains: [],
    reasons: [],
    before: request.before,
    deferred: request.deferred && removals.length > 0,
    allows: request.deferred ? () => false : yes,
    allowsGain: request.asks || allGains.length === 0 ? yes : () => false,
    waitsFor: undefined,
  };
  const state = context.apps.get(app)?.state;
  if (state === undefined || (removals.length === 0 && gains.length === 0)) return free;
  const gone =
    request.leaves || removals.length === 0
      ? new Set<EntitlementKey>()
      : await vanishedEntitlements(rim.database.db, context, app);
  // On the disk before anything is taken: whatever asks Coder for that waits for a later transaction.
  const { value } = await rim.database.commit(async (db): Promise<Guarded> => {
    await lockLedger(db, app);
    const before = await readHeld(db, app, subject);
    const scene = { rim, db, context, request, gone, before };
    // What one app may not take or give, no other one does that happens to look at the same account.
    const elsewhere = await listOpenHoldsOf(db, request.sharers);
    // Whoever leaves altogether waits for no plan of another app; whoever is too many among leavers there, is so here.
    const locksOut = request.leaves && removals.some(({ kind }) => kind === 'account');
    const isWaitedFor = locksOut ? isAboutLeaving : isAboutLosses;
    const lossesWaitFor =
      removals.length === 0 ? undefined : elsewhere.find(({ reasons }) => reasons.some(isWaitedFor))?.app;
    const gainsWaitFor = gains.length === 0 ? undefined : elsewhere[0]?.app;
    const deferred = request.deferred || lossesWaitFor !== undefined;
    const lost = deferred ? [] : removals;
    const losing = await judgeRemovals(scene, lost, gains);
    const gaining = elsewhere.length > 0 ? NOTHING_HELD : await judgeGains(scene, gains, lost);
    const stopped = new Set(losing.held.map(removalKey));
    const stoppedGains = new Set(gaining.held.map(gainKey));
    return {
      ...free,
      before,
      held: losing.held,
      heldGains: gaining.held,
      reasons: [...losing.reasons, ...gaining.reasons],
      deferred: deferred && removals.length > 0,
      waitsFor: lossesWaitFor ?? gainsWaitFor,
      allows: deferred ? () => false : removal => !stopped.has(removalKey(removal)),
      allowsGain: !request.asks || elsewhere.length > 0 ? () => false : gain => !stoppedGains.has(gainKey(gain)),
    };
  });
  return value;
}

const NOTHING_HELD = { held: [], reasons: [] } as const;

const isAboutLeaving = (reason: string): boolean => (HELD_AS.leaving as readonly string[]).includes(reason);

const isAboutLosses = (reason: string): boolean =>
  ([...HELD_AS.removal, ...HELD_AS.leaving] as readonly string[]).includes(reason);

interface Scene {
  readonly rim: Rim;
  readonly db: Db;
  readonly context: Context;
  readonly request: ReserveRequest;
  readonly gone: ReadonlySet<EntitlementKey>;
  readonly before: HeldRemovals | undefined;
}

async function judgeRemovals(
  { rim, db, context, request, gone, before }: Scene,
  removals: readonly Removal[],
  gains: readonly GuardedGain[],
): Promise<{ held: readonly Removal[]; reasons: readonly HoldReason[] }> {
  const { work, subject, leaves } = request;
  const guard = context.apps.get(work.app)?.state.guard;
  if (guard === undefined || removals.length === 0) return NOTHING_HELD;
  const kind: LedgerKind = leaves ? 'leaving' : 'removal';
  const now = rim.clock.now();
  const peopleFor = (counted: number): Promise<number> =>
    // So few are always allowed: of how many does not matter then, and counting a large app takes its time.
    counted + 1 <= guard.minRemovals ? Promise.resolve(0) : countPeople(rim, db, work.app);
  const others = await countOthers(db, context, question(request, kind, now, before), async counted =>
    removalLimit(guard, await peopleFor(counted)),
  );
  const verdict = guardPerson(removals, {
    guard,
    people: await peopleFor(others),
    others,
    before: before === undefined ? undefined : { ...before, released: before.releasedAt !== undefined },
    gains,
    leaves,
    vanished: removal => isVanished(gone, removal),
  });
  // What goes beside something that is held counts as well.
  if (verdict.held.length < removals.length)
    await reserve(db, { app: work.app, kind, subject, at: now }, verdict.reason === undefined && verdict.released);
  return verdict.reason === undefined ? NOTHING_HELD : { held: verdict.held, reasons: [verdict.reason] };
}

function question(
  { work, subject }: ReserveRequest,
  kind: LedgerKind,
  now: number,
  before: HeldRemovals | undefined,
): OthersQuestion {
  const heldUnder = before?.releasedAt === undefined ? causesIn(before?.cause) : [];
  const causes = [...new Set([...work.causes, ...heldUnder])];
  return { app: work.app, kind, since: now - HOUR_MS, subject, causes, heldAs: HELD_AS[kind] };
}

const isVanished = (gone: ReadonlySet<EntitlementKey>, removal: Removal): boolean =>
  removal.kind !== 'account' && gone.has(keyOf(removal));

const GAIN_REASONS = { activation: 'too-many-activations', privilege: 'too-many-privileges' } as const;

async function judgeGains(
  { rim, db, context, request, gone, before }: Scene,
  gains: readonly GuardedGain[],
  removals: readonly Removal[],
): Promise<{ held: readonly GuardedGain[]; reasons: readonly HoldReason[] }> {
  const { work, subject } = request;
  const guard = context.apps.get(work.app)?.state.guard;
  if (guard === undefined) return NOTHING_HELD;
  const held: GuardedGain[] = [];
  const reasons: HoldReason[] = [];
  const now = rim.clock.now();
  for (const kind of ['activation', 'privilege'] as const) {
    const some = gainsOf(gains, kind);
    const [first] = some;
    if (first === undefined) continue;
    const sets = [true, false].map(vanished => removals.filter(removal => isVanished(gone, removal) === vanished));
    sets.push([...removals]);
    const known = before !== undefined && areHeldGains(before, some, gains, sets);
    const passes = known && before.releasedAt !== undefined;
    // What was held stays so until it is released, whoever asks the next time.
    if (known && !passes && before.reasons.includes(GAIN_REASONS[kind])) {
      held.push(...some);
      reasons.push(GAIN_REASONS[kind]);
      continue;
    }
    if (!passes) {
      const limit = async (counted: number): Promise<number> => {
        const few = kind === 'privilege' || counted + 1 <= guard.minRemovals;
        return gainLimit(first, guard, few ? 0 : await countPeople(rim, db, work.app));
      };
      const others = await countOthers(db, context, question(request, kind, now, before), limit);
      if (others + 1 > (await limit(others))) {
        held.push(...some);
        reasons.push(GAIN_REASONS[kind]);
        continue;
      }
    }
    await reserve(db, { app: work.app, kind, subject, at: now }, passes);
  }
  return { held, reasons };
}

function distinct<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...new Map(items.map(item => [key(item), item])).values()];
}

const LARGE = 250;
const COUNT_KEPT_MS = 10_000;
const counts = new WeakMap<Rim, Map<string, { readonly people: number; readonly at: number }>>();

/** How many people the share is of; the count of a large app is believed for some seconds. */
async function countPeople(rim: Rim, db: Db, app: string): Promise<number> {
  const known = counts.get(rim) ?? new Map<string, { people: number; at: number }>();
  counts.set(rim, known);
  const before = known.get(app);
  const now = rim.clock.now();
  if (before !== undefined && now - before.at < COUNT_KEPT_MS) return before.people;
  const people = await countPeopleIn(db, app, now - HOUR_MS);
  if (people >= LARGE) known.set(app, { people, at: now });
  return people;
}
