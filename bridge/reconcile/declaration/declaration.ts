/**
 * Deals with a declaration: custom roles and groups in place, sign-in sync settings written, and then everybody compared with it
 * as one plan, judged as a whole before anybody loses anything. Each of these is observed, decided, done and recorded in turn,
 * since the next one rests on it.
 */
import { CoderError, outcomeOf } from '../../coder';
import {
  bumpRules,
  hasWrittenClaims,
  isStill,
  markApplied,
  noteWroteClaims,
  readAnyApp,
  type StoredApp,
} from '../../store/apps/apps';
import { writeAudit } from '../../store/audit/audit';
import { listManagedGroups } from '../../store/accounts/coder-groups';
import { type Db } from '../../store/database/database';
import { declaringCause } from '../../store/work/causes';
import { enqueue, PRIORITY } from '../../store/work/enqueue';
import { workUnderWay } from '../../store/work/pending';
import { bringForward, type Work } from '../../store/work/work';
import { AuditLines } from '../context/audit-lines';
import { type Context, groupName, organizationName } from '../decide/context';
import { type Rim } from '../context/rim';
import { checkStillOurs } from '../context/still-ours';
import { decideRoles } from '../decide/declaration/custom-roles';
import { decideGroups } from '../decide/group/groups';
import { actOnGroups, orProblem } from '../group/act-on-groups';
import { GroupListing, observeGroups } from '../group/observe-groups';
import { lookAtGroupMembers } from '../group/read-members';
import { removeUndeclared } from '../group/remove-undeclared';
import { settleBegun } from '../group/settle-begun';
import { AWAITS_DECLARATION, endWork, type EndedWork, LOOKED_FOR_AGAIN } from '../queue/end-work';
import { AT_ONCE, carryOut, carryOutInTurns, surveyWithGuard, readWorldFor } from '../survey/guarded-survey';
import { refreshBindings } from './bindings';
import { actOnRoles, observeRoles } from './custom-roles';
import { comeBackAt, isLeftParked, isOwedAnything, purge } from './deleted-app';
import { sharedExternalIds } from './shared-external-ids';
import { noLongerSpokenFor } from './no-longer-spoken-for';
import { bringSyncSettings, undeclaredEntries } from './sync-settings';
import { wakeOtherDeclarations, wakeOtherApps } from './wake-other-apps';

const ENDS = 'the app ends when nobody of it is left, nothing of it is held, and nobody who has left can still sign in';

function sayEnds(entries: readonly string[], problems: readonly string[]): string {
  const unknown = problems.filter(problem => problem.startsWith('what was begun'));
  if (entries.length === 0) return [ENDS, ...unknown].join('; ');
  const why = problems.filter(problem => problem.startsWith('sync settings '));
  return [
    `the app ends when what it wrote into Coder's sync settings is taken out (${entries.join('; ')}), or somebody has taken it out there`,
    ...why,
    ...unknown,
  ].join('; ');
}

const sayUnread = (context: Context, organization: string): string =>
  `roles of members of organization ${JSON.stringify(organizationName(context, organization))}`;

