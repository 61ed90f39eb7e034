/** One page of an ordered list of users, with the count the server gives. */
import { type User } from './entities';
import { type Page } from './query';
import { type UserIndex } from './user-index';

export interface UserPage {
  readonly users: User[];
  /** Matches from the cursor on; 0 when the page is empty, because the count rides on the rows. */
  readonly count: number;
}

/** @param after the user that `after_id` names, or undefined when there is no such user */
export function pageOf(
  index: UserIndex,
  page: Page,
  after: User | undefined,
  test?: (user: User) => boolean,
): UserPage {
  const end = page.limit === 0 ? Number.MAX_SAFE_INTEGER : page.offset + page.limit;
  if (page.afterId !== undefined && (!after || after.deleted)) return { users: [], count: 0 };
  if (!after && !test) {
    const users = index.slice(page.offset, end);
    return { users, count: users.length === 0 ? 0 : index.size };
  }
  const rest = after ? index.after(after) : [...index];
  const matches = test ? rest.filter(test) : rest;
  const users = matches.slice(page.offset, end);
  return { users, count: users.length === 0 ? 0 : matches.length };
}
