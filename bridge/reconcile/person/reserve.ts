/**
 * The guard's word on what a person would lose and gain, reserved in the ledger in the transaction that decides, before
 * anything is taken or given. One app's ledger is written by one at a time, across requests and replicas.
 */
import { type Guard } from '../../contract/mapping-state';
import { type HeldRemovals, listOpenHoldsOf, readHeld } from '../../store/accounts/holds';
import {
  lockLedger,
  type LedgerKind,
  type OthersQuestion,
  putBack,
  reserve,
  reserveAnew,
  type Reserved,
} from '../../store/accounts/ledger';
import { countPeopleIn } from '../../store/accounts/people';
import { type Db } from '../../store/database/database';
import { causesIn, leavingCauses } from '../../store/work/causes';
import { isOwedPeople, waitingWork, type WaitingWork } from '../../store/work/pending';
import { type Work } from '../../store/work/work';
import { type Context } from '../decide/context';
import { type Rim } from '../context/rim';
import { NOTHING_VANISHED, vanishedLosses } from '../context/vanished-groups';
import {
  areHeldGains,
  gainLimit,
  gainsOf,
  guardPerson,
  HELD_AS,
  type HeldBefore,
  type HoldReason,
  HOUR_MS,
  isAboutLeaving,
  removalLimit,
} from '../decide/guard';
import { sayGain, sayRemoval } from '../decide/entitlement-text';
import { type PersonDecision } from '../decide/person';
import { gainKey, type GuardedGain, type Plan, type Removal, removalKey } from '../decide/plan';
import { countOthers } from '../observe/same-request';
import { wasWithin } from '../../contract/was-within';

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
  /** Why another look is needed. */
  readonly waits: Waits | undefined;
  /** What was reserved of whoever leaves, to be put back where nothing is taken. */
  readonly leavings: readonly Reserved[];
}

/**
 * - `declaration`: what would be lost waits until the declaration that is being dealt with is applied
 * - `other-app`: another app, whose person is the same account, has yet to say what of this it holds
 * - `rest-of-request`: not everybody whom the same request is about is queued yet, so that nobody knows how many they are
 *
 * `until`: when to look again, in milliseconds.
 */
export type Waits =
  { readonly for: 'declaration' } | { readonly for: 'other-app' | 'rest-of-request'; readonly until: number };

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
  /** What the person loses by having left was counted before. */
  readonly isCounted: boolean;
  /** The person is to come in by this app: what others who are the same account gain is theirs to ask for, and not held here. */
  readonly asks: boolean;
  readonly plans: readonly Plan[];
  /** People of other apps who are the same accounts. */
  readonly sharers: readonly Sharer[];
}

