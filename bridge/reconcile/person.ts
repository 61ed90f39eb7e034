/**
 * Converges one person: account, status, site roles, organizations, roles there, and wishes for groups. Reads the directory
 * and Coder anew, plans, asks the guard, applies, and writes the outcome with its audit lines in one transaction.
 */
import { type CoderUser, cleanRealName, deriveUsernames, isRefusal, outcomeOf } from '../coder';
import { type DirectoryUser } from '../directory';
import { forgetMemberships, leaveOrganization, memberStatesOf, wantMember } from '../store/coder-groups';
import { type Db } from '../store/database';
import { groupsOfUser, readUser } from '../store/directory/reading';
import { enqueue, PRIORITY, type WorkItem, type WorkKey } from '../store/enqueue';
import { addGrants, forgetGrants, type Grant, grantsOf as readGrants, removeGrants } from '../store/grants';
import { dropHold, hold, noteRemoval } from '../store/holds';
import {
  deletePerson,
  peopleOfAccount,
  type Person,
  type PersonChange,
  readPerson,
  writePerson,
} from '../store/people';
import { writeAudit } from '../store/audit';
import { noteIntent, type Work } from '../store/work';
import { type Applied, applySteps, describe, grantsOf } from './apply';
import { type Context, untouchable } from './context';
import { type Rim } from './deps';
import { ABSENT, desire, type Desired } from './desired';
import { digestOf } from './guard';
import { type Guarded, guardRemovals, withOwnersKept } from './guarding';
import { Held } from './held';
import { deletedBefore, intentOf, isDone, statusBefore, stepsBefore, UNNOTED } from './intent';
import { findAccount, findOrCreateAccount, type Linked } from './link';
import { type Actual, plan, type Plan, type PlanInput, type Step } from './plan';
import { sayRemoval } from './say';
import { settle, type Settled } from './settle';
import { managedBy } from './survey';
import { type Subject, Trail } from './trail';
import { withLease } from './turns';
import { uniteAccount } from './united';

interface Scene {
  readonly context: Context;
  readonly user: DirectoryUser | undefined;
  readonly person: Person | undefined;
  /** What this SCIM user alone asks for. */
  readonly own: Desired;
}

/** What one piece of work came to know and do, until it is written down. */
interface Record {
  change: PersonChange;
  account: CoderUser | undefined;
  trail: Trail;
  subject: Subject;
  held: Held[];
  wishes: Extract<Step, { kind: 'group-add' | 'group-remove' }>[];
  given: Grant[];
  taken: Grant[];
  /** Organizations that the account is not in, but memberships of whose groups are remembered. */
  outside: Set<string>;
  /** The account is no more: nothing is remembered of it. */
  forget: string | undefined;
  /** The person's own row has nothing to say any more. */
  drop: boolean;
  removed: boolean;
  guarded: Guarded | undefined;
  failure: Applied['failure'];
}

/** Deals with `person:<SCIM id>`. */
export async function convergePerson(rim: Rim, work: Work): Promise<Settled> {
  const userId = work.key.slice('person:'.length);
  const { db } = rim.database;
  const [user, person] = [await readUser(db, userId), await readPerson(db, userId)];
  if (user === undefined && person === undefined) return await settle(rim, work, { kind: 'done' });
  const context = await rim.context.get();
  const rules = context.rules.get(work.app);
  if (rules === undefined) return await settle(rim, work, { kind: 'done' });
  const own = user === undefined ? ABSENT : desire(rules, user, await groupsOfUser(db, user.id));
  const record = newRecord(rim, work, user, person);
  try {
    await converge(rim, work, { context, user, person, own }, record);
  } catch (error) {
    if (error instanceof Held) record.held.push(error);
    else {
      const failure = outcomeOf(error);
      if (failure.kind === 'terminal') record.held.push(new Held(failure.error.kind, failure.error.message));
      else record.failure = failure;
    }
  }
  return await write(rim, work, { context, user, person, own }, record);
}

function newRecord(rim: Rim, work: Work, user: DirectoryUser | undefined, person: Person | undefined): Record {
  return {
    change: {},
    account: undefined,
    trail: new Trail(work.cause, () => rim.clock.now()),
    subject: {
      app: work.app,
      subject: user?.id ?? person?.userId,
      subjectName: user?.userName ?? person?.userName,
      coderUserId: person?.coderUserId,
    },
    held: [],
    wishes: [],
    given: [],
    taken: [],
    outside: new Set(),
    forget: undefined,
    drop: false,
    removed: false,
    guarded: undefined,
    failure: undefined,
  };
}

