/**
 * Compares people of an app with the world, page by page: what a sweep, a new declaration and a plan have in common.
 * Linear in people, and in memory nothing but one page beside the world.
 */
import { type DirectoryGroup, type DirectoryUser } from '../../contract/directory';
import { type MemberState, memberStatesOfAccounts } from '../../store/accounts/coder-members';
import { type Db } from '../../store/database/database';
import { readGroups, readUsers } from '../../store/directory/reading';
import { type Grant, grantsOfAccounts } from '../../store/accounts/grants';
import { type Person, peopleOfAccounts, readPeople, readPeopleById } from '../../store/accounts/people';
import { judgeAdoption } from '../decide/adoption';
import { type Context, isManaged, untouchable } from '../context/context';
import { ABSENT, desire, type Desired } from '../decide/desired';
import { type Entitlement } from '../decide/entitlement';
import { Held } from '../decide/hold-reason';
import { type Actual, plan, type Plan, removalKey } from '../decide/plan';
import { uniteAccount } from '../person/shared-account';
import { type Account, type World } from './world';

export interface Finding {
  readonly app: string;
  readonly userId: string;
  readonly userName: string;
  readonly user: DirectoryUser | undefined;
  readonly person: Person | undefined;
  /** `none`: no account and none wanted. */
  readonly account:
    | { readonly state: 'linked' | 'adopt'; readonly user: Account }
    | { readonly state: 'create' | 'gone' | 'none' }
    | { readonly state: 'held'; readonly held: Held };
  readonly desired: Desired;
  readonly plan: Plan;
}

export interface SurveyOptions {
  /** Memberships as they are in Coder, not as they are wanted: what a report shows. @default false */
  readonly present?: boolean | undefined;
  /** Memberships that are not in the store, for a plan that writes nothing: group ids by account id. */
  readonly members?: ReadonlyMap<string, readonly string[]> | undefined;
  readonly page?: number | undefined;
}

const NO_PLAN: Plan = { steps: [], gains: [], removals: [], blocked: [] };
const NOBODY: Actual = {
  status: 'dormant',
  loginType: 'oidc',
  siteRoles: [],
  organizations: [],
  organizationRoles: new Map(),
  groups: new Map(),
};

/** Everybody of an app, those who left last. */
export async function* survey(
  db: Db,
  context: Context,
  world: World,
  app: string,
  options: SurveyOptions = {},
): AsyncGenerator<Finding> {
  const rules = context.rules.get(app);
  if (rules === undefined) return;
  const groups = new Map((await readGroups(db, app)).map(group => [group.id, group]));
  // Small pages: what is done with leaves memory before it counts as old.
  const size = options.page ?? 100;
  let after: string | undefined;
  for (;;) {
    const page = await readUsers(db, app, after, size);
    const people = await readPeopleById(
      db,
      page.map(({ user }) => user.id),
    );
    yield* compare(
      db,
      context,
      world,
      app,
      page.map(({ user, groupIds }) => ({
        userId: user.id,
        user,
        person: people.get(user.id),
        own: desire(
          rules,
          user,
          groupIds.flatMap((id): DirectoryGroup[] => {
            const group = groups.get(id);
            return group === undefined ? [] : [group];
          }),
        ),
      })),
      options,
    );
    const last = page.at(-1);
    if (last === undefined || page.length < size) break;
    after = last.user.id;
  }
  let afterPerson = '';
  for (;;) {
    const page = await readPeople(db, app, afterPerson, size);
    yield* compare(
      db,
      context,
      world,
      app,
      page
        .filter(person => person.leftAt !== undefined)
        .map(person => ({ userId: person.userId, user: undefined, person, own: ABSENT })),
      options,
    );
    const last = page.at(-1);
    if (last === undefined || page.length < size) break;
    afterPerson = last.userId;
  }
}

interface Subject {
  readonly userId: string;
  readonly user: DirectoryUser | undefined;
  readonly person: Person | undefined;
  readonly own: Desired;
}

async function* compare(
  db: Db,
  context: Context,
  world: World,
  app: string,
  page: readonly Subject[],
  options: SurveyOptions,
): AsyncGenerator<Finding> {
  const found = page.map(subject => ({ subject, account: accountOf(world, subject) }));
  const ids = found.flatMap(({ account }) => account?.id ?? []);
  const [grants, members, people] = [
    await grantsOfAccounts(db, ids),
    await memberStatesOfAccounts(db, ids),
    byAccount(await peopleOfAccounts(db, ids)),
  ];
  for (const { subject, account } of found) {
    const { userId, user, person, own } = subject;
    const base = { app, userId, userName: user?.userName ?? person?.userName ?? '', user, person };
    if (account === undefined) {
      const state = person?.coderUserId !== undefined ? 'gone' : own.account === 'present' ? 'create' : 'none';
      const held =
        state !== 'none' && own.account === 'present' && user?.email === undefined
          ? new Held('no-email', 'the directory states no e-mail, and Coder has no account without one')
          : undefined;
      yield {
        ...base,
        account: held === undefined ? { state } : { state: 'held', held },
        desired: own,
        plan: own.account === 'present' && held === undefined ? planNew(context, own) : NO_PLAN,
      };
      continue;
    }
    const others = people.get(account.id) ?? [];
    const held = heldOf(context, app, subject, account, others);
    if (held !== undefined) {
      const ignored = own.account === 'absent';
      yield {
        ...base,
        account: ignored ? { state: 'none' } : { state: 'held', held },
        desired: own,
        plan: NO_PLAN,
      };
      continue;
    }
    const united = await uniteAccount(db, context, { userId, app, user, own }, account.id, others);
    yield {
      ...base,
      account: { state: person?.coderUserId === account.id ? 'linked' : 'adopt', user: account },
      desired: united.desired,
      plan: plan({
        desired: united.desired,
        actual: actualOf(context, world, account, members.get(account.id) ?? [], options),
        managed: managedBy(context, united.authoritative, grants.get(account.id) ?? [], members.get(account.id) ?? []),
        defaultOrganization: context.catalog.defaultOrganization,
        sync: context.catalog.sync,
      }),
    };
  }
}

