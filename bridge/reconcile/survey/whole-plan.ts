/** What everybody of an app would lose and gain by one comparison, as one plan: the guard's word on it, for a declaration, a sweep, and a plan that is only shown. */
import { type HeldRemovals, listHolds } from '../../store/accounts/holds';
import { countReserved, type LedgerKind } from '../../store/accounts/ledger';
import { countPeopleIn } from '../../store/accounts/people';
import { type IsVanished, vanishedLosses } from '../context/vanished-groups';
import { type Context } from '../decide/context';
import { type Rim } from '../context/rim';
import { sayGain, sayRemoval } from '../decide/entitlement-text';
import {
  areHeldGains,
  areHeldLosses,
  arePartOfHeld,
  digestOf,
  gainLimit,
  gainsOf,
  guardPlan,
  type HoldReason,
  HOUR_MS,
  type Loser,
} from '../decide/guard';
import { type GuardedGain, type Removal } from '../decide/plan';
import { type Finding, plansOf } from './survey';

/** What of one person's plan is held. */
export interface HeldPart {
  readonly subject: string;
  readonly userName: string;
  readonly coderUserId: string | undefined;
  readonly digest: string;
  readonly reasons: readonly HoldReason[];
  /** In words. */
  readonly changes: readonly string[];
}

type Who = Pick<HeldPart, 'subject' | 'userName' | 'coderUserId'>;
interface Stopped {
  readonly losses: readonly Removal[];
  readonly gains: readonly GuardedGain[];
  readonly reasons: readonly HoldReason[];
}
type Gainer = Who & { readonly gains: readonly GuardedGain[]; readonly released: boolean };

export interface Judged {
  /** What is held of the plan, as a whole. */
  readonly held: readonly HeldPart[];
  /** Whether what people would lose is held. */
  readonly verdict: 'pass' | 'hold';
}

export class WholePlan {
  private readonly losers: (Loser & Who)[] = [];
  private readonly gainers: Gainer[] = [];

  private constructor(
    private readonly context: Context,
    private readonly app: string,
    private readonly isGone: IsVanished,
    private readonly holds: ReadonlyMap<string, HeldRemovals>,
  ) {}

  static async begin(rim: Rim, context: Context, app: string): Promise<WholePlan> {
    const { db } = rim.database;
    const holds = new Map((await listHolds(db, app)).map(held => [held.subject, held]));
    return new WholePlan(context, app, await vanishedLosses(db, context, app, rim.clock.now()), holds);
  }

  /** Whether something of them was held before, or is released and not done yet. */
  isHeld(subject: string): boolean {
    return this.holds.has(subject);
  }

  /** @param finding what is to be dealt with */
  add(finding: Finding): void {
    const subject = `person:${finding.userId}` as const;
    const all = plansOf(finding).flatMap(plan => plan.removals);
    const { isGone } = this;
    // What a group that is gone gave is held for that alone, and with it the account of whom it let in.
    const locksOut =
      all.some(({ kind }) => kind === 'account') && all.some(isGone) && !leavesByDirectory(finding, this.context);
    const removals = locksOut ? [] : all.filter(removal => !isGone(removal));
    const gains = finding.asks ? plansOf(finding).flatMap(plan => plan.guardedGains) : [];
    const who = { subject, userName: finding.userName, coderUserId: finding.person?.coderUserId };
    const before = this.holds.get(subject);
    const isReleased = before?.releasedAt !== undefined;
    const shows = (change: string): boolean => before?.changes.includes(change) === true;
    const areShown = (): boolean => gains.every(gain => shows(sayGain(this.context, gain)));
    if (gains.length > 0) {
      const released = isReleased && (areHeldGains(before, gains, gains, [removals]) || areShown());
      this.gainers.push({ ...who, gains, released });
    }
    if (removals.length > 0 && !leavesByDirectory(finding, this.context)) {
      const known = { reasons: before?.reasons ?? [], shows: (one: Removal) => shows(sayRemoval(this.context, one)) };
      const released = isReleased && (areHeldLosses(before, removals, gains) || arePartOfHeld(known, removals, false));
      this.losers.push({ ...who, removals, released });
    }
  }

  async judge(rim: Rim): Promise<Judged> {
    const { db } = rim.database;
    const { app, context, losers } = this;
    const guard = context.apps.get(app)?.state.guard;
    if (guard === undefined) return { held: [], verdict: 'pass' };
    const since = rim.clock.now() - HOUR_MS;
    const { people } = await countPeopleIn(db, app, since);
    // Whoever is in the plan counts once, whatever they lost or gained before.
    const recent = (kind: LedgerKind, planned: readonly Who[]): Promise<number> =>
      countReserved(
        db,
        { app, kind },
        since,
        planned.map(({ subject }) => subject),
      );
    const counted = losers.filter(({ released }) => !released);
    const verdict = guardPlan(losers, { guard, people, recent: await recent('removal', counted) });
    const held = new Map<string, Who & Stopped>();
    const stop = (who: Who, { losses, gains, reasons }: Stopped): void => {
      const before = held.get(who.subject);
      held.set(who.subject, {
        ...who,
        losses: [...(before?.losses ?? []), ...losses],
        // Of either kind alone, they are all held together.
        gains,
        reasons: [...(before?.reasons ?? []), ...reasons],
      });
    };
    if (verdict === 'hold')
      for (const { removals, released, ...who } of losers)
        if (!released) stop(who, { losses: removals, gains: [], reasons: ['plan-too-large'] });
    const gainers = this.gainers.filter(({ released }) => !released);
    for (const kind of ['activation', 'privilege'] as const) {
      const some = gainers.filter(({ gains }) => gainsOf(gains, kind).length > 0);
      const [sample] = gainsOf(some[0]?.gains ?? [], kind);
      if (sample === undefined || some.length + (await recent(kind, some)) <= gainLimit(sample, guard, people))
        continue;
      const reason = kind === 'activation' ? 'too-many-activations' : 'too-many-privileges';
      for (const { gains, released: _released, ...who } of some) stop(who, { losses: [], gains, reasons: [reason] });
    }
    return { held: [...held.values()].map(stopped => this.partOf(stopped)), verdict };
  }

  private partOf({ losses, gains, reasons, ...who }: Who & Stopped): HeldPart {
    const { context } = this;
    return {
      ...who,
      digest: digestOf(losses, gains),
      reasons,
      changes: [...losses.map(removal => sayRemoval(context, removal)), ...gains.map(gain => sayGain(context, gain))],
    };
  }
}

/** Whether a finding is the directory's own doing: somebody inactive or gone leaves, whatever is declared. */
function leavesByDirectory({ user, app }: Finding, context: Context): boolean {
  return (user === undefined || !user.active) && context.apps.get(app)?.deleting !== true;
}
