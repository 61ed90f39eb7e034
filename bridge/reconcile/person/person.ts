/**
 * Converges one person: account, status, site roles, organizations, roles there, and wishes for groups. Reads the directory
 * and Coder anew, plans, asks the guard, applies, and writes the outcome with its audit lines in one transaction.
 */
import { type CoderUser, outcomeOf } from '../../coder';
import { memberStatesOf } from '../../store/accounts/coder-members';
import { groupsOfUser, readUser } from '../../store/directory/reading';
import { addGrants, type Grant, grantsOf as readGrants } from '../../store/accounts/grants';
import { deletePerson, peopleOfAccount, type Person, readPerson, writePerson } from '../../store/accounts/people';
import { writeAudit } from '../../store/audit/audit';
import { noteIntent, type Work } from '../../store/work/work';
import { type Applied, applySteps, describe, grantsOf } from './apply-steps';
import { type Context, untouchable } from '../context/context';
import { type Rim } from '../context/rim';
import { ABSENT, desire } from '../decide/desired';
import { guardRemovals, withOwnersKept } from './guard-removals';
import { Held } from '../decide/hold-reason';
import { deletedBefore, intentOf, isDone, statusBefore, stepsBefore, UNNOTED } from './intent';
import { findAccount, findOrCreateAccount, type Linked } from './link';
import { type Actual, plan, type Plan, type PlanInput, type Step } from '../decide/plan';
import { writeOutcome } from './outcome';
import { writeProfile } from './profile';
import { newRecord, type PersonRecord, type Scene } from './record';
import { settle, type Settled } from '../queue/settle';
import { managedBy } from '../survey/survey';
import { Trail } from '../context/audit-lines';
import { withLease } from '../context/one-at-a-time';
import { uniteAccount } from './shared-account';

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
  return await writeOutcome(rim, work, { context, user, person, own }, record);
}

async function converge(rim: Rim, work: Work, scene: Scene, record: PersonRecord): Promise<void> {
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

function noteLink({ account, how }: Linked, record: PersonRecord, trail: Trail): CoderUser {
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
async function takeUp(rim: Rim, work: Work, linked: Linked, record: PersonRecord): Promise<CoderUser> {
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
  record: PersonRecord,
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

async function link(rim: Rim, scene: Scene, record: PersonRecord): Promise<Linked | undefined> {
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
  record: PersonRecord,
  account: CoderUser,
  linked: Linked | undefined,
): Promise<void> {
  const { db } = rim.database;
  const isNew = linked?.existed === false;
  const people = await peopleOfAccount(db, account.id);
  if (people.every(person => person.userId === record.subject.subject)) {
    await change(rim, work, scene, record, account, isNew, people);
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
  record: PersonRecord,
  account: CoderUser,
  isNew: boolean,
  people?: readonly Person[],
): Promise<void> {
  const { db } = rim.database;
  const { context } = scene;
  const { user, person, own } = scene;
  const self = { userId: user?.id ?? person?.userId ?? '', app: work.app, user, own };
  const { desired, authoritative, allLeft } = await uniteAccount(db, context, self, account.id, people);
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
  record: PersonRecord,
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

function noteDone(record: PersonRecord, applied: Applied): void {
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
function noteUnnoted(context: Context, work: Work, record: PersonRecord, account: CoderUser, actual: Actual): void {
  for (const step of stepsBefore(work, account.id)) {
    if (!isDone(step, actual)) continue;
    const [action, change] = describe(context, statusBefore(work, account), step);
    if (action !== undefined) record.trail.note(record.subject, action, 'done', { ...change, detail: UNNOTED });
    record.taken.push(...grantsOf(step).taken);
    if (isRemoval(step)) record.removed = true;
  }
}
