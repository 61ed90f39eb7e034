/** Users ordered by username in any case, with membership in O(1) and places found by bisection. */

/** What the index goes by. */
export interface Indexed {
  readonly id: string;
  /** The username in lower case. */
  readonly usernameKey: string;
  readonly isSystem: boolean;
}

/** System users (the prebuilds owner) can be members of anything, yet are never listed or counted. */
export class UserIndex<User extends Indexed> implements Iterable<User> {
  private readonly sorted: User[] = [];
  private readonly byId = new Map<string, User>();

  /** How many are listed. */
  get size(): number {
    return this.sorted.length;
  }

  has(user: User): boolean {
    return this.byId.has(user.id);
  }

  /** How many there are with those who aren't listed. */
  get total(): number {
    return this.byId.size;
  }

  add(user: User): void {
    if (this.byId.has(user.id)) return;
    this.byId.set(user.id, user);
    if (!user.isSystem) this.sorted.splice(this.placeOf(user.usernameKey), 0, user);
  }

  /** Call before the username changes: the place is found by it. */
  delete(user: User): boolean {
    if (!this.byId.delete(user.id)) return false;
    const place = this.placeOf(user.usernameKey);
    if (this.sorted[place] === user) this.sorted.splice(place, 1);
    return true;
  }

  /** The rank of the first user whose key isn't below. */
  private placeOf(key: string): number {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const user = this.sorted[middle];
      if (user !== undefined && user.usernameKey < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** All that come after the user in the order, whether or not the user is here. */
  after(user: User): User[] {
    const key = user.usernameKey;
    const place = this.placeOf(key);
    const there = this.sorted[place];
    return this.sorted.slice(there !== undefined && there.usernameKey === key ? place + 1 : place);
  }

  withHidden(): Iterable<User> {
    return this.byId.values();
  }

  slice(from: number, to: number): User[] {
    return this.sorted.slice(from, to);
  }

  [Symbol.iterator](): IterableIterator<User> {
    return this.sorted[Symbol.iterator]();
  }
}
