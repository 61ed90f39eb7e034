/**
 * Compares everything that is managed with Coder. What differs is a finding in the audit trail; by the app's policy it is
 * queued behind all other work, or only told. Who is held is no drift, and tried again whatever the policy. One replica at a time
 * for each app.
 */
import { CoderError } from '../../coder';
import { listAllApps, markSwept, type StoredApp } from '../../store/apps/apps';
import { noteSweepFailures } from '../../store/apps/sweep-failures';
import { writeAudit, writeAuditInTurns } from '../../store/audit/audit';
import { listManagedGroups, type ManagedGroup, markUnread } from '../../store/accounts/coder-groups';
import { countHeldPeople } from '../../store/accounts/held-people';
import { listLeaverWorkspaces } from '../../store/accounts/leaver-workspaces';
import { type HeldRemovals, listOpenHolds } from '../../store/accounts/holds';
import { memberDifferences } from '../../store/accounts/coder-members';
import { type Cause, enqueue, enqueueGroupWrite, PRIORITY, type WorkItem } from '../../store/work/enqueue';
import { unattendedEntries } from '../../store/journal/journal';
import { dropLease, takeLease } from '../../store/work/leases';
import { queuedKeys } from '../../store/work/pending';
import { unparkWork } from '../../store/work/work';
import { describe } from '../person/apply-steps';
import { removeUndeclared } from '../group/remove-undeclared';
import { type Context, groupName, organizationName } from '../decide/context';
import { type Rim } from '../context/rim';
import { lookAtFilling } from '../context/filling-mappings';
import { declaringApps, isRepaired } from '../group/declaring-apps';
import { GroupListing } from '../group/observe-groups';
import { lookAtGroupMembers } from '../group/read-members';
import { settleBegun } from '../group/settle-begun';
import { carryOutInTurns, surveyWithGuard, readWorldFor, withoutQueued } from '../survey/guarded-survey';
import { type Finding } from '../survey/survey';
import { forgetOld } from './forget-old';
import { isHeldStep } from './held-steps';
import { reportLeavers } from './report-leavers';
import { sweepLeaversWorkspaces } from './leavers-workspaces';
import { reportUnlinkedAccounts } from './unlinked-accounts';
import { renewSpokenFor, sweepDeclaration } from './sweep-declarations';
import { SweepParts } from './sweep-parts';
import { isTriedAgain } from './tried-again';
import { AuditLines } from '../context/audit-lines';
import { type World } from '../survey/world';

const CAUSE: Cause = { actor: 'sweep' };
/** For so long a sweep is its bridge's without a sign of life. */
export const SWEEP_LEASE_MS = 30_000;

/**
 * Sweeps one app, or all that are due.
 * @returns names of those that another bridge compares, or began to: they were not looked at
 * @throws CoderError what Coder failed at first; where Coder is there, everything else is compared. @throws AbortError when this process ends
 */
export async function sweepApps(
  rim: Rim,
  wanted: (app: StoredApp) => boolean,
  auditRetentionMs: number,
): Promise<string[]> {
  if ((await rim.recovery.holds()) !== undefined || !(await rim.recovery.advance())) return [];
  await lookAtFilling(rim);
  const due = (await listAllApps(rim.database.db)).filter(wanted);
  if (due.length === 0) return [];
  const parts = new SweepParts(rim.ending);
  const context = await contextFor(rim, parts);
  await unparkWork(
    rim.database.db,
    { apps: due.map(app => app.name) },
    { now: rim.clock.now(), attempts: rim.options.maxAttempts },
  );
  const apps = [...context.apps.values()].filter(app => !app.deleting && wanted(app));
  await lookAtEndingApps(
    rim,
    [...context.apps.values()].filter(app => app.deleting && wanted(app)),
  );
  const held: StoredApp[] = [];
  for (const app of apps)
    if (await takeLease(rim.database.db, `sweep:${app.name}`, rim.owner, rim.clock.now(), SWEEP_LEASE_MS))
      held.push(app);
  const elsewhere = apps.filter(app => !held.includes(app)).map(({ name }) => name);
  if (held.length === 0) return elsewhere;
  const renewal = setInterval(() => void renew(rim, held), SWEEP_LEASE_MS / 3);
  renewal.unref();
  const names = held.map(app => app.name);
  const sweep = async () => {
    await noting(rim, parts, held, async () => {
      await sweepHeld(rim, context, held, parts);
      await parts.part('what was begun', async () => await settleBegun(rim, await rim.context.get()));
      await parts.part('what nothing declares any more', async () => {
        for (const problem of await removeUndeclared(rim, { cause: CAUSE }))
          rim.log.warn({ problem }, 'what nothing declares any more stays in Coder');
      });
    });
  };
  try {
    await (rim.spans === undefined ? sweep() : rim.spans.sweep(names, sweep));
    await forgetOld(rim, auditRetentionMs);
    if (parts.error !== undefined) throw parts.error;
    return elsewhere;
  } finally {
    clearInterval(renewal);
    for (const app of held) await dropLease(rim.database.db, `sweep:${app.name}`, rim.owner);
  }
}