/** Deals with `app:<name>`. */
export async function convergeApp(rim: Rim, claimed: Work): Promise<EndedWork> {
  // What comes of a declaration is by who declared it, whoever has woken the app since.
  const work = { ...claimed, cause: declaringCause(claimed.causes) ?? claimed.cause };
  const name = work.key.slice('app:'.length);
  const { db } = rim.database;
  const app = await readAnyApp(db, name);
  if (app === undefined) return await endWork(rim, work, { kind: 'done' });
  try {
    if (app.state.mode === 'claims') await noteWroteClaims(db, name);
    // Whoever is being dealt with right now may be by what was declared before, and is not in Coder yet as that has it.
    const underWay = await workUnderWay(db);
    // Once more for what fails first: a Coder that is just being restarted should take nothing from anybody before it gives. What fails
    // again keeps the rest of the document from nothing.
    const failures: CoderError[] | undefined = work.attempts === 0 ? undefined : [];
    const { context, problems } = await convergeParts(rim, app, work, failures);
    // Another document by now: that is queued, and judged by itself.
    if (context.apps.get(name)?.generation !== app.generation) return await endWork(rim, work, { kind: 'done' });
    const world = await readWorldFor(rim, context, {
      orUnread: (organization, read) => orProblem(problems, sayUnread(context, organization), read, failures),
    });
    const guarded = await surveyWithGuard(rim, context, world, name, PRIORITY.declaration);
    const begun = await orProblem(
      problems,
      'what was begun',
      () => settleBegun(rim, context, { app: name, queue: false }),
      failures,
    );
    // They would give at each sign-in what nobody knows of any more.
    const entries = app.deleting && (await seesToEntries(db, context, app)) ? await undeclaredEntries(db, context) : [];
    const isOver =
      guarded.work.length + guarded.stillIn + entries.length === 0 &&
      begun !== undefined &&
      begun.againAt === undefined &&
      // Nobody knows what is left where Coder does not tell.
      (failures ?? []).length === 0 &&
      // What ended since it was read how everybody is in Coder may be otherwise than that.
      !underWay.some(({ app: of }) => of === name) &&
      !(await isOwedAnything(db, name));
    // People first: a call for a group may take as long as it likes, and nobody who can be dealt with waits for it.
    if (!app.deleting || guarded.free === 0)
      problems.push(
        ...(await removeWhatIsLeft(rim, work, app.deleting && !isOver, app.deleting ? undefined : failures)),
      );
    if (app.deleting && isOver) return await purge(rim, work, app, problems);
    const lines = new AuditLines(work.cause, () => rim.clock.now());
    lines.note({ app: name }, 'app.apply', guarded.verdict === 'hold' ? 'held' : 'done', {
      target: `generation ${app.generation}`,
      detail: `${guarded.people} people compared, ${guarded.work.length} to be dealt with${problems.length === 0 ? '' : `; ${problems.join('; ')}`}`,
    });
    const againAt = app.deleting
      ? comeBackAt(rim, guarded, begun === undefined || entries.length > 0 || (await isLeftParked(db, name)))
      : begun?.againAt;
    const isLarge = guarded.held.length + guarded.work.length > AT_ONCE;
    const writes = async (trx: Db): Promise<void> => {
      if (!(await isStill(trx, app))) return;
      await writeAudit(trx, lines.rows);
      await markApplied(trx, name, app.generation, [...new Set(problems)]);
      await bringForward(trx, { app: name, reason: AWAITS_DECLARATION }, rim.clock.now());
      if (!isLarge) await carryOut(trx, rim, name, guarded, work.cause);
      // Once for each generation: who is under way at a later look knows of it, and those who are woken wake this one no more.
      if (app.appliedGeneration !== app.generation) {
        await enqueue(trx, underWay, work.cause, rim.clock.now());
        await wakeOtherDeclarations(trx, context.apps.values(), name, work.cause, rim.clock.now());
      }
      // Nothing that a deleted app declared ends before the app does.
      if (!app.deleting) await wakeOtherApps(trx, name, 'declared', work.cause, rim.clock.now());
    };
    // In the same transaction: whatever ends this process, it is looked at again.
    const later =
      againAt === undefined
        ? undefined
        : { dueAt: againAt, reason: app.deleting ? sayEnds(entries, problems) : LOOKED_FOR_AGAIN };
    const [failure] = failures ?? [];
    const outcome = failure === undefined ? { kind: 'done' as const } : outcomeOf(failure);
    if (!isLarge) return await endWork(rim, work, outcome, [], writes, { later });
    // Until it is noted as applied, nobody loses anything by it: what is to be done comes after that, and all of it again should the
    // process end before it is.
    const isMeant = async (trx: Db): Promise<boolean> => {
      await checkStillOurs(rim, trx, work);
      return await isStill(trx, app);
    };
    await carryOutInTurns(rim, name, { ...guarded, work: [] }, work.cause, isMeant);
    await rim.database.transact(async trx => {
      await checkStillOurs(rim, trx, work);
      await writes(trx);
    });
    await carryOutInTurns(rim, name, { ...guarded, held: [] }, work.cause, isMeant);
    return await endWork(rim, work, outcome, [], undefined, { later, found: false });
  } catch (error) {
    return await endWork(rim, work, outcomeOf(error));
  }
}

