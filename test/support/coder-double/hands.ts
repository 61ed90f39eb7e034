/**
 * Changes that somebody makes in Coder by hand, for tests: no rights are asked for, nothing is refused but what makes
 * no sense. People, organizations and groups are meant by name or id; the organization is `coder` where it is left out.
 */
import {
  type Claims,
  type CustomRole,
  type Group,
  type GroupSync,
  type LoginType,
  type Organization,
  type OrganizationSync,
  type Permission,
  type RoleSync,
  type User,
  type UserStatus,
} from './state/entities';
import { lookUpOrganization, lookUpUser } from './state/find';
import { type NewKey } from './tokens/keys';
import { signIn, type SignIn } from './sign-in/sign-in';
import {
  latestBuild,
  statusOf,
  type Build,
  type Template,
  type Transition,
  type Workspace,
  type WorkspaceStatus,
} from './workspaces/workspaces';
import { buildChange } from './workspaces/views';
import { type World } from './world';

export interface HandMadeUser {
  /** @default `<username>@example.com`; empty for a service account */
  readonly email?: string;
  readonly name?: string;
  /** @default 'oidc'; 'none' for a service account */
  readonly loginType?: LoginType;
  /** @default 'dormant' */
  readonly status?: UserStatus;
  readonly roles?: readonly string[];
  /** @default ['coder'] */
  readonly organizations?: readonly string[];
  readonly isServiceAccount?: boolean;
}

export interface HandMadeWorkspace {
  /** @default 'coder' */
  readonly organization?: string;
  /** @default false: it runs */
  readonly stopped?: boolean;
  /** @default false */
  readonly dormant?: boolean;
}

export interface HandMadeCalls {
  readonly count: number;
  /** RFC 3339, or `now`; one a minute from then on. */
  readonly from: string;
  readonly model: string;
  readonly session?: string | undefined;
  readonly prompt?: string | undefined;
  /** Group that pays for them, by name or id, and what each costs in millionths of a dollar. */
  readonly paid?: { readonly group: string; readonly costMicrosEach: number } | undefined;
}

export interface WorkspaceSummary {
  readonly name: string;
  readonly organization: string;
  readonly status: WorkspaceStatus;
  readonly dormant: boolean;
  /** Why it was last started or stopped, and by whom. */
  readonly reason: Build['reason'];
  readonly initiator: string;
}

export class Hands {
  constructor(private readonly world: World) {}

  findUser(reference: string): User {
    const user = lookUpUser(this.world.state, reference);
    if (!user) throw new Error(`no user is called "${reference}" in this Coder; add it first`);
    return user;
  }

  findOrganization(reference = 'coder'): Organization {
    const organization = lookUpOrganization(this.world.state, reference);
    if (!organization) throw new Error(`no organization is called "${reference}" in this Coder; add it first`);
    return organization;
  }

  findGroup(reference: string, organization?: string): Group {
    const owner = this.findOrganization(organization);
    const group =
      reference === 'Everyone'
        ? owner.everyone
        : (owner.groups.get(reference) ?? this.world.state.groups.get(reference));
    if (!group) throw new Error(`organization "${owner.name}" has no group "${reference}"; add it first`);
    return group;
  }

  addOrganization(name: string, displayName?: string): Organization {
    const organization = this.world.state.addOrganization({ name, ...(displayName !== undefined && { displayName }) });
    const owner = [...this.world.state.directory].find(user => user.roles.includes('owner'));
    if (owner) this.world.state.join(owner, organization);
    return organization;
  }

  addUser(username: string, more: HandMadeUser = {}): User {
    const { state } = this.world;
    const service = more.isServiceAccount ?? false;
    const user = state.addUser({
      username,
      email: more.email ?? (service ? '' : `${username}@example.com`),
      name: more.name ?? '',
      loginType: more.loginType ?? (service ? 'none' : 'oidc'),
      status: more.status ?? 'dormant',
      roles: more.roles ?? [],
      isServiceAccount: service,
    });
    for (const name of more.organizations ?? ['coder']) state.join(user, this.findOrganization(name));
    return user;
  }