function byAccount(people: readonly Person[]): Map<string, Person[]> {
  const accounts = new Map<string, Person[]>();
  for (const person of people) {
    const id = person.coderUserId ?? '';
    accounts.set(id, [...(accounts.get(id) ?? []), person]);
  }
  return accounts;
}

/** The account that the person is, or would be. */
function accountOf(world: World, { user, person, own }: Subject): Account | undefined {
  if (person?.coderUserId !== undefined) {
    const linked = world.accounts.get(person.coderUserId);
    if (linked !== undefined) return linked;
  }
  if (user?.email === undefined) return undefined;
  const found = world.accounts.get(world.byEmail.get(user.email.toLowerCase()) ?? '');
  // Nothing is done about the account of somebody who is not to come in and can't.
  return own.account === 'absent' && (user.active || found?.status === 'suspended') ? undefined : found;
}

function heldOf(
  context: Context,
  app: string,
  { userId, person }: Subject,
  account: Account,
  people: readonly Person[],
): Held | undefined {
  if (person?.coderUserId === account.id) {
    const reason = untouchable(context, account);
    return reason === undefined
      ? undefined
      : new Held(reason, `account ${JSON.stringify(account.username)} is never touched (${reason})`);
  }
  const verdict = judgeAdoption({
    context,
    policy: context.apps.get(app)?.state.policies.adoption ?? 'oidc',
    account,
    others: people.filter(other => other.app === app && other.userId !== userId),
    creating: person?.how === 'created' && person.coderUserId === undefined,
  });
  return verdict instanceof Held ? verdict : undefined;
}

function planNew(context: Context, desired: Desired): Plan {
  return plan({
    desired,
    actual: NOBODY,
    managed: () => false,
    defaultOrganization: context.catalog.defaultOrganization,
    sync: context.catalog.sync,
  });
}

/** The account with its memberships, as planning needs it. */
function actualOf(
  context: Context,
  world: World,
  account: Account,
  members: readonly MemberState[],
  options: SurveyOptions,
): Actual {
  const groups = new Map<string, string>();
  const add = (id: string): void => {
    const group = context.groups.get(id);
    if (group !== undefined) groups.set(id, group.organization);
  };
  for (const member of members)
    if (options.present === true ? member.present : (member.wanted ?? member.present)) add(member.coderGroupId);
  for (const id of options.members?.get(account.id) ?? []) add(id);
  return {
    status: account.status,
    loginType: account.loginType,
    siteRoles: account.roles,
    organizations: account.organizationIds,
    organizationRoles: new Map(
      account.organizationIds.flatMap(organization => {
        const roles = world.organizationRoles.get(organization)?.get(account.id);
        return roles === undefined ? [] : [[organization, roles] as const];
      }),
    ),
    groups,
  };
}

/** Whether something is the bridge's to take from this account. */
export function managedBy(
  context: Context,
  authoritative: boolean,
  grants: readonly Grant[],
  members: readonly MemberState[],
): (entitlement: Entitlement) => boolean {
  const granted = new Set(grants.map(grant => removalKey(grant)));
  const wanted = new Set(members.filter(member => member.wanted === true).map(member => member.coderGroupId));
  return entitlement =>
    isManaged(context, entitlement, authoritative) ||
    granted.has(removalKey(entitlement)) ||
    (entitlement.kind === 'group' && wanted.has(entitlement.target));
}

const NEVER_TOUCHED: ReadonlySet<string> = new Set([
  'own-account',
  'service-account',
  'prebuilds-account',
  'protected-account',
]);

/** Whether the person is to be dealt with: something differs, or something that was held may go on now. */
export function needsWork(finding: Finding): boolean {
  const { account, person, plan: wanted } = finding;
  if (account.state === 'create' || account.state === 'adopt' || account.state === 'gone') return true;
  if (account.state === 'linked' && wanted.steps.length > 0) return true;
  if (person?.heldReason === undefined) return false;
  if (account.state === 'none') return !NEVER_TOUCHED.has(person.heldReason);
  const { user } = finding;
  const pending = person.heldReason === 'email-pending' && account.state === 'linked' && user !== undefined;
  return !(pending && account.user.email.toLowerCase() !== (user.email ?? '').toLowerCase());
}
