/**
 * Faults, and the points at which they strike. A point is a call to Coder or a change that has reached the database; while the
 * weather is bad they are counted, so that the same fault can be made to strike at the same point again.
 */
import { Random } from '../time/random';

/** What goes wrong with one call to Coder, or at one commit. */
export type Fault =
  /** No connection; nothing is done. */
  | 'refused'
  /** The connection breaks before Coder has seen the call. */
  | 'cut'
  /** Coder does the work and its answer is lost. */
  | 'lost'
  /** The same, and Coder can't be reached for a while. */
  | 'lost-away'
  /** Coder does the work and answers too late. */
  | 'silent'
  /** 500, nothing is done. */
  | 'fails'
  /** 503 of what stands in front of Coder, nothing is done. */
  | 'unavailable'
  /** Coder does the work and answers 500. */
  | 'fails-after'
  /** 429, nothing is done. */
  | 'busy'
  /** The call takes seconds to arrive: others overtake it. */
  | 'late'
  /** The answer takes seconds. */
  | 'slow'
  /** The connection breaks, and Coder takes the call up all the same, half a minute later. */
  | 'overdue'
  /** The same, and the bridge is killed meanwhile. */
  | 'killed-overdue'
  /** The bridge is killed before the call leaves. */
  | 'killed-before'
  /** The bridge is killed when Coder has done the work, or the change has reached the database. */
  | 'killed'
  /** The same, and Coder can't be reached for a while. */
  | 'killed-away'
  /** The bridge stands still for longer than its leases last, before the call leaves, or when the change has reached the database. */
  | 'stands';

export const WRITE_FAULTS: readonly Fault[] = [
  'lost',
  'fails-after',
  'fails',
  'refused',
  'busy',
  'late',
  'silent',
  'killed-before',
  'killed',
  'lost-away',
  'killed-away',
  'stands',
];
export const READ_FAULTS: readonly Fault[] = ['refused', 'fails', 'killed'];
export const COMMIT_FAULTS: readonly Fault[] = ['killed', 'stands'];
/** What strikes by chance as well. At every point, one at a time, they would come to what the others come to, and cost as much again. */
const MORE_FAULTS: Readonly<Record<PointKind, readonly Fault[]>> = {
  write: ['cut', 'unavailable', 'slow', 'overdue', 'killed-overdue'],
  read: ['busy', 'slow', 'silent', 'lost', 'unavailable', 'killed-before', 'stands'],
  commit: [],
};
/** Longer than any lease of work. */
export const STANDS_MS = 20_000;

export type PointKind = 'write' | 'read' | 'commit';

export interface Point {
  readonly index: number;
  readonly kind: PointKind;
  readonly what: string;
}

export interface Strike {
  readonly point: number;
  readonly fault: Fault;
}

export interface WeatherOptions {
  /** Faults at named points. */
  readonly strikes?: readonly Strike[] | undefined;
  /** Faults by chance, at this share of the points. */
  readonly chance?: { readonly seed: number; readonly share: number; readonly most: number } | undefined;
  /** Remembers every point. */
  readonly survey?: boolean | undefined;
}

export class Weather {
  /** Coder can't be reached at all. */
  away = false;
  /** Coder can't be reached until then, by a fault. */
  awayUntil = 0;
  /** Faults strike from now on. */
  bad = false;
  /** Something went wrong, or Coder was away, so many times. */
  troubles = 0;
  readonly points: Point[] = [];
  readonly struck: Strike[] = [];
  #index = 0;
  readonly #strikes: ReadonlyMap<number, Fault>;

  constructor(private readonly options: WeatherOptions) {
    this.#strikes = new Map((options.strikes ?? []).map(({ point, fault }) => [point, fault]));
  }

  /** The fault that strikes here, if one does. */
  at(kind: PointKind, what: string): Fault | undefined {
    if (!this.bad) return undefined;
    const index = this.#index;
    this.#index += 1;
    if (this.options.survey === true) this.points.push({ index, kind, what });
    const fault = this.#strikes.get(index) ?? this.#byChance(index, kind);
    if (fault === undefined) return undefined;
    this.troubles += 1;
    this.struck.push({ point: index, fault });
    return fault;
  }

  // Drawn from the number of the point alone, so that what strikes here does not depend on what struck before.
  #byChance(index: number, kind: PointKind): Fault | undefined {
    const { chance } = this.options;
    if (chance === undefined || this.struck.length >= chance.most) return undefined;
    const random = new Random(Math.imul(chance.seed + 1, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35));
    random.next();
    const share = kind === 'commit' ? chance.share / 3 : chance.share;
    if (!random.chance(share)) return undefined;
    return random.pick([...faultsOf(kind), ...MORE_FAULTS[kind]]);
  }
}

export function faultsOf(kind: PointKind): readonly Fault[] {
  return kind === 'write' ? WRITE_FAULTS : kind === 'read' ? READ_FAULTS : COMMIT_FAULTS;
}