  deleteUser(user: string): void {
    const found = this.findUser(user);
    this.world.state.deleteUser(found);
    this.world.keys.deleteAllOf(found);
  }

  renameUser(user: string, username: string): void {
    this.world.state.changeUser(this.findUser(user), { username });
  }

  setStatus(user: string, status: UserStatus): void {
    this.world.state.changeUser(this.findUser(user), { status });
  }

  suspend(user: string): void {
    this.setStatus(user, 'suspended');
  }

  activate(user: string): void {
    this.setStatus(user, 'active');
  }

  setSiteRoles(user: string, roles: readonly string[]): void {
    this.world.state.changeUser(this.findUser(user), { roles: [...new Set(roles)] });
  }

  renameOrganization(organization: string, name: string): void {
    this.world.state.renameOrganization(this.findOrganization(organization), name);
  }

  addMember(user: string, organization?: string): void {
    this.world.state.join(this.findUser(user), this.findOrganization(organization));
  }

  removeMember(user: string, organization?: string): void {
    this.world.state.leave(this.findUser(user), this.findOrganization(organization));
  }

  setOrganizationRoles(user: string, roles: readonly string[], organization?: string): void {
    const found = this.findUser(user);
    this.world.state.setMemberRoles(this.world.state.join(found, this.findOrganization(organization)), roles);
  }

  addGroup(name: string, organization?: string, source: Group['source'] = 'user'): Group {
    return this.world.state.addGroup(this.findOrganization(organization), name, { source });
  }

  renameGroup(group: string, name: string, organization?: string): void {
    this.world.state.renameGroup(this.findGroup(group, organization), name);
  }

  deleteGroup(group: string, organization?: string): void {
    this.world.state.deleteGroup(this.findGroup(group, organization));
  }

  /** Makes the user a member of the organization when it isn't one. */
  addToGroup(user: string, group: string, organization?: string): void {
    const found = this.findGroup(group, organization);
    this.world.state.join(this.findUser(user), found.organization);
    this.world.state.addToGroup(this.findUser(user), found);
  }

  removeFromGroup(user: string, group: string, organization?: string): void {
    this.world.state.removeFromGroup(this.findUser(user), this.findGroup(group, organization));
  }

  addCustomRole(name: string, organization?: string, permissions: Permission[] = []): CustomRole {
    const role: CustomRole = {
      id: this.world.settings.chance.uuid(),
      name: name.toLowerCase(),
      displayName: name,
      permissions,
    };
    this.findOrganization(organization).customRoles.set(role.name, role);
    return role;
  }

  /** Roles that every member of the organization holds without being given them. */
  setDefaultMemberRoles(roles: readonly string[], organization?: string): void {
    this.findOrganization(organization).defaultMemberRoles = [...roles];
  }

  setGroupSync(sync: Partial<GroupSync>, organization?: string): void {
    Object.assign(this.findOrganization(organization).groupSync, sync);
  }

  /** Coder is started with CODER_OIDC_GROUP_FIELD and CODER_OIDC_GROUP_MAPPING, and nobody has written the settings of the default organization. */
  setGroupMappingAtStart(field: string, legacyNames: Readonly<Record<string, string>>): void {
    this.setGroupSync({ field, legacyNames });
  }

  setRoleSync(sync: Partial<RoleSync>, organization?: string): void {
    Object.assign(this.findOrganization(organization).roleSync, sync);
  }

  setOrganizationSync(sync: Partial<OrganizationSync>): void {
    Object.assign(this.world.state.organizationSync, sync);
  }

  /** The Premium licence ends, or is put in again. */
  setLicence(licence: boolean): void {
    this.world.settings.licence = licence;
  }

  /** Coder is started again with this claim for site roles; empty: without site role sync. */
  setSiteRoleField(field: string): void {
    this.world.settings.oidcUserRoleField = field;
  }