async function converge(rim: Rim, work: Work, scene: Scene, record: Record): Promise<void> {
  const { context, user, person, own } = scene;
  let account = await knownAccount(rim, work, person, record);
  let linked: Linked | undefined;
  if (account === undefined) {
    linked = await link(rim, scene, record);
    if (linked === undefined) {
      record.drop = user === undefined;
      return;
    }
    account = linked.existed ? await takeUp(rim, work, linked, record) : noteLink(linked, record, record.trail);
  }
  record.account = account;
  const found = account;
  const reason = untouchable(context, found);
  if (reason !== undefined)
    throw new Held(reason, `account ${JSON.stringify(found.username)} is never touched (${reason})`);
  await rim.turns.take(`account:${found.id}`, () => changeAlone(rim, work, scene, record, found, linked));
  if (user !== undefined && own.account === 'present' && record.failure === undefined)
    await writeProfile(rim, scene, record, found);
}

function noteLink({ account, how }: Linked, record: Record, trail: Trail): CoderUser {
  record.change = { ...record.change, coder: { id: account.id, username: account.username, how } };
  record.subject = { ...record.subject, coderUserId: account.id };
  trail.note(
    record.subject,
    how === 'created' ? 'account.create' : 'account.adopt',
    'done',
    how === 'created'
      ? { target: account.username, after: `${account.status} ${account.email}` }
      : { target: account.username, before: account.status, detail: `e-mail ${account.email}` },
  );
  return account;
}

/**
 * Notes the link to an account that was there before, and looks at the account once more: somebody who leaves it, or shares it,
 * may be dealt with at the same time, and either sees the other from now on.
 */
async function takeUp(rim: Rim, work: Work, linked: Linked, record: Record): Promise<CoderUser> {
  const trail = new Trail(work.cause, () => rim.clock.now());
  noteLink(linked, record, trail);
  const { app, subject: userId = '', subjectName: userName = '' } = record.subject;
  const { change } = record;
  await rim.database.transact(async db => {
    await writeAudit(db, trail.rows);
    await writePerson(db, { userId, app: app ?? work.app, userName }, change, rim.clock.now());
    await addGrants(db, linked.account.id, record.given, rim.clock.now());
    for (const left of linked.replaces) await deletePerson(db, left);
  });
  const again = await rim.coder.getUser(linked.account.id);
  return again.state === 'present' ? again.user : linked.account;
}

/** The account that the person is linked to, if Coder still has it. */
async function knownAccount(
  rim: Rim,
  work: Work,
  person: Person | undefined,
  record: Record,
): Promise<CoderUser | undefined> {
  if (person?.coderUserId === undefined) return undefined;
  const found = await rim.coder.getUser(person.coderUserId);
  if (found.state === 'present') {
    if (found.user.username !== person.coderUsername)
      record.change = { ...record.change, coderUsername: found.user.username };
    return found.user;
  }
  if (deletedBefore(work, person.coderUserId))
    record.trail.note(record.subject, 'account.delete', 'done', { target: person.coderUsername, detail: UNNOTED });
  else
    record.trail.note(record.subject, 'account.gone', 'reported', {
      target: person.coderUsername,
      detail: 'somebody deleted the account in Coder',
    });
  record.forget = person.coderUserId;
  record.change = { ...record.change, coder: null };
  return undefined;
}

async function link(rim: Rim, scene: Scene, record: Record): Promise<Linked | undefined> {
  const { context, user, person, own } = scene;
  if (user === undefined) return undefined;
  // What is known of an account that is gone is no claim to the next one.
  const seeker = { user, person: record.forget === undefined ? person : undefined };
  if (own.account === 'present') {
    const organizations = [...own.entitlements.values()]
      .filter(entitlement => entitlement.kind === 'organization')
      .map(entitlement => entitlement.organization);
    const linked = await findOrCreateAccount(
      rim,
      context,
      seeker,
      organizations.length === 0 ? [context.catalog.defaultOrganization] : organizations,
    );
    // An account that an earlier try made may be in organizations that were asked for then.
    const ours = linked.existed
      ? linked.account.organizationIds.filter(
          organization => organization !== context.catalog.defaultOrganization || organizations.includes(organization),
        )
      : organizations;
    if (linked.how === 'created' && linked.replaces.length === 0)
      record.given.push(...ours.map(organization => ({ kind: 'organization' as const, organization, target: '' })));
    return linked;
  }
  // Somebody who may not come in, but has an account from before: the account is locked, not overlooked.
  if (user.active || user.email === undefined) return undefined;
  const found = await findAccount(rim, context, seeker).catch((error: unknown) => {
    if (error instanceof Held) return undefined;
    throw error;
  });
  return found?.account.status === 'suspended' ? undefined : found;
}