/** With organizations and sync settings as they are now; what was last known of them where Coder fails to tell. */
async function contextFor(rim: Rim, parts: SweepParts): Promise<Context> {
  const read = await parts.part('organizations and sync settings', () => rim.context.refresh());
  return read ?? (await rim.context.get());
}

const isCompared = ({ state }: StoredApp): boolean => state.policies.drift !== 'off';

/** Notes of each app what of it was not compared. */
async function noting(
  rim: Rim,
  parts: SweepParts,
  apps: readonly StoredApp[],
  sweep: () => Promise<void>,
): Promise<void> {
  try {
    await sweep();
  } catch (error) {
    // Of what else ends it, such as the database, nothing is known: what was noted before stays.
    if (error instanceof CoderError) await noteFailures(rim, apps, parts);
    throw error;
  }
  await noteFailures(rim, apps, parts);
  if (!parts.isWhole) return;
  for (const app of apps)
    if (parts.saidOf(app.name).length === 0) await markSwept(rim.database.db, app.name, rim.clock.now());
}

async function noteFailures(rim: Rim, apps: readonly StoredApp[], parts: SweepParts): Promise<void> {
  const { db } = rim.database;
  // Whatever is to be done about drift: who is held, and whose workspaces may run on, is looked at.
  const lookedAt = new Set([
    ...(await countHeldPeople(db)).keys(),
    ...(await listLeaverWorkspaces(db)).map(({ app }) => app),
  ]);
  for (const app of apps)
    await noteSweepFailures(db, app.name, isCompared(app) || lookedAt.has(app.name) ? parts.saidOf(app.name) : []);
}

/** What keeps a deleted app from ending is often something in Coder, whose end nobody tells: a sweep looks again. */
async function lookAtEndingApps(rim: Rim, apps: readonly StoredApp[]): Promise<void> {
  const { db } = rim.database;
  const now = rim.clock.now();
  for (const { name } of apps) {
    await enqueue(db, [{ key: `app:${name}`, app: name, priority: PRIORITY.declaration }], CAUSE, now);
    await markSwept(db, name, now);
  }
}

async function renew(rim: Rim, apps: readonly StoredApp[]): Promise<void> {
  for (const app of apps)
    await takeLease(rim.database.db, `sweep:${app.name}`, rim.owner, rim.clock.now(), SWEEP_LEASE_MS).catch(
      () => false,
    );
}

async function sweepHeld(rim: Rim, context: Context, apps: readonly StoredApp[], parts: SweepParts): Promise<void> {
  const { db } = rim.database;
  const compared = apps.filter(isCompared);
  const held = await countHeldPeople(db);
  const lookedAt = apps.filter(app => isCompared(app) || held.has(app.name));
  if (compared.length > 0) await sweepGroups(rim, context, compared, parts);
  if (lookedAt.length > 0)
    await parts.part('people', async () => {
      const readAt = rim.clock.now();
      const world = await readWorldFor(rim, context, {
        until: rim.ending,
        orUnread: (organization, read) =>
          parts.part(
            `roles of members of organization ${JSON.stringify(organizationName(context, organization))}`,
            read,
          ),
      });
      for (const app of lookedAt) await sweepPeople(rim, context, { world, readAt }, app);
      if (compared.length > 0) await reportUnlinkedAccounts(rim, context, world);
    });
  const listing = new GroupListing(rim.coder.background);
  for (const app of compared)
    await parts.part(`groups, roles and sync settings of app ${JSON.stringify(app.name)}`, () =>
      sweepDeclaration(rim, context, app, listing),
    );
  await renewSpokenFor(
    rim,
    context,
    apps.filter(app => app.state.policies.drift !== 'repair'),
  );
  await parts.part('workspaces of who left', () => sweepLeaversWorkspaces(rim, context, apps, parts));
  await lookAtBegun(rim, apps);
}