/** Somebody of another app who is the same account. */
export interface Sharer {
  readonly app: string;
  /** `person:<SCIM id>` */
  readonly subject: string;
  /** The directory itself says that they leave. */
  readonly leaves: boolean;
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
    waits: request.deferred && removals.length > 0 ? { for: 'declaration' } : undefined,
    leavings: [],
  };
  const state = context.apps.get(app)?.state;
  if (state === undefined || (removals.length === 0 && gains.length === 0)) return free;
  const { sharers } = request;
  // On the disk before anything is taken: whatever asks Coder for that waits for a later transaction.
  const { value } = await rim.database.commit(async (db): Promise<Guarded> => {
    // Always in the same order, so that no two wait for each other.
    for (const name of [...new Set([app, ...sharers.map(sharer => sharer.app)])].sort()) await lockLedger(db, name);
    const before = await readHeld(db, app, subject);
    // What one app may not take or give, no other one does that happens to look at the same account.
    const elsewhere = await listOpenHoldsOf(
      db,
      sharers.map(sharer => sharer.subject),
    );
    // Whoever leaves altogether waits for no plan of another app; whoever is too many among leavers there, is so here.
    const leavesAll = request.leaves && sharers.every(({ leaves }) => leaves);
    const locksOut = leavesAll && removals.some(({ kind }) => kind === 'account');
    const isWaitedFor = locksOut ? isAboutLeaving : isAboutLosses;
    const lossesWaitFor =
      removals.length === 0 ? undefined : elsewhere.find(({ reasons }) => reasons.some(isWaitedFor))?.app;
    const gainsWaitFor = gains.length === 0 ? undefined : elsewhere[0]?.app;
    const isWaiting = request.deferred || lossesWaitFor !== undefined;
    const judging = { rim, db, context };
    const judged = async (party: Party): Promise<Judgement> => {
      const lost = isWaiting || (party.leaves && request.isCounted) ? [] : removals;
      const losing = await judgeRemovals(judging, party, lost, gains);
      const gaining = elsewhere.length > 0 ? NOTHING_HELD : await judgeGains(judging, party, gains, lost);
      return { losing, gaining };
    };
    const own = await judged({ app, subject, leaves: request.leaves, causes: work.causes, before });
    const { waitsUntil, others } = await askOthers(judging, sharers, locksOut, judged);
    const waits =
      waitsUntil === undefined
        ? await restOfRequest(judging, app, request.leaves)
        : ({ for: 'other-app', until: waitsUntil } as const);
    const leavings: Reserved[] = [];
    if (waits === undefined)
      for (const { losing, gaining } of [own, ...others])
        for (const entry of [...losing.entries, ...gaining.entries])
          if (entry.kind === 'leaving') leavings.push(await reserveAnew(db, entry, entry.released));
          else await reserve(db, entry, entry.released);
    const deferred = isWaiting || waits !== undefined;
    const { losing, gaining } = own;
    const stopped = new Set(losing.held.map(removalKey));
    const stoppedGains = new Set(gaining.held.map(gainKey));
    const gives = request.asks && elsewhere.length === 0 && waits === undefined;
    return {
      ...free,
      before,
      held: losing.held,
      heldGains: gaining.held,
      reasons: [...losing.reasons, ...gaining.reasons],
      deferred: deferred && removals.length > 0,
      waitsFor: lossesWaitFor ?? gainsWaitFor,
      waits: waits ?? free.waits,
      allows: deferred ? () => false : removal => !stopped.has(removalKey(removal)),
      allowsGain: gives ? gain => !stoppedGains.has(gainKey(gain)) : () => false,
      leavings,
    };
  });
  return value;
}

/**
 * Of whoever leaves nothing was taken, and nothing that was asked for can come any more: that is tried on, for as long as a right is missing, and
 * keeps nobody else in meanwhile. Each try is judged anew.
 */
export async function putBackLeavings(rim: Rim, { leavings }: Pick<Guarded, 'leavings'>): Promise<void> {
  if (leavings.length === 0) return;
  await rim.database.transact(async db => {
    for (const name of [...new Set(leavings.map(({ app }) => app))].sort()) await lockLedger(db, name);
    for (const reserved of leavings) await putBack(db, reserved);
  });
}

/** On whose behalf the guard is asked: one app, and its person who is the account. */
interface Party {
  readonly app: string;
  readonly subject: string;
  readonly leaves: boolean;
  /** Why they are dealt with. */
  readonly causes: readonly string[];
  /** What is held or was released of them. */
  readonly before: HeldRemovals | undefined;
}

interface Entry {
  readonly app: string;
  readonly kind: LedgerKind;
  readonly subject: string;
  readonly at: number;
  readonly released: boolean;
}

/** What of something is held, and what of it is to be in the ledger when the rest goes. */
interface Verdict<T> {
  readonly held: readonly T[];
  readonly reasons: readonly HoldReason[];
  readonly entries: readonly Entry[];
}

interface Judgement {
  readonly losing: Verdict<Removal>;
  readonly gaining: Verdict<GuardedGain>;
}

interface Judging {
  readonly rim: Rim;
  readonly db: Db;
  readonly context: Context;
}

/** How long a declaration of another app is waited for before another look, and somebody who is dealt with there. */
const DECLARED_PAUSE_MS = 1_000;
const DEALT_WITH_PAUSE_MS = 200;
const PARKED_PAUSE_MS = 60_000;

/**
 * What other apps have been told and not dealt with yet is part of what is seen here. They hold what they would have held, whoever comes to
 * the account first.
 * @param locksOut whoever leaves altogether waits for nothing that is declared
 */
