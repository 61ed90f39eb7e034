/** What every part of the identity provider has: its book, its way to the bridges, its losses, and its turn with others. */
import { type DirectoryModel, type PersonEntry } from './directory-model';
import { type Claim, type Locks } from './locks';
import { type Random } from '../random';
import { type Answer, type ScimClient } from './scim-client';

export class Caller {
  /** Answers that contradict the book: something that was acknowledged is not there. */
  readonly losses: string[] = [];

  constructor(
    readonly model: DirectoryModel,
    readonly scim: ScimClient,
    private readonly locks: Locks,
    readonly random: Random,
    /** The beginning of the keys of everybody and everything that this one makes. */
    readonly name: string,
  ) {}

  async lookUp(resource: 'Users' | 'Groups', filter: string): Promise<string | undefined> {
    const { Resources } = await this.scim.read(`/${resource}?filter=${encodeURIComponent(filter)}`);
    const [first] = (Resources ?? []) as { id: string }[];
    return first?.id;
  }

  accepted(answer: Answer, wanted: readonly number[], what: string): boolean {
    if (wanted.includes(answer.status)) return true;
    this.lose(`${what} answered ${answer.status}: ${JSON.stringify(answer.body).slice(0, 300)}`);
    return false;
  }

  lose(what: string): void {
    this.losses.push(what);
  }

  /** Does a task while nobody else is at the same things. @returns false when somebody is */
  async holding(claims: readonly Claim[], task: () => Promise<void>): Promise<boolean> {
    const release = this.locks.take(claims);
    if (release === undefined) return false;
    try {
      await task();
      return true;
    } finally {
      release();
    }
  }
}

export function asShared({ key }: PersonEntry): Claim {
  return { key, shared: true };
}

export function idsOf(people: readonly PersonEntry[]): string[] {
  return people.flatMap(({ id }) => id ?? []);
}
