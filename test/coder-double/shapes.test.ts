/** The shape of v2.29, which a client must get along with as well. */
import { startCoderDouble, type CoderDouble } from '../support/coder-double';
import { talk } from './talk';

let double: CoderDouble;
let organization: string;

beforeAll(async () => {
  double = await startCoderDouble({ version: 'v2.29.19' });
  organization = double.findOrganization().id;
  double.addUser('ann');
  double.addGroup('eng');
  double.addToGroup('ann', 'eng');
});

afterAll(() => double.close());

test('it says its version in every answer', async () => {
  const reply = await talk(double, 'GET', '/api/v2/buildinfo');
  expect(reply.body).toMatchObject({ version: 'v2.29.19' });
  expect(reply.headers.get('x-coder-build-version')).toBe('v2.29.19');
});

test.each([
  ['one member of an organization', 'GET', () => `/organizations/${organization}/members/ann`, 405],
  ['members of a group in pages', 'GET', () => `/groups/${double.findGroup('eng').id}/members`, 404],
  ['expiry of a token', 'PUT', () => '/users/me/keys/abcdefghij/expire', 404],
  ['search by name', 'GET', () => '/users?q=name:ann', 400],
])('%s is not there yet', async (_, method, path, status) => {
  expect((await talk(double, method, `/api/v2${path()}`)).status).toBe(status);
});

test('exclude_members is ignored', async () => {
  const { body } = await talk(double, 'GET', `/api/v2/groups/${double.findGroup('eng').id}?exclude_members=true`);
  expect(body).toMatchObject({ members: [{ username: 'ann' }] });
});

test('a page of members after one of them is the first page again', async () => {
  const members = `/api/v2/organizations/${organization}/paginated-members?limit=1`;
  const first = await talk(double, 'GET', members);
  const { user_id: id } = (first.body as { members: [{ user_id: string }] }).members[0];
  expect((await talk(double, 'GET', `${members}&after_id=${id}`)).body).toEqual(first.body);
});

test('roles and service_account at creation are ignored, newer fields are absent', async () => {
  const wanted = {
    email: 'b@example.com',
    username: 'bob',
    login_type: 'none',
    organization_ids: [organization],
    roles: ['auditor'],
  };
  const { status, body } = await talk(double, 'POST', '/api/v2/users', { ...wanted, service_account: true });
  expect(status).toBe(201);
  expect(body).toMatchObject({ username: 'bob', login_type: 'none', roles: [] });
  expect(Object.keys(body as object)).not.toEqual(expect.arrayContaining(['has_ai_seat']));
  expect(Object.keys(body as object)).not.toEqual(expect.arrayContaining(['is_service_account']));
  const { body: page } = await talk(double, 'GET', `/api/v2/organizations/${organization}/paginated-members?limit=1`);
  const [member] = (page as { members: Record<string, unknown>[] }).members;
  expect(member).toMatchObject({ username: 'ann', global_roles: [] });
  expect(member).not.toHaveProperty('status');
});
