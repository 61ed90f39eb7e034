/** Users: read, list, rename, suspend, activate, delete. */
import { Refusal, notFound, ok, type Answer } from '../http/answer';
import { differences, type Diff } from '../audit/diff';
import { hasNul, NUL_REFUSED } from '../state/letters';
import { readBody, validate } from '../http/body';
import { type Call, type Route } from '../http/call';
import { type User, type UserStatus } from '../state/entities';
import { findUser } from '../state/find';
import { isRealName, isUsername } from '../state/names';
import { readPage } from '../http/query';
import { createUserRoute } from './user-create';
import { pageOf } from './user-page';
import { emailPieceOf, userTest } from './user-search';
import { organizationView, userView } from '../state/views';
import { type World } from '../world';

export function userRoutes(world: World): Route[] {
  const { state, settings, audit } = world;
  const view = (user: User) => userView(user, settings.old);
  const subjectOf = (user: User, action: 'write' | 'delete') =>
    ({ type: 'user', id: user.id, target: user.username, action }) as const;
  const record = (call: Call, user: User, action: 'write' | 'delete', diff: Diff) =>
    audit.record(call, { ...subjectOf(user, action), diff });
  const findSubject = (call: Call, action: 'write' | 'delete'): User => {
    const user = findUser(state, call);
    audit.concerns(call, subjectOf(user, action));
    return user;
  };

  const list = (call: Call): Answer => {
    const q = call.query.get('q') ?? '';
    const test = userTest(q, settings);
    const piece = emailPieceOf(q);
    const page = readPage(call.query);
    const all = call.access.can('user', 'read');
    const visible = all ? test : (user: User) => user === call.access.user && (!test || test(user));
    const after = page.afterId === undefined ? undefined : state.users.get(page.afterId);
    const { users, count } = pageOf(
      state.directory,
      page,
      after,
      visible,
      piece === undefined ? undefined : state.usersByEmailPiece(piece),
    );
    call.size = { added: 0, present: users.length };
    return ok({ users: users.map(view), count });
  };

  const rename = (call: Call): Answer => {
    const user = findSubject(call, 'write');
    const body = readBody(call.body, { username: 'string', name: 'string', avatar_url: 'string' });
    const { username = '', name = '' } = body;
    validate([
      { field: 'username', value: username, tag: 'required', holds: username !== '' },
      { field: 'username', value: username, tag: 'username', holds: isUsername(username) },
      { field: 'name', value: name, tag: 'user_real_name', holds: isRealName(name) },
    ]);
    if (user !== call.access.user && !call.access.can('user', 'update_personal')) throw notFound();
    const holder = state.userByName(username);
    if (holder && holder !== user) {
      throw new Refusal(409, 'A user with this username already exists.', {
        validations: [{ field: 'username', detail: 'This username is already in use.' }],
      });
    }
    const own = !settings.old && (user.loginType === 'password' || user.loginType === 'none');
    if (hasNul(name)) throw new Refusal(500, 'Internal error updating user.', { detail: NUL_REFUSED });
    const diff = differences({ name: [user.name, name], username: [user.username, username] });
    state.changeUser(user, { username, name, ...(own && { avatarUrl: body.avatar_url ?? '' }) });
    record(call, user, 'write', diff);
    return ok(view(user));
  };

  const setStatus = (status: UserStatus) => (call: Call) => {
    const user = findSubject(call, 'write');
    if (status === 'suspended') {
      if (user === call.access.user) throw new Refusal(400, 'You cannot suspend yourself.');
      if (user.roles.includes('owner')) {
        throw new Refusal(400, 'You cannot suspend a user with the "owner" role. You must remove the role first.');
      }
    }
    if (!call.access.can('user', 'update')) throw notFound();
    const old = user.status;
    state.changeUser(user, { status });
    record(call, user, 'write', differences({ status: [old, status] }));
    return ok(view(user));
  };

  const remove = (call: Call): Answer => {
    const user = findSubject(call, 'delete');
    if (user === call.access.user) throw new Refusal(403, 'You cannot delete yourself!');
    if (!call.access.can('user', 'delete')) throw notFound();
    if (world.workspaces.of(user).length > 0) {
      throw new Refusal(417, 'You cannot delete a user that has workspaces. Delete their workspaces and try again!');
    }
    state.deleteUser(user);
    world.keys.deleteAllOf(user);
    record(call, user, 'delete', differences({ deleted: [false, true] }));
    return ok({ message: 'User has been deleted!' });
  };

  const loginType = (call: Call): Answer => {
    const user = findUser(state, call);
    if (user !== call.access.user) throw new Refusal(403, "You are not authorized to view this user's login type.");
    return ok({ login_type: user.loginType });
  };

  const organizations = (call: Call): Answer => {
    const memberships = [...findUser(state, call).memberships.values()];
    const visible = memberships.filter(
      ({ organization }) => !organization.deleted && call.access.can('organization', 'read', organization),
    );
    return ok(visible.map(({ organization }) => organizationView(organization, settings.old)));
  };

  return [
    createUserRoute(world),
    { method: 'GET', path: '/users', handle: list },
    { method: 'GET', path: '/users/:user', handle: call => ok(view(findUser(state, call))) },
    { method: 'DELETE', path: '/users/:user', handle: remove },
    { method: 'PUT', path: '/users/:user/profile', handle: rename },
    { method: 'PUT', path: '/users/:user/status/suspend', handle: setStatus('suspended') },
    { method: 'PUT', path: '/users/:user/status/activate', handle: setStatus('active') },
    { method: 'GET', path: '/users/:user/login-type', handle: loginType },
    { method: 'GET', path: '/users/:user/organizations', handle: organizations },
  ];
}
