/**
 * Compares people of an app with the world, page by page: what a sweep, a new declaration and a plan have in common. Each
 * person is decided by the same function as when they are dealt with. Linear in people, and in memory nothing but one page
 * beside the world.
 */
import { isSameIdentity } from '../../contract/identity';
import { type DirectoryGroup, type DirectoryUser } from '../../contract/directory';
import { type Address, addressesOfPeople } from '../../store/accounts/addresses';
import { type MemberState, memberStatesOfAccounts } from '../../store/accounts/coder-members';
import { type Grant, grantsOfAccounts } from '../../store/accounts/grants';
import { type Person, peopleOfAccounts, readPeople, readPeopleById } from '../../store/accounts/people';
import { readReHire } from '../../store/accounts/re-hires';
import { leftAsObjects } from '../../store/accounts/same-object';
import { type Db } from '../../store/database/database';
import { nextTurn } from '../../store/database/turns';
import { readGroups, readUsers } from '../../store/directory/reading';
import { entriesOfSubjects } from '../../store/journal/journal';
import { type Context } from '../decide/context';
import { ABSENT, desire, type Desired } from '../decide/desired';
import { gravestFirst, type Held } from '../decide/hold-reason';
import {
  type Account,
  isLinkGone,
  mayComeBackTo,
  type ObservedAccount,
  type PersonObservation,
  type Via,
} from '../decide/observation';
import { decidePerson, type PersonDecision } from '../decide/person';
import { type AccountDecision } from '../decide/account';
import { NO_PLAN, type Plan } from '../decide/plan';
import { type Actual } from '../decide/steps';
import { grantedBy, groupsHeld } from '../observe/holdings';
import { contendersOf, isLeftBehind, isLetInElsewhere, readHolders } from '../observe/holders';
import { addressesToLookUp, begunAccounts, mayBeBegun } from '../observe/begun-accounts';
import { type World } from './world';

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
  /** Whether the person is to come in by this app, whatever others ask who are the same account. */
  readonly asks: boolean;
  /** Of the person's own account, there or to be made. */
  readonly plan: Plan;
  /** Further accounts that are or may be theirs. */
  readonly others: readonly AccountDecision[];
  /** The one that is shown first. */
  readonly held: readonly Held[];
  /** Whether an account of theirs is gone from Coder, and is still to be forgotten. */
  readonly forgets: boolean;
}

/** Every plan of a finding. */
export function plansOf({ plan, others }: Finding): Plan[] {
  return [plan, ...others.map(other => other.plan)];
}

export interface SurveyOptions {
  /** Memberships as they are in Coder, not as they are wanted: what a report shows. @default false */
  readonly present?: boolean | undefined;
  /** Memberships that are not in the store, for a plan that writes nothing: group ids by account id. */
  readonly members?: ReadonlyMap<string, readonly string[]> | undefined;
  readonly page?: number | undefined;
}

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
  const scene = { db, context, world, app, options };
  let after: string | undefined;
  for (;;) {
    const page = await readUsers(db, app, after, size);
    const people = await readPeopleById(
      db,
      page.map(({ user }) => user.id),
    );
    yield* compare(
      scene,
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
    );
    const last = page.at(-1);
    if (last === undefined || page.length < size) break;
    after = last.user.id;
    // The event loop belongs to requests too.
    await nextTurn();
  }
  let afterPerson = '';
  for (;;) {
    const page = await readPeople(db, app, afterPerson, size);
    yield* compare(
      scene,
      page
        .filter(person => person.leftAt !== undefined)
        .map(person => ({ userId: person.userId, user: undefined, person, own: ABSENT })),
    );
    const last = page.at(-1);
    if (last === undefined || page.length < size) break;
    afterPerson = last.userId;
    await nextTurn();
  }
}

interface Scene {
  readonly db: Db;
  readonly context: Context;
  readonly world: World;
  readonly app: string;
  readonly options: SurveyOptions;
}

type Subject = Pick<PersonObservation, 'userId' | 'user' | 'person' | 'own'>;

interface Candidate {
  readonly account: Account;
  readonly via: Via;
  readonly begun: boolean;
}

