/** `POST /users`: what is accepted, in the order in which the server looks. */
import { Refusal, ok, type Answer } from '../http/answer';
import { readBody, validate } from '../http/body';
import { type Call, type Route } from '../http/call';
import { type LoginType, type Organization, type User, type UserStatus } from '../state/entities';
import { isEmail, isRealName, isStrongPassword, isUsername, NIL_UUID } from '../state/names';
import { creationOf } from '../audit/diff';
import { hasNul, NUL_REFUSED } from '../state/letters';
import { siteRole } from '../roles/roles';
import { userView } from '../state/views';
import { type World } from '../world';

const BODY = {
  email: 'string',
  username: 'string',
  name: 'string',
  password: 'string',
  login_type: 'string',
  user_status: 'string',
  organization_id: 'uuid',
  organization_ids: 'uuids',
  service_account: 'boolean',
  roles: 'strings',
} as const;

const STATUSES = ['active', 'dormant', 'suspended'];
const WEAK_PASSWORD =
  'insecure password, try including more special characters, using lowercase letters, using uppercase letters, using numbers or using a longer password';

interface Wanted {
  readonly email: string;
  readonly username: string;
  readonly name: string;
  readonly password: string;
  readonly loginType: string;
  readonly status: string;
  readonly organizationIds: readonly string[];
  readonly isServiceAccount: boolean;
  readonly roles: readonly string[];
}

function readWanted(call: Call, old: boolean): Wanted {
  const body = readBody(call.body, BODY);
  const wanted: Wanted = {
    email: body.email ?? '',
    username: body.username ?? '',
    name: body.name ?? '',
    password: body.password ?? '',
    loginType: body.login_type ?? '',
    status: body.user_status ?? '',
    organizationIds: body.organization_ids?.length
      ? body.organization_ids
      : body.organization_id
        ? [body.organization_id]
        : [],
    isServiceAccount: !old && (body.service_account ?? false),
    roles: old ? [] : (body.roles ?? []),
  };
  const { email, username, name, isServiceAccount } = wanted;
  validate([
    { field: 'email', value: email, tag: 'required_unless', holds: email !== '' || isServiceAccount },
    { field: 'email', value: email, tag: 'email', holds: email === '' || isEmail(email) },
    { field: 'username', value: username, tag: 'required', holds: username !== '' },
    { field: 'username', value: username, tag: 'username', holds: isUsername(username) },
    { field: 'name', value: name, tag: 'user_real_name', holds: isRealName(name) },
  ]);
  return wanted;
}

function checkLogin(world: World, wanted: Wanted): LoginType {
  const { loginType, isServiceAccount, password, email } = wanted;
  const { settings } = world;
  if (isServiceAccount) {
    if (!settings.licence) throw new Refusal(403, 'Service Accounts is a Premium feature. Contact sales!');
    if (email !== '') throw new Refusal(400, 'Email cannot be set for service accounts.');
    if (password !== '') throw new Refusal(400, 'Password cannot be set for service accounts.');
    if (loginType !== '' && loginType !== 'none')
      throw new Refusal(400, "Service accounts must use login type 'none'.");
    return 'none';
  }
  const settled = loginType === '' ? 'password' : loginType;
  if (settled !== 'password' && password !== '') {
    throw new Refusal(400, `Password cannot be set for non-password ("${settled}") authentication.`);
  }
  if (settled === 'none' && !settings.old) throw new Refusal(400, "Login type 'none' requires a service account.");
  return settled as LoginType;
}

function checkLoginType(world: World, loginType: LoginType, password: string): void {
  switch (loginType) {
    case 'oidc':
      if (!world.settings.oidc) throw new Refusal(400, 'You must configure OIDC before creating OIDC users.');
      return;
    case 'password':
      if (isStrongPassword(password)) return;
      throw new Refusal(400, 'Password is invalid', { validations: [{ field: 'password', detail: WEAK_PASSWORD }] });
    case 'github':
    case 'none':
      return;
    default:
      throw new Refusal(400, `Unsupported login type "${String(loginType)}" for manually creating new users.`);
  }
}

function findOrganizations({ state }: World, call: Call, ids: readonly string[]): Organization[] {
  if (ids.length === 0) {
    throw new Refusal(
      400,
      'No organization specified to place the user as a member of. It is required to specify at least one organization id to place the user in.',
      {
        detail: "required at least 1 value for the array 'organization_ids'",
        validations: [{ field: 'organization_ids', detail: 'Missing values, this cannot be empty' }],
      },
    );
  }
  return ids.map(id => {
    const organization = id === NIL_UUID ? state.defaultOrganization : state.organizations.get(id);
    if (organization && call.access.can('organization', 'read', organization)) return organization;
    throw new Refusal(404, `Organization does not exist with the provided id "${id}".`);
  });
}

function brokenCreation(detail: string): Refusal {
  return new Refusal(500, 'Internal error creating user.', { detail: `execute transaction: create user: ${detail}` });
}

/** Roles and status are looked at by the database alone, which is why these refusals are a 500. */
function checkInTransaction(call: Call, wanted: Wanted): void {
  if (!call.access.can('user', 'create')) throw new Refusal(403, 'You are not authorized to create users.');
  const unknown = wanted.roles.find(role => !siteRole(role));
  if (unknown !== undefined) throw brokenCreation(`"${unknown}" is not a supported role`);
  const foreign = wanted.roles.find(role => !call.access.mayAssignSiteRole(role));
  if (foreign !== undefined) throw brokenCreation(`not authorized to assign role "${foreign}"`);
  if (hasNul(wanted.name)) throw brokenCreation(NUL_REFUSED);
  if (wanted.status !== '' && !STATUSES.includes(wanted.status)) {
    throw brokenCreation(`pq: invalid input value for enum user_status: "${wanted.status}"`);
  }
}

export function createUserRoute(world: World): Route {
  const { state, settings, flights } = world;

  const create = async (call: Call): Promise<Answer> => {
    const wanted = readWanted(call, settings.old);
    const loginType = checkLogin(world, wanted);
    const names = [wanted.username, wanted.email].filter(name => name !== '').map(settings.fold);
    const user = await flights.createUser(names, (verdict): User => {
      if (verdict === 'breaks')
        throw brokenCreation('pq: duplicate key value violates unique constraint "idx_users_username"');
      const organizations = findOrganizations(world, call, wanted.organizationIds);
      const taken = state.userByName(wanted.username) ?? (wanted.email && state.userByEmail(wanted.email));
      if (taken) throw new Refusal(409, 'User already exists.');
      checkLoginType(world, loginType, wanted.password);
      checkInTransaction(call, wanted);
      const twice = wanted.organizationIds.find((id, place) => wanted.organizationIds.indexOf(id) !== place);
      if (twice !== undefined)
        throw new Refusal(500, 'Internal error creating user.', {
          detail: `execute transaction: create organization member for "${twice}": pq: duplicate key value violates unique constraint "organization_members_pkey"`,
        });
      const added = state.addUser({
        ...wanted,
        loginType,
        status: wanted.status === '' ? 'dormant' : (wanted.status as UserStatus),
      });
      for (const organization of organizations) state.join(added, organization);
      return added;
    });
    world.audit.record(call, {
      type: 'user',
      id: user.id,
      target: user.username,
      action: 'create',
      status: 201,
      diff: creationOf(user),
    });
    return ok(userView(user, settings.old), 201);
  };
  return { method: 'POST', path: '/users', handle: create };
}
