/** The search language of `GET /users?q=` and of member lists. */
import { Refusal, type Validation } from '../http/answer';
import { likeMatcher, onlyValue, readSearch } from '../http/query';
import { type Settings } from '../settings';
import { type User } from '../state/entities';
import { foldEachLetter, hasNul, NUL_REFUSED, type Fold } from '../state/letters';

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

const LISTS = ['status', 'role', 'login_type'];
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
const INSTANT_LAYOUT = '2006-01-02T15:04:05.999999999Z07:00';

type Test = (user: User) => boolean;

function refuse(validations: readonly Validation[]): Refusal {
  return new Refusal(400, 'Invalid user search query.', { validations });
}

function invalid(field: string, detail: string): Refusal {
  return refuse([{ field, detail }]);
}

/** An instant with time and offset; a day alone is none. Go looks for it in capitals. */
function dateOf(key: string, value: string): number {
  const text = value.toUpperCase();
  if (INSTANT.test(text) && !Number.isNaN(Date.parse(text))) return Date.parse(text);
  const [left, wanted] = /^\d{4}-\d\d-\d\d$/.test(text) ? ['', 'T'] : [text, '2006'];
  throw invalid(
    key,
    `Query param "${key}" must be a valid date format (${INSTANT_LAYOUT}): parsing time "${text}" as "${INSTANT_LAYOUT}": cannot parse "${left}" as "${wanted}"`,
  );
}

function testOf(key: string, given: readonly string[], fold: Fold): Test {
  const values = given.flatMap(each => each.split(','));
  const value = LISTS.includes(key) ? '' : onlyValue(key, given, refuse);
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
      return user => matches(fold(user.name));
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
 * and `_` as wildcards. The query is put in small letters of all kinds before the database compares it by its own rule.
 *
 * @throws Refusal 400 `Invalid user search query.`; 500 for a NUL
 */
export function userTest(q: string, { old, fold }: Pick<Settings, 'old' | 'fold'>): Test | undefined {
  if (q.trim() === '') return undefined;
  const known = old ? KEYS : [...KEYS, ...NEWER_KEYS];
  const search = readSearch(q, known, refuse);
  const tests = [...search.keys].map(([key, values]) => testOf(key, values, fold));
  if (hasNul(q)) throw new Refusal(500, 'Internal error fetching users.', { detail: NUL_REFUSED });
  if (search.text !== '') {
    const matches = likeMatcher(search.text);
    tests.push(user => matches(user.usernameKey) || matches(user.emailKey));
  }
  return user => tests.every(test => test(user));
}

/** The term of a query that is nothing but a piece of an e-mail address, so that an index can narrow the search. */
export function emailPieceOf(q: string): string | undefined {
  const term = foldEachLetter(q.trim());
  return /^[^\s":%_\\@]{3,}@[^\s":%_\\@]*$/.test(term) ? term : undefined;
}