/**
 * Whether a deleted app waits until what nothing declares is out of Coder's sync settings: where something of it may be there, also from before
 * it was declared in mode `push`, unless the sweep of another app sees to that.
 */
async function seesToEntries(db: Db, { apps }: Context, { name, state }: StoredApp): Promise<boolean> {
  if (state.mode === 'claims') return true;
  const others = [...apps.values()].filter(other => other.name !== name && !other.deleting);
  const isSeenTo = others.some(other => other.state.mode === 'claims' && other.state.policies.drift === 'repair');
  return !isSeenTo && (await hasWrittenClaims(db, name));
}

/**
 * Groups and roles that nothing declares any more and nobody is in.
 * @param later while people of a deleted app are still to be dealt with: whatever becomes of groups and roles, nobody stays in
 *   for it, and they are tried again at the next look
 * @param failures as for `orProblem`
 */
async function removeWhatIsLeft(
  rim: Rim,
  work: Work,
  later: boolean,
  failures: CoderError[] | undefined,
): Promise<string[]> {
  try {
    return await removeUndeclared(rim, work, failures);
  } catch (error) {
    if (!later || !(error instanceof CoderError)) throw error;
    return [`what nothing declares any more stays for now: ${error.message}`];
  }
}

/** Everything of a declaration but the people, and in words what of it can not be. */
async function convergeParts(
  rim: Rim,
  app: StoredApp,
  work: Work,
  failures: CoderError[] | undefined,
): Promise<{ context: Context; problems: string[] }> {
  const { db } = rim.database;
  const problems: string[] = [];
  // Where the bridge itself may have turned a sync on, nobody goes by what was known of it before.
  const ownsSettings = app.state.mode === 'claims' || (await hasWrittenClaims(db, app.name));
  const anew = async (): Promise<Context> =>
    (await orProblem(problems, 'organizations and sync settings', () => rim.context.refresh(), failures)) ??
    (await rim.context.refreshInPart(ownsSettings));
  let context = await anew();
  problems.push(...context.catalog.problems);
  let rolesMade = false;
  if (!app.deleting) {
    const roles = await convergeRoles(rim, context, app, work, failures);
    rolesMade = roles.made;
    problems.push(...roles.problems, ...(await convergeGroups(rim, context, app, work, failures)));
    // Not by what a newer document has unbound.
    await rim.database.transact(async trx => {
      if (await isStill(trx, app)) await refreshBindings(trx, context, app.name, rim.clock.now());
    });
    problems.push(...(await sharedExternalIds(db, app)), ...(await noLongerSpokenFor(db, context, app)));
  }
  for (const group of await listManagedGroups(db))
    if (group.readAt === undefined)
      await orProblem(
        problems,
        `members of group ${groupName(context, group.id)}`,
        () => lookAtGroupMembers(rim, group.id),
        failures,
      );
  await bumpRules(db);
  if (rolesMade) await anew();
  problems.push(...(await bringSyncSettings(rim, work, failures)));
  // Sync settings may be others by now, and so may what can be pushed. What is not told of them is neither given nor taken.
  context = await anew();
  problems.push(...(context.rules.get(app.name)?.problems ?? []));
  return { context, problems: [...new Set(problems)] };
}

async function convergeRoles(
  rim: Rim,
  context: Context,
  app: StoredApp,
  work: Work,
  failures: CoderError[] | undefined,
): Promise<{ made: boolean; problems: string[] }> {
  const { catalog, apps } = context;
  const observed = await observeRoles(rim.database.db, rim.coder, catalog.organizations, app, apps.values(), failures);
  const plan = decideRoles(observed);
  const made = plan.changes.some(change => change.kind === 'create');
  return { made, problems: await actOnRoles(rim, app.name, plan, work, failures) };
}

async function convergeGroups(
  rim: Rim,
  context: Context,
  app: StoredApp,
  work: Work,
  failures: CoderError[] | undefined,
): Promise<string[]> {
  const declared = { apps: context.apps, organizations: context.catalog.organizations };
  const observed = await observeGroups(rim.database.db, declared, app, new GroupListing(rim.coder));
  const acting = { rim, app: app.name, work, surveyed: true, later: failures };
  return await actOnGroups(acting, decideGroups(observed));
}