async function askOthers(
  { rim, db, context }: Judging,
  sharers: readonly Sharer[],
  locksOut: boolean,
  judged: (party: Party) => Promise<Judgement>,
): Promise<{ readonly waitsUntil: number | undefined; readonly others: readonly Judgement[] }> {
  if (sharers.length === 0) return { waitsUntil: undefined, others: [] };
  const now = rim.clock.now();
  const waits: number[] = [];
  const others: Judgement[] = [];
  const keys = sharers.flatMap(({ app, subject }) => [subject, `app:${app}`]);
  const queued = new Map((await waitingWork(db, keys)).map(waiting => [waiting.key, waiting]));
  const waitFor = (waiting: WaitingWork | undefined, pauseMs: number): void => {
    waits.push(now + (waiting?.parked === true ? PARKED_PAUSE_MS : pauseMs));
  };
  for (const sharer of sharers) {
    const app = context.apps.get(sharer.app);
    if (app === undefined) continue;
    if (!locksOut && (app.appliedGeneration !== app.generation || (await isOwedPeople(db, sharer.app))))
      waitFor(queued.get(`app:${sharer.app}`), DECLARED_PAUSE_MS);
    const waiting = queued.get(sharer.subject);
    if (waiting === undefined) continue;
    const before = await readHeld(db, sharer.app, sharer.subject);
    const judgement = await judged({ ...sharer, causes: waiting.causes, before });
    others.push(judgement);
    if (judgement.losing.held.length + judgement.gaining.held.length > 0)
      waitFor(waiting, Math.max(DEALT_WITH_PAUSE_MS, waiting.dueAt - now));
  }
  return { waitsUntil: waits.length === 0 ? undefined : Math.max(...waits), others };
}

/** On Postgres everybody whom a request is about is queued with it. */
async function restOfRequest({ rim, db }: Judging, app: string, leaves: boolean): Promise<Waits | undefined> {
  if (leaves || rim.database.backend !== 'sqlite' || !(await isOwedPeople(db, app))) return undefined;
  return { for: 'rest-of-request', until: rim.clock.now() + DEALT_WITH_PAUSE_MS };
}

const NOTHING_HELD = { held: [], reasons: [], entries: [] } as const;

const isAboutLosses = (reason: string): boolean =>
  ([...HELD_AS.removal, ...HELD_AS.leaving] as readonly string[]).includes(reason);

async function judgeRemovals(
  { rim, db, context }: Judging,
  party: Party,
  removals: readonly Removal[],
  gains: readonly GuardedGain[],
): Promise<Verdict<Removal>> {
  const { app, subject, leaves, before } = party;
  const guard = context.apps.get(app)?.state.guard;
  if (guard === undefined || removals.length === 0) return NOTHING_HELD;
  const vanished = leaves ? NOTHING_VANISHED : await vanishedLosses(db, context, app, rim.clock.now());
  const kind: LedgerKind = leaves ? 'leaving' : 'removal';
  const now = rim.clock.now();
  const judge = async () => {
    const peopleFor = peopleOfShare(rim, db, app, guard);
    const others = await countOthers(db, context, question(party, kind, now), async counted =>
      removalLimit(guard, await peopleFor(counted), leaves),
    );
    return guardPerson(removals, {
      guard,
      people: await peopleFor(others),
      others,
      before: before === undefined ? undefined : heldBefore(context, before),
      gains,
      leaves,
      vanished,
    });
  };
  const first = await judge();
  const verdict = first.reason === undefined || !(await isCountOld(rim, db, app)) ? first : await judge();
  const isHeld = verdict.reason !== undefined;
  return {
    held: verdict.held,
    reasons: isHeld ? [verdict.reason] : [],
    // What goes beside something that is held counts as well.
    entries:
      verdict.held.length === removals.length
        ? []
        : [{ app, kind, subject, at: now, released: !isHeld && verdict.released }],
  };
}

const heldBefore = (context: Context, { digest, reasons, changes, releasedAt }: HeldRemovals): HeldBefore => ({
  digest,
  reasons,
  released: releasedAt !== undefined,
  shows: removal => changes.includes(sayRemoval(context, removal)),
});

function question({ app, subject, causes, before }: Party, kind: LedgerKind, now: number): OthersQuestion {
  const heldUnder = before?.releasedAt === undefined ? causesIn(before?.cause) : [];
  const all = [...new Set([...causes, ...heldUnder])];
  return {
    app,
    kind,
    since: now - HOUR_MS,
    subject,
    causes: kind === 'leaving' ? leavingCauses(all) : all,
    heldAs: HELD_AS[kind],
  };
}

