/** What is measured for docs/performance.md: settings by name, each with who takes part. */
import { type MeasuredServer } from './server';
import { type Contestants, type Figures, type Setting, sideBySide } from './rounds';

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

const SMALL = {
  users: 1_000,
  groups: 100,
  groupSize: 10,
  parallel: 16,
  rounds: 5,
  people: 150,
  peopleAtFirst: 143,
} as const;
const LARGE = { ...SMALL, users: 10_000, groups: 10, groupSize: 1_000 } as const;

/** Ways to start the bridge of this checkout. */
export interface Bridges {
  readonly unmapped: () => Promise<MeasuredServer>;
  readonly mapped: () => Promise<MeasuredServer>;
  /** Undefined without a Postgres on the machine. */
  readonly postgres: (() => Promise<MeasuredServer>) | undefined;
}

/** @param quick seconds instead of minutes: to see that it works */
export function partsOf(bridges: Bridges, others: Contestants, quick: boolean): readonly Part[] {
  const shrunk = (setting: Setting): Setting =>
    quick ? { ...setting, users: 10, groups: 4, groupSize: 2, rounds: 1, people: 4, peopleAtFirst: 2 } : setting;
  const name = 'coder-scim, SQLite';
  return [
    {
      title: 'Okta, 1,000 users, groups of 10',
      setting: shrunk({ ...SMALL, mix: 'okta' }),
      contestants: {
        [name]: bridges.unmapped,
        'coder-scim, mapped': bridges.mapped,
        ...(bridges.postgres && { 'coder-scim, Postgres': bridges.postgres }),
        ...others,
      },
    },
    {
      title: 'Entra, 1,000 users, groups of 10',
      setting: shrunk({ ...SMALL, mix: 'entra' }),
      contestants: { [name]: bridges.unmapped, ...others },
    },
    {
      title: 'Okta, 10,000 users, groups of 1,000',
      setting: shrunk({ ...LARGE, mix: 'okta' }),
      contestants: { [name]: bridges.unmapped, ...others },
    },
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
