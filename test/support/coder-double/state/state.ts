/**
 * What this Coder holds, and the changes that keep its indexes true. Rules about who may change what live with the
 * routes; nothing here refuses.
 */
import { type Settings } from '../settings';
import { type Chance } from './chance';
import { NEVER, type Clock } from './clock';
import {
  PREBUILDS_USER_ID,
  type Group,
  type Membership,
  type NewUser,
  type Organization,
  type OrganizationSync,
  type User,
} from './entities';
import { type Fold } from './letters';
import { EmailIndex } from '../users/email-index';
import { UserIndex } from '../users/user-index';

export class CoderState {
  readonly users = new Map<string, User>();
  /** Everybody who is listed: neither deleted nor a system user. */
  readonly directory = new UserIndex<User>();
  /** By id, the deleted too. */
  readonly organizations = new Map<string, Organization>();
  readonly groups = new Map<string, Group>();
  readonly organizationSync: OrganizationSync = { field: '', mapping: {}, assignDefault: true };
  readonly defaultOrganization: Organization;
  private readonly usernames = new Map<string, User>();
  private readonly emails = new EmailIndex();
  private readonly organizationNames = new Map<string, Organization>();

  private readonly clock: Clock;
  private readonly chance: Chance;
  private readonly fold: Fold;

  constructor({ clock, chance, fold }: Pick<Settings, 'clock' | 'chance' | 'fold'>) {
    this.clock = clock;
    this.chance = chance;
    this.fold = fold;
    this.defaultOrganization = this.addOrganization({
      name: 'coder',
      displayName: 'Coder',
      description: 'Builtin default organization.',
      isDefault: true,
    });
    const prebuilds = this.addUser({
      id: PREBUILDS_USER_ID,
      username: 'prebuilds',
      email: 'prebuilds@system',
      name: 'Prebuilds Owner',
      loginType: 'none',
      status: 'active',
      isSystem: true,
    });
    this.join(prebuilds, this.defaultOrganization);
  }

  time(): string {
    return new Date(this.clock.now()).toISOString();
  }

  userByName(username: string): User | undefined {
    return this.usernames.get(this.fold(username));
  }

  userByEmail(email: string): User | undefined {
    return this.emails.find(this.fold(email));
  }

  /** A superset of those whose e-mail contains the piece, which has three characters or more before its `@`. */
  usersByEmailPiece(piece: string): Iterable<User> {
    return this.emails.near(piece);
  }

  livingOrganizations(): Organization[] {
    return [...this.organizations.values()].filter(organization => !organization.deleted);
  }

  organizationByName(name: string): Organization | undefined {
    return name === 'default' ? this.defaultOrganization : this.organizationNames.get(this.fold(name));
  }

  addUser(wanted: NewUser): User {
    const now = this.time();
    const user: User = {
      id: wanted.id ?? this.chance.uuid(),
      username: wanted.username,
      usernameKey: this.fold(wanted.username),
      name: wanted.name ?? '',
      email: wanted.email ?? '',
      emailKey: this.fold(wanted.email ?? ''),
      avatarUrl: '',
      createdAt: now,
      updatedAt: now,
      lastSeenAt: NEVER,
      status: wanted.status ?? 'dormant',
      loginType: wanted.loginType ?? 'oidc',
      isServiceAccount: wanted.isServiceAccount ?? false,
      isSystem: wanted.isSystem ?? false,
      deleted: false,
      roles: [...new Set(wanted.roles ?? [])],
      memberships: new Map(),
      groups: new Set(),
    };
    this.users.set(user.id, user);
    this.usernames.set(user.usernameKey, user);
    this.emails.add(user);
    if (!user.isSystem) this.directory.add(user);
    return user;
  }

  /** Changes fields of a user and moves it in every order that depends on them. */
  changeUser(
    user: User,
    change: Partial<Pick<User, 'username' | 'name' | 'email' | 'avatarUrl' | 'status' | 'roles'>>,
  ): void {
    const moves = change.username !== undefined && change.username !== user.username && !user.deleted;
    const places = moves ? this.placesOf(user) : [];
    for (const place of places) place.delete(user);
    if (!user.deleted) {
      this.usernames.delete(user.usernameKey);
      this.emails.delete(user);
    }
    Object.assign(user, change, { updatedAt: this.time(), memberJson: undefined });
    user.usernameKey = this.fold(user.username);
    user.emailKey = this.fold(user.email);
    if (!user.deleted) {
      this.usernames.set(user.usernameKey, user);
      this.emails.add(user);
    }
    for (const place of places) place.add(user);
  }