async function* compare(scene: Scene, page: readonly Subject[]): AsyncGenerator<Finding> {
  const { db, context, world, app } = scene;
  const ids = page.map(({ userId }) => userId);
  const [addresses, entries] = [await addressesOfPeople(db, ids), await entriesOfSubjects(db, ids)];
  const linkedIds = page.flatMap(({ person }) => person?.coderUserId ?? []);
  const linkedPeople = byAccount(await peopleOfAccounts(db, linkedIds));
  const left = await leftAsObjects(
    db,
    app,
    page.flatMap(subject => objectToLookUp(world, subject) ?? []),
  );
  const found = [];
  for (const subject of page) {
    const open = entries.get(subject.userId) ?? [];
    const begun = begunAccounts(open, subject.person);
    const former = addresses.get(subject.userId) ?? [];
    const same = (linkedPeople.get(subject.person?.coderUserId ?? '') ?? []).filter(
      person => person.userId !== subject.userId,
    );
    const isOthers = subject.own.account !== 'present' && (await isLetInElsewhere(db, context, same));
    const ids = [subject.person?.coderUserId, ...open.flatMap(({ kind, key }) => (kind === 'steps' ? key : []))];
    const gone = [...new Set(ids)].flatMap(id => (id === undefined || world.accounts.has(id) ? [] : id));
    const object = objectToLookUp(world, subject);
    const asObject = object === undefined ? [] : left.filter(one => one.object === object);
    const candidates = candidatesOf(world, subject, begun, former, isOthers, asObject);
    found.push({ subject, begun, former, gone, candidates });
  }
  const accounts = found.flatMap(({ candidates }) => candidates.map(({ account }) => account.id));
  const others = accounts.filter(id => !linkedPeople.has(id));
  const known = {
    grants: await grantsOfAccounts(db, accounts),
    members: await memberStatesOfAccounts(db, accounts),
    people: new Map([...linkedPeople, ...byAccount(await peopleOfAccounts(db, others))]),
  };
  for (const { subject, begun, former, gone, candidates } of found) {
    const seen: ObservedAccount[] = [];
    for (const candidate of candidates) seen.push(await observed(scene, known, subject, former, candidate));
    const observation: PersonObservation = {
      context,
      app,
      ...subject,
      accounts: seen,
      gone: gone.map(id => ({ id, byBridge: false })),
      leftAlone: [],
      begun,
      addresses: former,
      reHire: seen.some(one => mayComeBackTo(one, subject.person)) ? await readReHire(db, subject.userId) : undefined,
      seen: undefined,
    };
    yield findingOf(observation, decidePerson(observation));
  }
}

function candidatesOf(
  world: World,
  { user, person, own }: Subject,
  begun: PersonObservation['begun'],
  former: readonly Address[],
  isOthers: boolean,
  asObject: readonly Person[],
): Candidate[] {
  const linked = linkedOf(world, person);
  const candidates = new Map<string, Candidate>();
  const isBegun = (account: Account): boolean => begun.some(entry => mayBeBegun(entry, account));
  if (linked !== undefined) candidates.set(linked.id, { account: linked, via: 'linked', begun: isBegun(linked) });
  const active = user?.active === true;
  for (const address of addressesToLookUp({
    own,
    person,
    former,
    begun,
    email: user?.email,
    active,
    linked,
    isOthers,
  })) {
    const account = world.accountOf(address);
    if (account === undefined || candidates.has(account.id)) continue;
    const isPresent = user?.email !== undefined && isSameIdentity(user.email, address);
    const via = isPresent ? 'address' : isBegun(account) ? 'journal' : 'former-address';
    candidates.set(account.id, { account, via, begun: isBegun(account) });
  }
  for (const { coderUserId } of asObject) {
    const account = coderUserId === undefined ? undefined : world.accounts.get(coderUserId);
    if (account?.used === true && !candidates.has(account.id))
      candidates.set(account.id, { account, via: 'object', begun: false });
  }
  return [...candidates.values()];
}

function linkedOf(world: World, person: Person | undefined): Account | undefined {
  return person?.coderUserId === undefined ? undefined : world.accounts.get(person.coderUserId);
}

/** The externalId of somebody who is to come in and has no account that anybody has signed in to: somebody who left may have been the same. */
function objectToLookUp(world: World, { user, person, own }: Subject): string | undefined {
  return own.account === 'present' && linkedOf(world, person)?.used !== true ? user?.externalId : undefined;
}

interface Known {
  readonly grants: ReadonlyMap<string, readonly Grant[]>;
  readonly members: ReadonlyMap<string, readonly MemberState[]>;
  readonly people: ReadonlyMap<string, readonly Person[]>;
}

