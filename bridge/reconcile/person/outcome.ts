/** Writes down what became of one person: links, grants, wishes for groups, holds and audit lines, in one transaction. */
import { writeAudit } from '../../store/audit/audit';
import { forgetMemberships, leaveOrganization, wantMember } from '../../store/accounts/coder-members';
import { type Db } from '../../store/database/database';
import { enqueue, PRIORITY, type WorkItem, type WorkKey } from '../../store/work/enqueue';
import { forgetGrants, removeGrants } from '../../store/accounts/grants';
import { dropHold, hold, noteRemoval } from '../../store/accounts/holds';
import { deletePerson, peopleOfAccount, type PersonChange, writePerson } from '../../store/accounts/people';
import { type Work } from '../../store/work/work';
import { type Rim } from '../context/rim';
import { digestOf } from '../decide/guard';
import { type PersonRecord, type Scene } from './record';
import { sayRemoval } from '../decide/entitlement-text';
import { settle, type Settled } from '../queue/settle';
import { type Subject, type Trail } from '../context/audit-lines';

/** Ends the work on one person. */
export async function writeOutcome(rim: Rim, work: Work, scene: Scene, record: PersonRecord): Promise<Settled> {
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
function because(work: Work, subject: Subject, wish: PersonRecord['wishes'][number]): string {
  return JSON.stringify({
    subject,
    cause: work.cause,
    because: wish.kind === 'group-add' ? wish.because : [],
  });
}

/** The one reason that is shown: what the guard stopped, then what keeps most. */
function heldOf(record: PersonRecord): { reason: string; detail: string } | undefined {
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
  record: PersonRecord,
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
