/** What is measured for docs/performance.md: settings by name, each with who takes part. */
import { type Directory } from './bridges';
import { type Hold, holdsOf } from './holds';
import { type Contestants, type Figures, type Setting, sideBySide } from './rounds';
import { type MeasuredServer } from './server';

export interface Part {
  readonly title: string;
  readonly setting: Setting;
  readonly contestants: Contestants;
}

export interface Result {
  readonly title: string;
  readonly setting: Setting;
  readonly figures: ReadonlyMap<string, Figures>;
}

export interface HoldsResult {
  readonly title: string;
  readonly people: number;
  readonly rounds: number;
  readonly holds: ReadonlyMap<string, readonly Hold[]>;
}

/** How a bridge is to be when it starts. */
export interface How {
  /** Whether everybody has an account of Coder, and every group is one of Coder. @default false */
  readonly mapped?: boolean;
  readonly filled?: Directory;
}
export type StartBridge = (how?: How) => () => Promise<MeasuredServer>;

export interface TakePart {
  readonly sqlite: StartBridge;
  /** Undefined without a Postgres on the machine. */
  readonly postgres: StartBridge | undefined;
  readonly peers: Contestants;
  readonly floors: Contestants;
}

const SMALL = {
  users: 1_000,
  groups: 100,
  groupSize: 10,
  parallel: 16,
  warmUp: 3,
  rounds: 5,
  roundSeconds: 10,
  people: 150,
  peopleAtFirst: 143,
} as const;
const MEDIUM = { ...SMALL, users: 10_000, groups: 10, groupSize: 1_000, rounds: 3 } as const;
const LARGE = { ...SMALL, users: 100_000, groups: 1, groupSize: 100_000 } as const;
const HOLDS = { users: 100_000, rounds: 3 } as const;

const shrunk = (setting: Setting): Setting => ({
  ...setting,
  ...{ users: 10, groups: Math.min(4, setting.groups), groupSize: Math.min(8, setting.groupSize) },
  ...{ warmUp: 0, rounds: 1, people: 4, peopleAtFirst: 2 },
});

const SQLITE = 'coder-scim, SQLite';
const POSTGRES = 'coder-scim, Postgres';

/** @param quick seconds instead of minutes: to see that it works */
export function partsOf({ sqlite, postgres, peers, floors }: TakePart, quick: boolean): readonly Part[] {
  const ours = (how: How = {}): Contestants => ({
    [SQLITE]: sqlite(how),
    ...(postgres && { [POSTGRES]: postgres(how) }),
  });
  const mapped: Contestants = {
    [`${SQLITE}, mapped`]: sqlite({ mapped: true }),
    ...(postgres && { [`${POSTGRES}, mapped`]: postgres({ mapped: true }) }),
  };
  const part = (title: string, setting: Setting, contestants: (setting: Setting) => Contestants): Part => {
    const played = quick ? shrunk(setting) : setting;
    return { title, setting: played, contestants: contestants(played) };
  };
  const others = { ...peers, ...floors };
  return [
    part('Okta, 1,000 users, groups of 10', { ...SMALL, mix: 'okta' }, () => ({ ...ours(), ...mapped, ...others })),
    part('Entra, 1,000 users, groups of 10', { ...SMALL, mix: 'entra' }, () => ({ ...ours(), ...others })),
    part('Okta, 10,000 users, groups of 1,000', { ...MEDIUM, mix: 'okta' }, () => ({ [SQLITE]: sqlite(), ...others })),
    // By SCIM, a peer would be filled for minutes.
    part('Okta, 100,000 users, one group of 100,000', { ...LARGE, mix: 'okta' }, filled => ({
      ...ours({ filled }),
      ...floors,
    })),
  ];
}

export async function playSuite(parts: readonly Part[], told: (line: string) => void): Promise<Result[]> {
  const results: Result[] = [];
  for (const { title, setting, contestants } of parts) {
    told(title);
    results.push({ title, setting, figures: await sideBySide(contestants, setting, told) });
  }
  return results;
}

/** @param quick as for {@link partsOf} */
export async function playHolds(
  { sqlite, postgres }: TakePart,
  quick: boolean,
  told: (line: string) => void,
): Promise<HoldsResult> {
  const { users, rounds } = quick ? { users: 20, rounds: 1 } : HOLDS;
  const how = { filled: { users, groups: 0, groupSize: 0 } };
  const title = 'One group of 100,000, and everybody else';
  told(title);
  const holds = new Map<string, readonly Hold[]>();
  for (const [name, start] of [[SQLITE, sqlite] as const, [POSTGRES, postgres] as const])
    if (start !== undefined) holds.set(name, await holdsOf(start(how), rounds, line => told(`${name}: ${line}`)));
  return { title, people: users, rounds, holds };
}