async function observed(
  { db, context, world, app, options }: Scene,
  known: Known,
  subject: Subject,
  addresses: readonly Address[],
  { account, via, begun: isBegun }: Candidate,
): Promise<ObservedAccount> {
  const { userId } = subject;
  const [members, grants] = [known.members.get(account.id) ?? [], known.grants.get(account.id) ?? []];
  const others = (known.people.get(account.id) ?? []).filter(person => person.userId !== userId);
  const begun = isBegun || (via !== 'linked' && (await isLeftBehind(db, app, userId, account)));
  const holders = await readHolders(db, context, others);
  return {
    account,
    via,
    begun,
    holders,
    ...(await contendersOf(db, context, { account, via, begun, holders, userId, app, addresses })),
    actual: actualOf(
      context,
      world,
      account,
      { grants, members, desired: [subject.own, ...holders.map(holder => holder.desired)] },
      options,
    ),
    granted: grantedBy(grants, members),
    outside: [],
    unwritten: [],
    interrupted: undefined,
    profile: undefined,
  };
}

function byAccount(people: readonly Person[]): Map<string, Person[]> {
  const accounts = new Map<string, Person[]>();
  for (const person of people) {
    const id = person.coderUserId ?? '';
    accounts.set(id, [...(accounts.get(id) ?? []), person]);
  }
  return accounts;
}

/** The account with its memberships, as planning needs it. */
function actualOf(
  context: Context,
  world: World,
  account: Account,
  {
    grants,
    members,
    desired,
  }: {
    readonly grants: readonly Grant[];
    readonly members: readonly MemberState[];
    readonly desired: readonly Desired[];
  },
  options: SurveyOptions,
): Actual {
  // What was not read is nobody's gain: somebody may have it by hand. The person's own work reads it, and takes what there is.
  const asked = desired.flatMap(({ entitlements }) => [...entitlements.values()]);
  const given = (organization: string): readonly string[] => [
    ...new Set(
      [...grants, ...asked].flatMap(one =>
        one.kind === 'organization-role' && one.organization === organization ? one.target : [],
      ),
    ),
  ];
  const groups = groupsHeld(context, account.organizationIds, members, options.present === true);
  for (const id of options.members?.get(account.id) ?? []) {
    const group = context.groups.get(id);
    if (group !== undefined) groups.set(id, group.organization);
  }
  return {
    status: account.status,
    loginType: account.loginType,
    siteRoles: account.roles,
    organizations: account.organizationIds,
    organizationRoles: new Map(
      account.organizationIds.flatMap(organization => {
        const isUnread = world.unreadRoles.has(organization);
        const roles = isUnread ? given(organization) : world.organizationRoles.get(organization)?.get(account.id);
        return roles === undefined ? [] : [[organization, roles] as const];
      }),
    ),
    groups,
  };
}

/** A decision as reports and comparisons read it. */
function findingOf(observation: PersonObservation, decision: PersonDecision): Finding {
  const { app, userId, user, person, own } = observation;
  const main =
    decision.accounts.find(({ observed: { via }, link }) => via === 'linked' || link !== undefined) ??
    (own.account === 'absent' ? decision.accounts[0] : undefined);
  const reasons = gravestFirst(decision.held);
  const [held] = reasons;
  const account: Finding['account'] =
    main !== undefined
      ? { state: main.observed.via === 'linked' ? 'linked' : 'adopt', user: main.observed.account }
      : decision.create !== undefined
        ? { state: isLinkGone(observation) ? 'gone' : 'create' }
        : held !== undefined
          ? { state: 'held', held }
          : { state: isLinkGone(observation) ? 'gone' : 'none' };
  return {
    app,
    userId,
    userName: user?.userName ?? person?.userName ?? '',
    user,
    person,
    account,
    desired: main?.input.desired ?? own,
    asks: own.account === 'present',
    plan: main?.plan ?? decision.create?.plan ?? NO_PLAN,
    others: decision.accounts.filter(other => other !== main),
    held: reasons,
    forgets: observation.gone.length > 0,
  };
}

/** Whether the person is to be dealt with: something differs, or something that was held may go on now. */
export function needsWork(finding: Finding): boolean {
  const { account, person } = finding;
  if (finding.forgets || account.state === 'create' || account.state === 'adopt') return true;
  if (plansOf(finding).some(({ steps }) => steps.length > 0)) return true;
  const [held] = finding.held;
  return held?.reason !== person?.heldReason;
}

/** Whether somebody with an account, of whom nothing else is to be done, is not noted as in or as out: whom an earlier version locked out, say. */
export function isUnnoted({ user, person, asks }: Finding): boolean {
  if (user?.active !== true || person?.coderUserId === undefined || person.heldReason !== undefined) return false;
  return asks === (person.outSince !== undefined);
}