/**
 * What was begun for a person and not noted to its end is looked at by their work, whatever a comparison shows of them, and whether or not
 * there still is an app that would compare them.
 */
async function lookAtBegun(rim: Rim, apps: readonly StoredApp[]): Promise<void> {
  const { db } = rim.database;
  const items = (await unattendedEntries(db, { apps: apps.map(({ name }) => name) })).flatMap(
    ({ app, subject }): WorkItem[] =>
      app === undefined || subject === undefined ? [] : [{ key: `person:${subject}`, app, priority: PRIORITY.sweep }],
  );
  await enqueue(db, items, CAUSE, rim.clock.now());
}

/** Reads the members of each managed group of these apps anew; what differs from what is wanted is found, and queued where one of them repairs. */
async function sweepGroups(rim: Rim, context: Context, apps: readonly StoredApp[], parts: SweepParts): Promise<void> {
  for (const group of await listManagedGroups(rim.database.db))
    await parts.part(`group ${organizationName(context, group.organization)}/${group.name}`, () =>
      sweepGroup(rim, context, apps, group),
    );
}

async function sweepGroup(rim: Rim, context: Context, apps: readonly StoredApp[], group: ManagedGroup): Promise<void> {
  const { db } = rim.database;
  const declaring = await declaringApps(db, context, group);
  // Another app's word says nothing of it. What nothing declares any more is for any of them.
  const own = declaring.length === 0 ? apps : declaring;
  if (!apps.some(({ name }) => own.some(app => app.name === name))) return;
  const repairs = isRepaired(own);
  const app = own.find(({ state }) => state.policies.drift === (repairs ? 'repair' : 'report'))?.name ?? null;
  const detail = repairs ? 'to be repaired' : 'reported only';
  const key = `coder-group:${group.id}` as const;
  const looked = await lookAtGroupMembers(rim, group.id, rim.ending);
  if (looked === undefined) {
    const lines = new AuditLines(CAUSE, () => rim.clock.now());
    lines.note({ app }, 'drift.found', 'reported', {
      target: groupName(context, group.id),
      before: 'absent',
      after: 'present',
      detail,
    });
    await writeAudit(db, lines.rows);
    if (!repairs) return;
    await markUnread(db, group.id);
    await enqueueGroup(rim, app, group.id);
    return;
  }
  const differences = [
    ...(await memberDifferences(db, group.id)),
    ...looked.takenByHand.map(coderUserId => ({ coderUserId, present: false, wanted: true })),
  ];
  if (differences.length === 0 || (await queuedKeys(db, [key])).size > 0) return;
  const lines = new AuditLines(CAUSE, () => rim.clock.now());
  for (const difference of differences)
    lines.note({ app, coderUserId: difference.coderUserId }, 'drift.found', 'reported', {
      target: groupName(context, group.id),
      before: difference.present ? 'member' : 'no member',
      after: difference.wanted === true ? 'member' : 'no member',
      detail,
    });
  await writeAudit(db, lines.rows);
  if (repairs) await enqueueGroup(rim, app, group.id);
}

async function enqueueGroup(rim: Rim, app: string | null, groupId: string): Promise<void> {
  const now = rim.clock.now();
  await enqueueGroupWrite(
    rim.database.db,
    { groupId, app: app ?? '', priority: PRIORITY.sweep, dueAt: now },
    CAUSE,
    now,
  );
}

/** Coder's accounts, and when they were begun to be read. */
interface SeenWorld {
  readonly world: World;
  readonly readAt: number;
}