/** An account that several people are is changed by one of them at a time, on all replicas, from what it is then. */
async function changeAlone(
  rim: Rim,
  work: Work,
  scene: Scene,
  record: Record,
  account: CoderUser,
  linked: Linked | undefined,
): Promise<void> {
  const { db } = rim.database;
  const isNew = linked?.existed === false;
  const people = await peopleOfAccount(db, account.id);
  if (people.every(person => person.userId === record.subject.subject)) {
    await change(rim, work, scene, record, account, isNew);
    return;
  }
  await withLease(db, `account:${account.id}`, rim.owner, rim.clock, async () => {
    const again = await rim.coder.getUser(account.id);
    await change(rim, work, scene, record, again.state === 'present' ? again.user : account, isNew);
  });
}

async function change(
  rim: Rim,
  work: Work,
  scene: Scene,
  record: Record,
  account: CoderUser,
  isNew: boolean,
): Promise<void> {
  const { db } = rim.database;
  const { context } = scene;
  const { user, person, own } = scene;
  const self = { userId: user?.id ?? person?.userId ?? '', app: work.app, user, own };
  const { desired, authoritative, allLeft } = await uniteAccount(db, context, self, account.id);
  const grants = await readGrants(db, account.id);
  const members = (await memberStatesOf(db, account.id)).filter(member => {
    const group = context.groups.get(member.coderGroupId);
    if (group === undefined || account.organizationIds.includes(group.organization)) return true;
    // Nobody is in a group of an organization they are not in, whatever was last known.
    record.outside.add(group.organization);
    return false;
  });
  const needsRoles =
    !isNew && (context.organizationRoles || authoritative || grants.some(grant => grant.kind === 'organization-role'));
  const actual: Actual = {
    status: account.status,
    loginType: account.loginType,
    siteRoles: account.roles,
    organizations: account.organizationIds,
    organizationRoles: needsRoles ? (await rim.coder.getRoles(account.id)).organizations : new Map(),
    groups: new Map(
      members.flatMap(member => {
        const group = context.groups.get(member.coderGroupId);
        return group !== undefined && (member.wanted ?? member.present) ? [[group.id, group.organization]] : [];
      }),
    ),
  };
  const input: PlanInput = {
    desired,
    actual,
    managed: managedBy(context, authoritative, grants, members),
    defaultOrganization: context.catalog.defaultOrganization,
    sync: context.catalog.sync,
    leaving: allLeft && context.apps.get(work.app)?.state.policies.leaving === 'delete' ? 'delete' : 'suspend',
  };
  noteUnnoted(context, work, record, account, actual);
  record.guarded = await guardRemovals(rim, context, {
    work,
    subject: `person:${record.subject.subject ?? ''}`,
    // A declaration that is being dealt with is judged as a whole; who leaves goes at once.
    deferred: isPending(context, work.app) && !leavesByDirectory(scene),
    removals: plan(input).removals,
  });
  const allows = record.guarded.allows;
  const allowed = plan({ ...input, allows });
  await withOwnersKept(rim, context, allowed, actual, async keep => {
    if (!keep.passes) {
      record.guarded = { ...keep.guarded, allows: removal => (allows?.(removal) ?? true) && keep.allows(removal) };
      await execute(rim, work, scene, record, account, plan({ ...input, allows: record.guarded.allows }), input);
    } else await execute(rim, work, scene, record, account, allowed, input);
  });
}

function isPending(context: Context, app: string): boolean {
  const stored = context.apps.get(app);
  return stored !== undefined && stored.appliedGeneration !== stored.generation;
}

function leavesByDirectory({ user }: Scene): boolean {
  return user === undefined || !user.active;
}

