/** The search language of `GET /users?q=` and of member lists. */
import { Refusal } from '../http/answer';
import { type User } from '../state/entities';
import { likeMatcher, readSearch } from '../http/query';

const KEYS = [
  'status',
  'role',
  'login_type',
  'last_seen_before',
  'last_seen_after',
  'created_before',
  'created_after',
  'github_com_user_id',
];
const NEWER_KEYS = ['name', 'service_account'];
const STATUSES = ['active', 'dormant', 'suspended'];

type Test = (user: User) => boolean;

function invalid(field: string, detail: string): Refusal {
  return new Refusal(400, 'Invalid user search query.', { validations: [{ field, detail }] });
}

function dateOf(key: string, value: string): number {
  const date = Date.parse(value);
  if (Number.isNaN(date))
    throw invalid(key, `Query param "${key}" must be a valid date format (2006-01-02T15:04:05.999999999Z07:00)`);
  return date;
}

function testOf(key: string, value: string): Test {
  const values = value.split(',');
  switch (key) {
    case 'status': {
      const unknown = values.find(status => !STATUSES.includes(status));
      if (unknown !== undefined)
        throw invalid('status', `Query param "status" has invalid values: "${unknown}" is not a valid value`);
      return user => values.includes(user.status);
    }
    case 'role':
      return user => values.some(role => role === 'member' || user.roles.includes(role));
    case 'login_type':
      return user => values.includes(user.loginType);
    case 'name': {
      const matches = likeMatcher(value);
      return user => matches(user.name.toLowerCase());
    }
    case 'service_account':
      if (value !== 'true' && value !== 'false') throw invalid(key, `Query param "${key}" must be a valid boolean`);
      return user => user.isServiceAccount === (value === 'true');
    case 'last_seen_before':
    case 'created_before': {
      const limit = dateOf(key, value);
      return user => Date.parse(key === 'created_before' ? user.createdAt : user.lastSeenAt) <= limit;
    }
    case 'last_seen_after':
    case 'created_after': {
      const limit = dateOf(key, value);
      return user => Date.parse(key === 'created_after' ? user.createdAt : user.lastSeenAt) >= limit;
    }
    default:
      return () => false;
  }
}

/**
 * The test that `q` stands for, or undefined when it is empty. Free text is looked for in username and e-mail, with `%`
 * and `_` as wildcards.
 *
 * @throws Refusal 400 `Invalid user search query.`
 */
export function userTest(q: string, old: boolean): Test | undefined {
  if (q.trim() === '') return undefined;
  const known = old ? KEYS : [...KEYS, ...NEWER_KEYS];
  const search = readSearch(q, known, validations => new Refusal(400, 'Invalid user search query.', { validations }));
  const tests = [...search.keys].map(([key, value]) => testOf(key, value));
  if (search.text !== '') {
    const matches = likeMatcher(search.text);
    tests.push(user => matches(user.usernameKey) || matches(user.emailKey));
  }
  return user => tests.every(test => test(user));
}

/** The term of a query that is nothing but a piece of an e-mail address, so that an index can narrow the search. */
export function emailPieceOf(q: string): string | undefined {
  const term = q.trim().toLowerCase();
  return /^[^\s":%_\\@]{3,}@[^\s":%_\\@]*$/.test(term) ? term : undefined;
}