const GAIN_REASONS = { activation: 'too-many-activations', privilege: 'too-many-privileges' } as const;

async function judgeGains(
  { rim, db, context }: Judging,
  party: Party,
  gains: readonly GuardedGain[],
  removals: readonly Removal[],
): Promise<Verdict<GuardedGain>> {
  const { app, subject, before } = party;
  const guard = context.apps.get(app)?.state.guard;
  if (guard === undefined || gains.length === 0) return NOTHING_HELD;
  const isVanished =
    party.leaves || before === undefined || removals.length === 0
      ? NOTHING_VANISHED
      : await vanishedLosses(db, context, app, rim.clock.now());
  const entries: Entry[] = [];
  const held: GuardedGain[] = [];
  const reasons: HoldReason[] = [];
  const now = rim.clock.now();
  for (const kind of ['activation', 'privilege'] as const) {
    const some = gainsOf(gains, kind);
    const [first] = some;
    if (first === undefined) continue;
    const sets = [true, false].map(vanished => removals.filter(removal => isVanished(removal) === vanished));
    sets.push([...removals]);
    const known = before !== undefined && areHeldGains(before, some, gains, sets);
    const isShown = (gain: GuardedGain): boolean => before?.changes.includes(sayGain(context, gain)) === true;
    // What is left of what was released is released.
    const passes = before?.releasedAt !== undefined && (known || some.every(isShown));
    // What was held stays so until it is released, whoever asks the next time.
    if (known && !passes && before.reasons.includes(GAIN_REASONS[kind])) {
      held.push(...some);
      reasons.push(GAIN_REASONS[kind]);
      continue;
    }
    if (!passes) {
      const isOver = async (): Promise<boolean> => {
        const peopleFor = peopleOfShare(rim, db, app, guard);
        const limit = async (counted: number): Promise<number> =>
          gainLimit(first, guard, kind === 'privilege' ? 0 : await peopleFor(counted));
        const others = await countOthers(db, context, question(party, kind, now), limit);
        return others + 1 > (await limit(others));
      };
      if ((await isOver()) && (!(await isCountOld(rim, db, app)) || (await isOver()))) {
        held.push(...some);
        reasons.push(GAIN_REASONS[kind]);
        continue;
      }
    }
    entries.push({ app, kind, subject, at: now, released: passes });
  }
  return { held, reasons, entries };
}

function distinct<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...new Map(items.map(item => [key(item), item])).values()];
}

const LARGE = 250;
const COUNT_KEPT_MS = 10_000;
/** Before somebody is held by it: many may have come since, and a leaver who is held without need stays in. */
const COUNT_HOLDS_MS = 1_000;
/** The rim of who leaves is another one, with the same context. */
const counts = new WeakMap<Rim['context'], Map<string, { readonly people: number; readonly at: number }>>();

/** How many people the share is of; the count of a large app is believed for a while. */
async function countPeople(rim: Rim, db: Db, app: string, keptMs = COUNT_KEPT_MS): Promise<number> {
  const known = counts.get(rim.context) ?? new Map<string, { people: number; at: number }>();
  counts.set(rim.context, known);
  const before = known.get(app);
  if (before !== undefined && wasWithin(rim.clock.now(), before.at, keptMs)) return before.people;
  const now = rim.clock.now();
  const { people, lookedAt } = await countPeopleIn(db, app, now - HOUR_MS);
  // Large by what it takes to count them: of many in the directory few may have an account.
  if (lookedAt >= LARGE) known.set(app, { people, at: now });
  return people;
}

/** How many people the share is of, for who comes after so many others; counted once. */
function peopleOfShare(rim: Rim, db: Db, app: string, { minRemovals }: Pick<Guard, 'minRemovals'>) {
  let people: Promise<number> | undefined;
  return async (others: number): Promise<number> =>
    // So few are always allowed: of how many does not matter then, and counting a large app takes its time.
    others + 1 <= minRemovals ? 0 : await (people ??= countPeople(rim, db, app));
}

/** Whether the people were others than were believed; they are counted anew now. */
async function isCountOld(rim: Rim, db: Db, app: string): Promise<boolean> {
  const believed = counts.get(rim.context)?.get(app)?.people;
  return believed !== undefined && (await countPeople(rim, db, app, COUNT_HOLDS_MS)) !== believed;
}