  private placesOf(user: User): UserIndex<User>[] {
    const organizations = [...user.memberships.values()].map(({ organization }) => organization.members);
    const places = [this.directory, ...organizations, ...[...user.groups].map(group => group.members)];
    return places.filter(place => place.has(user));
  }

  /** Deletion is soft: the id lives on, names and memberships don't. */
  deleteUser(user: User): void {
    if (user.deleted) return;
    for (const { organization } of [...user.memberships.values()]) this.leave(user, organization);
    this.directory.delete(user);
    this.usernames.delete(user.usernameKey);
    this.emails.delete(user);
    user.deleted = true;
  }

  addOrganization(wanted: {
    name: string;
    displayName?: string;
    description?: string;
    icon?: string;
    isDefault?: boolean;
  }): Organization {
    const now = this.time();
    const id = this.chance.uuid();
    const members = new UserIndex<User>();
    const organization: Omit<Organization, 'everyone'> & { everyone?: Group } = {
      id,
      name: wanted.name,
      displayName: wanted.displayName || wanted.name,
      icon: wanted.icon ?? '',
      description: wanted.description ?? '',
      createdAt: now,
      updatedAt: now,
      isDefault: wanted.isDefault ?? false,
      deleted: false,
      defaultMemberRoles: ['organization-workspace-access'],
      members,
      groups: new Map(),
      customRoles: new Map(),
      groupSync: { field: '', mapping: {}, regexFilter: null, autoCreate: false },
      roleSync: { field: '', mapping: {} },
    };
    const whole = organization as Organization;
    const everyone: Group = { ...emptyGroup(whole, id, 'Everyone', 'user'), members };
    organization.everyone = everyone;
    this.groups.set(id, everyone);
    this.organizations.set(id, whole);
    this.organizationNames.set(this.fold(whole.name), whole);
    return whole;
  }

  renameOrganization(organization: Organization, name: string): void {
    this.organizationNames.delete(this.fold(organization.name));
    organization.name = name;
    this.organizationNames.set(this.fold(name), organization);
  }

  /** Deletion is soft and takes nobody out: only the name is free again. */
  deleteOrganization(organization: Organization): void {
    if (organization.deleted) return;
    organization.deleted = true;
    this.organizationNames.delete(this.fold(organization.name));
  }

  join(user: User, organization: Organization): Membership {
    const there = user.memberships.get(organization.id);
    if (there) return there;
    const now = this.time();
    const membership: Membership = { organization, createdAt: now, updatedAt: now, roles: [] };
    user.memberships.set(organization.id, membership);
    organization.members.add(user);
    return membership;
  }

  /** Organization roles and groups go with the membership. */
  leave(user: User, organization: Organization): boolean {
    if (!user.memberships.delete(organization.id)) return false;
    organization.members.delete(user);
    for (const group of user.groups) if (group.organization === organization) this.removeFromGroup(user, group);
    return true;
  }

  setMemberRoles(membership: Membership, roles: readonly string[]): void {
    membership.roles = [...new Set(roles)];
    membership.updatedAt = this.time();
  }

  addGroup(
    organization: Organization,
    name: string,
    more: Partial<Pick<Group, 'displayName' | 'avatarUrl' | 'quotaAllowance' | 'source'>> = {},
  ): Group {
    const group: Group = { ...emptyGroup(organization, this.chance.uuid(), name, more.source ?? 'user'), ...more };
    this.groups.set(group.id, group);
    organization.groups.set(name, group);
    return group;
  }

  renameGroup(group: Group, name: string): void {
    group.organization.groups.delete(group.name);
    group.name = name;
    group.organization.groups.set(name, group);
  }

  deleteGroup(group: Group): void {
    for (const user of group.members.withHidden()) user.groups.delete(group);
    group.organization.groups.delete(group.name);
    this.groups.delete(group.id);
  }

  addToGroup(user: User, group: Group): void {
    group.members.add(user);
    user.groups.add(group);
  }

  removeFromGroup(user: User, group: Group): void {
    group.members.delete(user);
    user.groups.delete(group);
  }
}

function emptyGroup(organization: Organization, id: string, name: string, source: 'user' | 'oidc'): Group {
  return {
    id,
    organization,
    name,
    displayName: '',
    avatarUrl: '',
    quotaAllowance: 0,
    source,
    members: new UserIndex<User>(),
  };
}