async function sweepPeople(rim: Rim, context: Context, { world, readAt }: SeenWorld, app: StoredApp): Promise<void> {
  const { drift } = app.state.policies;
  const repairs = drift === 'repair';
  const findings: Finding[] = [];
  const holds = new Map((await listOpenHolds(rim.database.db, app.name)).map(held => [held.subject, held]));
  const guarded = await surveyWithGuard(rim, context, world, app.name, PRIORITY.sweep, {
    each: finding => {
      // Whoever was dealt with since is not as they were read.
      const { convergedAt = 0 } = finding.person ?? {};
      if (convergedAt > readAt && convergedAt <= rim.clock.now()) return;
      if (repairs || (drift === 'report' && !isTriedAgain(finding))) findings.push(slim(finding));
    },
    takes: finding => repairs || isTriedAgain(finding),
    until: rim.ending,
  });
  const fresh = await withoutQueued(rim, guarded.work);
  const found = await unqueued(rim, app, findings);
  const lines = new AuditLines(CAUSE, () => rim.clock.now());
  for (const finding of found)
    noteFinding(lines, context, withoutHeldSteps(context, finding, holds), repairs, guarded.verdict);
  await writeAuditInTurns(rim.database.db, lines.rows);
  if (drift === 'report') await reportLeavers(rim, found, CAUSE);
  // Whoever is in the queue is judged by their own work: that may be past the guard, and looks at no hold that comes after it.
  const judged = new Set<string>(fresh.map(({ key }) => key));
  const held = guarded.held.filter(({ subject }) => judged.has(subject));
  await carryOutInTurns(rim, app.name, { ...guarded, held, work: fresh }, CAUSE, () => {
    rim.ending.throwIfAborted();
    return Promise.resolve(true);
  });
}

/** Findings about whoever is in no queue: what is asked for of the others is yet to be done. */
async function unqueued(rim: Rim, app: StoredApp, findings: readonly Finding[]): Promise<Finding[]> {
  const keyOf = ({ userId }: Finding): WorkItem['key'] => `person:${userId}`;
  const items = findings.map(finding => ({ key: keyOf(finding), app: app.name, priority: PRIORITY.sweep }));
  const keys = new Set((await withoutQueued(rim, items)).map(({ key }) => key));
  return findings.filter(finding => keys.has(keyOf(finding)));
}

// A finding is kept until the page is judged as a whole: what it was made from is not.
function slim(finding: Finding): Finding {
  return { ...finding, user: undefined, desired: { account: finding.desired.account, entitlements: new Map() } };
}

/** What the guard stopped before waits for an operator, and nobody has changed it by hand. */
function withoutHeldSteps(context: Context, finding: Finding, holds: ReadonlyMap<string, HeldRemovals>): Finding {
  const { changes } = holds.get(`person:${finding.userId}`) ?? { changes: [] };
  if (changes.length === 0) return finding;
  const steps = finding.plan.steps.filter(step => !isHeldStep(context, step, changes));
  return { ...finding, plan: { ...finding.plan, steps } };
}

function noteFinding(
  lines: AuditLines,
  context: Context,
  finding: Finding,
  repairs: boolean,
  verdict: 'pass' | 'hold',
): void {
  const { account, person } = finding;
  const subject = {
    app: finding.app,
    subject: finding.userId,
    subjectName: finding.userName,
    coderUserId: person?.coderUserId,
  };
  const detail = !repairs ? 'reported only' : verdict === 'hold' ? 'removals are held' : 'to be repaired';
  // Somebody who waits for something is no drift.
  if (account.state === 'held' || (account.state === 'linked' && finding.plan.steps.length === 0)) return;
  if (account.state !== 'linked') {
    lines.note(subject, 'drift.found', 'reported', {
      target: 'account',
      before: account.state === 'adopt' ? 'not linked' : 'absent',
      after: 'present',
      detail,
    });
    return;
  }
  for (const step of finding.plan.steps) {
    if (step.kind === 'group-add' || step.kind === 'group-remove') {
      lines.note(subject, 'drift.found', 'reported', {
        target: groupName(context, step.group),
        before: step.kind === 'group-add' ? 'no member' : 'member',
        after: step.kind === 'group-add' ? 'member' : 'no member',
        detail,
      });
      continue;
    }
    const [action, change] = describe(context, account.user, step);
    lines.note(subject, 'drift.found', 'reported', { ...change, detail: `${action ?? step.kind}: ${detail}` });
  }
}