async function execute(
  rim: Rim,
  work: Work,
  scene: Scene,
  record: Record,
  account: CoderUser,
  allowed: Plan,
  input: PlanInput,
): Promise<void> {
  const { context } = scene;
  // Before the calls: should this process die in between, what it gave is known to be its own.
  // The default organization is where Coder puts everybody: being there is no gift of the bridge.
  const given = allowed.steps
    .flatMap(step => grantsOf(step).given)
    .concat(record.given)
    .filter(grant => grant.kind !== 'organization' || grant.organization !== context.catalog.defaultOrganization);
  // What an earlier try took and this one gives again is not taken any more.
  record.taken = record.taken.filter(taken => !given.some(grant => grantKey(grant) === grantKey(taken)));
  if (given.length > 0) await addGrants(rim.database.db, account.id, given, rim.clock.now());
  if (allowed.steps.some(step => step.kind !== 'group-add' && step.kind !== 'group-remove'))
    await noteIntent(rim.database.db, work, rim.owner, intentOf(account, allowed.steps));
  const applied = await applySteps(rim, context, account, allowed.steps, record.subject, record.trail);
  noteDone(record, applied);
  if (applied.hasWorkspaces) {
    const instead = plan({ ...input, leaving: 'suspend', allows: record.guarded?.allows });
    noteDone(record, await applySteps(rim, context, account, instead.steps, record.subject, record.trail));
  }
  if (applied.done.some(step => step.kind === 'delete')) {
    record.forget = account.id;
    record.drop = true;
  }
}

function grantKey({ kind, organization, target }: Grant): string {
  return [kind, organization, target].join(' ');
}

function noteDone(record: Record, applied: Applied): void {
  record.held.push(...applied.held);
  record.failure = applied.failure;
  for (const step of applied.done) {
    record.taken.push(...grantsOf(step).taken);
    if (step.kind === 'group-add' || step.kind === 'group-remove') record.wishes.push(step);
    if (isRemoval(step)) record.removed = true;
  }
}

function isRemoval(step: Step): boolean {
  if (step.kind === 'site-roles' || step.kind === 'organization-roles')
    return step.before.some(role => !step.after.includes(role));
  return ['suspend', 'delete', 'organization-remove', 'group-remove'].includes(step.kind);
}

/** Lines for what an earlier try did before its process died: those of its steps that Coder shows as done. */
function noteUnnoted(context: Context, work: Work, record: Record, account: CoderUser, actual: Actual): void {
  for (const step of stepsBefore(work, account.id)) {
    if (!isDone(step, actual)) continue;
    const [action, change] = describe(context, statusBefore(work, account), step);
    if (action !== undefined) record.trail.note(record.subject, action, 'done', { ...change, detail: UNNOTED });
    record.taken.push(...grantsOf(step).taken);
    if (isRemoval(step)) record.removed = true;
  }
}

/** Name and username follow the directory when it changes; e-mails can not be written at all. */
async function writeProfile(
  rim: Rim,
  { context, user, person }: Scene,
  record: Record,
  account: CoderUser,
): Promise<void> {
  if (user === undefined) return;
  if (user.email !== undefined && user.email.toLowerCase() !== account.email.toLowerCase())
    record.held.push(
      new Held(
        'email-pending',
        `e-mail is ${JSON.stringify(account.email)} in Coder and ${JSON.stringify(user.email)} in the directory: Coder takes it over at the person's next sign-in, nobody can write it before`,
      ),
    );
  const name = cleanRealName(user.fullName);
  const how = record.change.coder?.how ?? person?.how;
  // First dealings: an account of the bridge's own has the name of when it was made, one that was found keeps its name.
  const renamed =
    person?.fullName === undefined ? how === 'created' || account.name === '' : person.fullName !== user.fullName;
  const next = { username: account.username, name: renamed && name !== '' ? name : account.name };
  const followed = person?.followedUserName;
  const follows =
    context.apps.get(user.app)?.state.policies.usernames === 'follow' &&
    followed !== undefined &&
    followed !== user.userName;
  if (follows)
    next.username =
      deriveUsernames({ userName: user.userName, email: user.email, key: user.id })[0] ?? account.username;
  if (next.username === account.username && next.name === account.name) return;
  const before = `${account.username} ${JSON.stringify(account.name)}`;
  const after = `${next.username} ${JSON.stringify(next.name)}`;
  try {
    await rim.coder.setProfile(account, next);
    record.trail.note(record.subject, 'profile.set', 'done', { before, after });
    if (next.username !== account.username) record.change = { ...record.change, coderUsername: next.username };
  } catch (error) {
    const failure = outcomeOf(error);
    record.trail.note(record.subject, 'profile.set', failure.kind === 'terminal' ? 'held' : 'failed', {
      before,
      after,
      detail: error instanceof Error ? error.message : String(error),
    });
    if (!isRefusal(error)) {
      record.failure = failure.kind === 'terminal' ? { kind: 'failed', error } : failure;
      return;
    }
    record.held.push(new Held(error.reason ?? 'refused', error.message));
  }
}

