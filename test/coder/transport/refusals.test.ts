/** Every refusal that was recorded on a real server has a reason, so that no text is left to chance. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type RefusalReason } from '../../../bridge/coder/transport/errors';
import { reasonOf } from '../../../bridge/coder/transport/refusals';

interface Step {
  readonly title: string;
  readonly request?: { readonly method: string; readonly path: string };
  readonly response?: {
    readonly status: number;
    readonly body: { readonly message?: string; readonly validations?: { field: string; detail: string }[] } | null;
  };
}

const folder = join(__dirname, '../../fixtures/coder-contract');
// What the client never sends; their texts need no reason.
const NOT_OURS =
  /raw|password|login type|unsupported login|email cannot be set|must be valid json|query (search|param)|invalid values|search query|unexpected field|token (with|.*lifetime)|api key|default organization|organization (name|already exists)|organization_name|"halt"/i;
// Nor does it ask anything of these.
const NOT_ASKED = /^[A-Z]+ \/(ai|aibridge|licenses|templates|users\/\{id\}\/workspaces)\b|\/workspace-sharing$/;

const texts = readdirSync(folder)
  .filter(name => name.endsWith('.json'))
  .flatMap(name => {
    const { steps } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { steps: Step[] };
    return steps.flatMap(({ title, request, response }) => {
      const message = response?.body?.message;
      if (request === undefined || response === undefined || message === undefined) return [];
      if (![400, 409, 417].includes(response.status)) return [];
      const validations = response.body?.validations ?? [];
      const whole = `${message} ${validations.map(validation => validation.detail).join(' ')}`;
      const route = `${request.method} ${request.path.replace('/api/v2', '').replace(/\$\{[^}]*\}/g, '{id}')}`;
      if (NOT_OURS.test(whole) || NOT_ASKED.test(route)) return [];
      return [{ name: `${name}: ${title}`, route, message, validations }];
    });
  });

test('there are many of them', () => {
  expect(texts.length).toBeGreaterThan(60);
});

test.each(texts)('$name', ({ route, message, validations }) => {
  expect(reasonOf(route, message, validations)).not.toBe('other');
});

test.each<[string, string, string | undefined, RefusalReason]>([
  ['POST /users', 'User already exists.', undefined, 'user-exists'],
  ['PUT /users/{user}/profile', 'A user with this username already exists.', 'username', 'username-taken'],
  ['POST /organizations/{organization}/groups', 'A group named "eng" already exists.', 'name', 'group-exists'],
  ['PATCH /groups/{group}', 'A group with name "eng" already exists.', undefined, 'group-exists'],
  ['PATCH /groups/{group}', '"Everyone" is a reserved group name!', undefined, 'group-name-invalid'],
  ['PATCH /groups/{group}', 'Cannot rename the "Everyone" group!', undefined, 'everyone-group'],
  ['DELETE /groups/{group}', '"Everyone" is a reserved group and cannot be deleted!', undefined, 'everyone-group'],
  ['POST /users', 'Validation failed.', 'name', 'name-invalid'],
  ['POST /organizations/{organization}/groups', 'Validation failed.', 'name', 'group-name-invalid'],
  ['POST /organizations/{organization}/members/roles', 'Validation failed.', 'name', 'role-name-reserved'],
  [
    'PUT /users/{user}/roles',
    'Cannot modify roles for OIDC users when role sync is enabled.',
    undefined,
    'site-role-sync',
  ],
  [
    'PUT /organizations/{organization}/members/{user}/roles',
    'Cannot modify roles for OIDC users when role sync is enabled.',
    undefined,
    'organization-role-sync',
  ],
  ['POST /users', 'Something that no release said before.', undefined, 'other'],
])('%s, %j is read', (route, message, field, reason) => {
  expect(reasonOf(route, message, field === undefined ? [] : [{ field, detail: '' }])).toBe(reason);
});
