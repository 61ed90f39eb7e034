/** One page of an ordered list of users, with the count the server gives. */
import { type User } from '../state/entities';
import { type Page } from '../http/query';
import { type UserIndex } from './user-index';

export interface UserPage {
  readonly users: User[];
  /** Matches from the cursor on; 0 when the page is empty, because the count rides on the rows. */
  readonly count: number;
}

/**
 * @param after the user that `after_id` names, or undefined when there is no such user
 * @param among the only ones who can pass the test; all when left out
 */
export function pageOf(
  index: UserIndex<User>,
  page: Page,
  after: User | undefined,
  test?: (user: User) => boolean,
  among?: Iterable<User>,
): UserPage {
  const end = page.limit === 0 ? Number.MAX_SAFE_INTEGER : page.offset + page.limit;
  if (page.afterId !== undefined && (!after || after.deleted)) return { users: [], count: 0 };
  if (!after && !test) {
    const users = index.slice(page.offset, end);
    return { users, count: users.length === 0 ? 0 : index.size };
  }
  const rest = among && !after ? ordered(index, among) : after ? index.after(after) : [...index];
  const matches = test ? rest.filter(test) : rest;
  const users = matches.slice(page.offset, end);
  return { users, count: users.length === 0 ? 0 : matches.length };
}

function ordered(index: UserIndex<User>, among: Iterable<User>): User[] {
  const users = [...among].filter(user => index.has(user) && !user.isSystem);
  return users.sort((one, other) => (one.usernameKey < other.usernameKey ? -1 : 1));
}