async function write(rim: Rim, work: Work, scene: Scene, record: Record): Promise<Settled> {
  const now = rim.clock.now();
  const { user, person } = scene;
  const userId = record.subject.subject ?? '';
  const subject = `person:${userId}`;
  const held = heldOf(record);
  if (held !== undefined && (person?.heldReason !== held.reason || person.heldDetail !== held.detail))
    record.trail.note(record.subject, 'person.held', 'held', { target: held.reason, detail: held.detail });
  const finished = record.failure === undefined;
  const change: PersonChange = {
    ...record.change,
    held: held ?? null,
    convergedAt: now,
    ...(finished && user !== undefined && record.account !== undefined ? { known: user } : {}),
    // Who is locked out has not been dealt with under a new name.
    ...(finished && user !== undefined && record.account !== undefined && scene.own.account === 'present'
      ? { profile: user }
      : {}),
    ...(user === undefined && person?.leftAt === undefined ? { leftAt: now } : {}),
  };
  const accountId = record.account?.id;
  const touched: WorkKey[] = record.wishes.map(wish => `coder-group:${wish.group}` as const);
  return await settle(rim, work, record.failure ?? { kind: 'done' }, touched, async db => {
    // The database may ask for a repetition: what is noted in here must not be noted twice.
    const trail = record.trail.copy();
    await writeHolds(db, work.app, subject, scene, record, trail, now);
    await writeAudit(db, trail.rows);
    if (record.forget !== undefined) {
      await forgetGrants(db, record.forget);
      await forgetMemberships(db, record.forget);
    }
    if (accountId !== undefined && accountId !== record.forget) {
      await removeGrants(db, accountId, record.taken);
      for (const organization of record.outside) await leaveOrganization(db, accountId, organization);
      for (const grant of record.taken)
        if (grant.kind === 'organization') await leaveOrganization(db, accountId, grant.organization);
      for (const wish of record.wishes)
        await wantMember(db, wish.group, accountId, wish.kind === 'group-add', because(work, record.subject, wish));
    }
    if (record.removed && accountId !== undefined) await enqueueOthers(db, work, userId, accountId, now);
    if (record.removed) await noteRemoval(db, work.app, subject, now);
    if (record.drop && finished) await deletePerson(db, userId);
    else
      await writePerson(db, { userId, app: work.app, userName: user?.userName ?? person?.userName ?? '' }, change, now);
  });
}

/** Somebody else may have been linked to the account while this person lost something of it: looked at again. */
async function enqueueOthers(db: Db, work: Work, userId: string, accountId: string, now: number): Promise<void> {
  const others = (await peopleOfAccount(db, accountId)).filter(
    other => other.userId !== userId && other.leftAt === undefined,
  );
  const items: WorkItem[] = others.map(other => ({
    key: `person:${other.userId}`,
    app: other.app,
    priority: PRIORITY.request,
  }));
  await enqueue(db, items, work.cause, now);
}

/** Why a member is wanted or not, for the audit line of the group's write. */
function because(work: Work, subject: Subject, wish: Record['wishes'][number]): string {
  return JSON.stringify({
    subject,
    cause: work.cause,
    because: wish.kind === 'group-add' ? wish.because : [],
  });
}

/** The one reason that is shown: what the guard stopped, then what keeps most. */
function heldOf(record: Record): { reason: string; detail: string } | undefined {
  const guarded = record.guarded;
  if (guarded !== undefined && guarded.held.length > 0)
    return {
      reason: 'guard',
      detail: `${guarded.reason}: ${guarded.held.length} removal(s) stopped; look at coder-scim status and release them if they are meant`,
    };
  const [first] = [...record.held].sort(
    (a, b) => Number(a.reason === 'email-pending') - Number(b.reason === 'email-pending'),
  );
  return first === undefined ? undefined : { reason: first.reason, detail: first.detail };
}

async function writeHolds(
  db: Db,
  app: string,
  subject: string,
  scene: Scene,
  record: Record,
  trail: Trail,
  now: number,
): Promise<void> {
  const { guarded } = record;
  if (guarded === undefined) return;
  if (guarded.held.length === 0) {
    if (guarded.before !== undefined && record.failure === undefined && !guarded.deferred)
      await dropHold(db, app, subject);
    return;
  }
  const changes = guarded.held.map(removal =>
    removal.kind === 'account' ? 'account' : sayRemoval(scene.context, removal),
  );
  const outcome = await hold(
    db,
    { app, subject, digest: digestOf(guarded.held), reason: guarded.reason, changes },
    now,
  );
  if (outcome === 'held')
    trail.note(record.subject, 'guard.hold', 'held', {
      target: guarded.reason,
      detail: changes.join('; '),
    });
}
