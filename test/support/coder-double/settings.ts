/** What kind of Coder the double plays, and what it defaults to. */
import { systemChance, type Chance } from './state/chance';
import { systemClock, type Clock } from './state/clock';
import { foldOf, type DatabaseLocale, type Fold } from './state/letters';
import { type Latency } from './weather/latency';

/** The releases whose answers differ in ways that a client must tolerate. */
export type CoderVersion = 'v2.36.0' | 'v2.29.19';

export interface CoderDoubleOptions {
  /** Port on 127.0.0.1. @default 0 (a free one) */
  readonly port?: number;
  /** Session token of the first owner, `testuser`. @default a fresh one */
  readonly token?: string;
  /** @default 'v2.36.0' */
  readonly version?: CoderVersion;
  /** Requests a minute for each user and path; 0 or less switches the limit off. @default 512 */
  readonly rateLimitPerMinute?: number;
  /** Whether a Premium licence is installed. @default true */
  readonly licence?: boolean;
  /** Whether OIDC is configured. @default true */
  readonly oidc?: boolean;
  /** Whether an unknown person may sign up by OIDC. @default true */
  readonly oidcAllowSignups?: boolean;
  /** CODER_AI_GATEWAY_ENABLED. @default true */
  readonly aiGateway?: boolean;
  /** Claim that site roles are taken from; empty means site role sync is off. @default '' */
  readonly oidcUserRoleField?: string;
  /** Locale of the database: which letters it takes for the same in e-mails and usernames. @default 'C' (A to Z alone) */
  readonly databaseLocale?: DatabaseLocale;
  /** People that the licence allows; more are warned of and not refused. @default no limit */
  readonly userLimit?: number;
  /**
   * How long a group PATCH or the creation of a user stays in flight, so that calls sent at once overlap. A test that
   * counts on an overlap sets some hundreds, because a busy machine may take that long to bring the calls in.
   *
   * @default 3
   */
  readonly flightMilliseconds?: number;
  /** Extra time of each route. @default none; `recordedLatency` resembles one real machine */
  readonly latency?: Latency;
  /** @default the system's clock */
  readonly clock?: Clock;
  /** Where ids and secrets come from. @default random ones; `seededChance(n)` gives the same in every run */
  readonly chance?: Chance;
}

export interface Settings {
  readonly version: CoderVersion;
  /** True for the shape of v2.29: no service accounts, no single member, no group members page, no roles at creation. */
  readonly old: boolean;
  readonly rateLimitPerMinute: number;
  /** Ends, and is put in again. */
  licence: boolean;
  readonly oidc: boolean;
  readonly oidcAllowSignups: boolean;
  readonly aiGateway: boolean;
  /** Coder is started again with another one. */
  oidcUserRoleField: string;
  /** How the database puts text in small letters before it compares. */
  readonly fold: Fold;
  readonly userLimit: number | undefined;
  readonly flightMilliseconds: number;
  readonly latency: Latency;
  readonly clock: Clock;
  readonly chance: Chance;
}

export function settle(options: CoderDoubleOptions): Settings {
  const version = options.version ?? 'v2.36.0';
  return {
    version,
    old: version === 'v2.29.19',
    rateLimitPerMinute: options.rateLimitPerMinute ?? 512,
    licence: options.licence ?? true,
    oidc: options.oidc ?? true,
    oidcAllowSignups: options.oidcAllowSignups ?? true,
    aiGateway: options.aiGateway ?? true,
    oidcUserRoleField: options.oidcUserRoleField ?? '',
    fold: foldOf(options.databaseLocale ?? 'C'),
    userLimit: options.userLimit,
    flightMilliseconds: options.flightMilliseconds ?? 3,
    latency: options.latency ?? (() => 0),
    clock: options.clock ?? systemClock,
    chance: options.chance ?? systemChance,
  };
}
