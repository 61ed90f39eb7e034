/** Users by e-mail in lower case: exactly, and by the last characters before the `@`. */
import { type User } from '../state/entities';

const LETTERS = 3;
const QUOTED = '"';

function endingOf(email: string): string {
  const at = email.lastIndexOf('@');
  // A quoted local part may have an `@` of its own; such an address is near to every piece.
  return email.indexOf('@') === at ? email.slice(Math.max(0, at - LETTERS), at) : QUOTED;
}

/** Users without an e-mail aren't in it. */
export class EmailIndex {
  private readonly exact = new Map<string, User>();
  private readonly endings = new Map<string, Set<User>>();

  add(user: User): void {
    if (user.emailKey === '') return;
    this.exact.set(user.emailKey, user);
    const ending = endingOf(user.emailKey);
    const users = this.endings.get(ending) ?? new Set();
    this.endings.set(ending, users.add(user));
  }

  /** Call before the e-mail changes. */
  delete(user: User): void {
    if (this.exact.get(user.emailKey) === user) this.exact.delete(user.emailKey);
    this.endings.get(endingOf(user.emailKey))?.delete(user);
  }

  find(email: string): User | undefined {
    return this.exact.get(email);
  }

  near(piece: string): Iterable<User> {
    return [...(this.endings.get(endingOf(piece)) ?? []), ...(this.endings.get(QUOTED) ?? [])];
  }
}
