/**
 * The identity provider's own book: what it was told is done. A request without an answer may have been done or not, so
 * it leaves every state that is possible; the next answered request, or a reading at the end, decides.
 */

export interface PersonState {
  readonly userName: string;
  readonly email: string;
  readonly fullName: string;
  readonly active: boolean;
}

/** A human: a deletion and a new creation are the same one, and so is whoever has another address from now on. */
export class PersonEntry {
  /** Undefined while nobody was told an id. */
  id: string | undefined;
  /** null: not in the directory. */
  possible: (PersonState | null)[] = [null];
  /** Nothing is asked of it any more: whether it is there was left unanswered. */
  lostSight = false;
  /** How many times it was created. */
  creations = 0;
  renames = 0;
  /** Every address that was ever sent for them. */
  readonly addresses: string[];

  /** @param key what tells them apart in this book, and is the beginning of every name and address of theirs */
  constructor(readonly key: string) {
    this.addresses = [`${key}@kill.example`];
  }

  /** The address that they have, as far as is known. */
  get email(): string {
    return this.latest?.email ?? this.addresses.at(-1) ?? '';
  }

  /** What it is for certain; undefined: unknown, or not there. */
  get certain(): PersonState | undefined {
    return this.possible.length === 1 ? (this.possible[0] ?? undefined) : undefined;
  }

  get present(): boolean {
    return !this.lostSight && this.id !== undefined && this.possible.every(state => state !== null);
  }

  /** The last state that it may be in. */
  get latest(): PersonState | undefined {
    return this.possible.at(-1) ?? undefined;
  }

  /** Was answered: it is so. */
  settle(change: (before: PersonState) => PersonState): void {
    this.possible = distinct(this.possible.map(state => (state === null ? null : change(state))));
  }

  /** Was not answered: it may be so. */
  doubt(change: (before: PersonState) => PersonState): void {
    this.possible = distinct([
      ...this.possible,
      ...this.possible.map(state => (state === null ? null : change(state))),
    ]);
  }
}

export class GroupEntry {
  id: string | undefined;
  possibleNames: string[];
  /** Whether it is in the directory, as far as is known. */
  possible: boolean[] = [false];
  lostSight = false;
  /** By the key of a person; who is not in here is no member. */
  readonly members = new Map<string, 'in' | 'maybe'>();

  constructor(
    /** The name it had first: what tells it apart in this book. */
    readonly key: string,
    /** A mapping names it: it is never renamed nor deleted, as the guard would stop that. */
    readonly mapped: boolean,
  ) {
    this.possibleNames = [key];
  }

  get present(): boolean {
    return !this.lostSight && this.id !== undefined && this.possible.every(Boolean);
  }

  /** The last name that it may have. */
  get name(): string {
    return this.possibleNames.at(-1) ?? '';
  }
}

export class DirectoryModel {
  readonly people = new Map<string, PersonEntry>();
  readonly groups: GroupEntry[] = [];

  presentPeople(): PersonEntry[] {
    return [...this.people.values()].filter(person => person.present);
  }

  presentGroups(): GroupEntry[] {
    return this.groups.filter(group => group.present);
  }

  /** A deleted user is in no group any more. */
  forgetMemberships(person: string): void {
    for (const group of this.groups) group.members.delete(person);
  }
}

function distinct<T>(states: readonly T[]): T[] {
  return [...new Map(states.map(state => [JSON.stringify(state), state])).values()];
}
