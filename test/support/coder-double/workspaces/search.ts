/** The search language of `GET /workspaces?q=`. */
import { Refusal, type Validation } from '../http/answer';
import { likeMatcher, onlyValue, readSearch } from '../http/query';
import { type User } from '../state/entities';
import { type World } from '../world';
import { statusOf, type Workspace } from './workspaces';

const KEYS = ['owner', 'organization', 'template', 'name', 'status', 'dormant'];
const STATUSES = 'pending starting running stopping stopped failed canceling canceled deleted deleting'.split(' ');

type Test = (workspace: Workspace) => boolean;

function refuse(validations: readonly Validation[]): Refusal {
  return new Refusal(400, 'Invalid workspace search query.', { validations });
}

/** @throws Refusal 400 `Invalid workspace search query.` */
export function workspaceTest(world: World, q: string, caller: User): Test {
  const { fold } = world.settings;
  const search = readSearch(q, KEYS, refuse);
  const tests = [...search.keys].map(([key, values]): Test => {
    const value = onlyValue(key, values, refuse);
    switch (key) {
      case 'owner':
        return ({ owner }) => (value === 'me' ? owner === caller : owner.usernameKey === value);
      case 'organization':
        return ({ organization }) => organization.id === value || fold(organization.name) === value;
      case 'template':
        return ({ template }) => fold(template.name) === value;
      case 'status':
        if (!STATUSES.includes(value)) {
          throw refuse([
            { field: key, detail: `Query param "${key}" has invalid value: "${value}" is not a valid value` },
          ]);
        }
        return workspace => statusOf(workspace) === value;
      case 'dormant':
        return ({ dormantAt }) => value === 'false' || dormantAt !== null;
      default: {
        const matches = likeMatcher(value);
        return ({ name }) => matches(fold(name));
      }
    }
  });
  if (search.text !== '') {
    const matches = likeMatcher(search.text);
    tests.push(({ name }) => matches(fold(name)));
  }
  return workspace => tests.every(test => test(workspace));
}