  /** A template that everyone in the organization may use, or nobody until its access list says so. */
  addTemplate(name: string, organization?: string, everyoneMayUse = true): Template {
    const { workspaces, state } = this.world;
    const creator = [...state.users.values()].find(user => user.roles.includes('owner'));
    if (!creator) throw new Error('a template needs somebody who made it: this Coder has no owner');
    return workspaces.addTemplate(this.findOrganization(organization), name, creator, everyoneMayUse);
  }

  /** Calls of a person to a model through the AI gateway; without a session each is one of its own. */
  useAi(user: string, calls: HandMadeCalls): void {
    const { settings, interceptions } = this.world;
    const from = calls.from === 'now' ? settings.clock.now() : Date.parse(calls.from);
    const { paid } = calls;
    for (let n = 0; n < calls.count; n += 1)
      interceptions.push({
        user: this.findUser(user),
        at: from + n * 60_000,
        model: calls.model,
        session: calls.session ?? settings.chance.uuid(),
        prompt: calls.prompt,
        paid: paid && { group: this.findGroup(paid.group), costMicros: paid.costMicrosEach },
      });
  }

  /** A workspace of a person, running unless told otherwise, of the organization's first template. */
  addWorkspace(owner: string, name: string, more: HandMadeWorkspace = {}): Workspace {
    const { workspaces } = this.world;
    const organization = this.findOrganization(more.organization);
    const template = workspaces.templatesIn(organization)[0] ?? this.addTemplate('template', organization.id);
    const user = this.findUser(owner);
    const workspace = workspaces.add(user, template, name, user);
    if (more.stopped) workspaces.build(workspace, 'stop', user);
    if (more.dormant) workspaces.setDormant(workspace, true);
    return workspace;
  }

  /** What a person has, by name, in every organization. */
  workspacesOf(owner: string): WorkspaceSummary[] {
    return this.world.workspaces.of(this.findUser(owner)).map(workspace => ({
      name: workspace.name,
      organization: workspace.organization.name,
      status: statusOf(workspace),
      dormant: workspace.dormantAt !== null,
      reason: latestBuild(workspace).reason,
      initiator: latestBuild(workspace).initiator.username,
    }));
  }

  /** Everybody who has any. */
  workspacesByOwner(): Record<string, WorkspaceSummary[]> {
    const all = [...this.world.state.directory].map(user => [user.username, this.workspacesOf(user.id)] as const);
    return Object.fromEntries(all.filter(([, workspaces]) => workspaces.length > 0));
  }

  startWorkspace(owner: string, name: string): void {
    this.build(owner, name, 'start');
  }

  stopWorkspace(owner: string, name: string): void {
    this.build(owner, name, 'stop');
  }

  /** The last build of a workspace is at work still, or has failed. */
  setLastBuild(owner: string, name: string, state: 'pending' | 'failed'): void {
    const workspace = this.world.workspaces.of(this.findUser(owner)).find(each => each.name === name);
    if (!workspace) throw new Error(`${owner} has no workspace "${name}" in this Coder; add it first`);
    latestBuild(workspace).state = state;
  }

  deleteWorkspace(owner: string, name: string): void {
    this.build(owner, name, 'delete');
  }

  private build(owner: string, name: string, transition: Transition): void {
    const user = this.findUser(owner);
    const workspace = this.world.workspaces.of(user).find(each => each.name === name);
    if (!workspace) throw new Error(`${owner} has no workspace "${name}" in this Coder; add it first`);
    this.world.workspaces.build(workspace, transition, user);
  }

  /** One run of Coder's executor, which stops what runs for suspended people. @returns ids and what was done */
  runLifecycle(): Record<string, Transition> {
    const stopped = this.world.workspaces.runLifecycle();
    for (const workspace of stopped) {
      this.world.audit.recordAutomatic(workspace.owner, 'autostop', buildChange(workspace, latestBuild(workspace)));
    }
    return Object.fromEntries(stopped.map(({ id }) => [id, 'stop' as const]));
  }

  /** @returns the token; it lives for seven days unless told otherwise */
  issueToken(user: string, wanted: NewKey = {}): string {
    return this.world.keys.issue(this.findUser(user), wanted).token;
  }

  oidcLogin(claims: Claims): SignIn {
    return signIn(this.world, claims);
  }
}
