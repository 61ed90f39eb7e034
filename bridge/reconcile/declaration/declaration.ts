/**
 * Deals with a declaration: references checked, custom roles and groups in place, sign-in sync settings written, and then
 * everybody compared with it as one plan, judged as a whole before anybody loses anything.
 */
import { outcomeOf } from '../../coder';
import { bumpRules, markApplied, purgeApp, readAnyApp, type StoredApp } from '../../store/apps/apps';
import { writeAudit } from '../../store/audit/audit';
import { listManagedGroups } from '../../store/accounts/coder-groups';
import { PRIORITY } from '../../store/work/enqueue';
import { type Work } from '../../store/work/work';
import {
  ensureCustomRoles,
  ensureDeclaredGroups,
  ensurePushedGroups,
  keepAll,
  manageAllGroups,
} from '../group/ensure-groups';
import { tidy } from '../group/remove-undeclared';
import { refreshBindings } from './bindings';
import { type Context } from '../context/context';
import { type Rim } from '../context/rim';
import { ListedGroups } from '../group/group-index';
import { lookAtGroupMembers } from '../group/write-members';
import { carryOut, judge, type Judgement, readWorldFor } from '../survey/judgement';
import { writeClaims } from './write-claims';
import { jittered, settle, type Settled } from '../queue/settle';
import { Trail } from '../context/audit-lines';

/** How often the end of a deleted app is looked for: soon when few are left, since each look reads everybody. */
const PURGE_PAUSE_MS = 15_000;
const FEW_LEFT = 100;
const SHORT_PURGE_PAUSE_MS = 1_000;
const HELD_PAUSE_MS = 300_000;

/** Deals with `app:<name>`. */
export async function convergeApp(rim: Rim, work: Work): Promise<Settled> {
  const name = work.key.slice('app:'.length);
  const app = await readAnyApp(rim.database.db, name);
  if (app === undefined) return await settle(rim, work, { kind: 'done' });
  const trail = new Trail(work.cause, () => rim.clock.now());
  try {
    const { context, problems } = await prepare(rim, app, trail);
    const judgement = await judgeApp(rim, context, name);
    if (app.deleting && isEmpty(judgement)) return await purge(rim, work, app, trail);
    await tidy(rim, trail);
    trail.note({ app: name }, 'app.apply', judgement.verdict === 'hold' ? 'held' : 'done', {
      target: `generation ${app.generation}`,
      detail: `${judgement.people} people compared, ${judgement.work.length} to be dealt with${problems.length === 0 ? '' : `; ${problems.join('; ')}`}`,
    });
    const ending = judgement.work.length <= FEW_LEFT ? SHORT_PURGE_PAUSE_MS : PURGE_PAUSE_MS;
    const pause = judgement.verdict === 'hold' ? HELD_PAUSE_MS : ending;
    const againAt = app.deleting ? rim.clock.now() + jittered(pause) : undefined;
    return await settle(
      rim,
      work,
      { kind: 'done' },
      [],
      async db => {
        await writeAudit(db, trail.rows);
        await markApplied(db, name, app.generation, problems);
        await carryOut(db, rim, context, name, judgement, work.cause);
      },
      { againAt },
    ).then(settled => (app.deleting ? comeBack(rim, work, settled, againAt) : settled));
  } catch (error) {
    // What was done in Coder is told, whatever ended the work.
    await writeAudit(rim.database.db, trail.rows);
    return await settle(rim, work, outcomeOf(error));
  }
}

/** Brings everything of a declaration but the people into Coder. */
async function prepare(rim: Rim, app: StoredApp, trail: Trail): Promise<{ context: Context; problems: string[] }> {
  let context = await rim.context.refresh();
  const problems = [...context.catalog.problems];
  if (!app.deleting) {
    problems.push(...(await ensureCustomRoles(rim, context, app.name, app.state, trail)));
    const groups = new ListedGroups(rim.coder);
    const keep = await keepAll(rim, context, app.name, app.state, groups, trail);
    problems.push(...(await ensureDeclaredGroups(keep)), ...(await ensurePushedGroups(keep)));
    if (app.state.policies.authoritative) await manageAllGroups(keep, groups);
    await refreshBindings(rim.database.db, context, app.name);
  }
  for (const group of await listManagedGroups(rim.database.db))
    if (group.readAt === undefined) await lookAtGroupMembers(rim, group.id);
  await bumpRules(rim.database.db);
  context = await rim.context.get();
  problems.push(...(await writeClaims(rim, context, trail)));
  // Roles and sync settings may be others by now, and so may what can be pushed.
  context = await rim.context.refresh();
  problems.push(...(context.rules.get(app.name)?.problems ?? []));
  return { context, problems: [...new Set(problems)] };
}

async function judgeApp(rim: Rim, context: Context, name: string): Promise<Judgement> {
  return await judge(rim, context, await readWorldFor(rim, context), name, PRIORITY.declaration);
}

function isEmpty(judgement: Judgement): boolean {
  return judgement.work.length === 0;
}

async function purge(rim: Rim, work: Work, app: StoredApp, trail: Trail): Promise<Settled> {
  trail.note({ app: app.name }, 'app.purge', 'done', { detail: 'nobody of the deleted app is left to deal with' });
  return await settle(rim, work, { kind: 'done' }, [], async db => {
    await writeAudit(db, trail.rows);
    await purgeApp(db, app.name);
  });
}

/** A deleted app is looked at again until nobody of it is left. */
async function comeBack(rim: Rim, work: Work, settled: Settled, againAt: number | undefined): Promise<Settled> {
  if (settled.outcome !== 'done') return settled;
  await rim.database.db
    .insertInto('work')
    .values({
      key: work.key,
      app: work.app,
      priority: PRIORITY.sweep,
      due_at: againAt ?? rim.clock.now(),
      enqueued_at: rim.clock.now(),
      seq: 1,
      attempts: 0,
      cause: JSON.stringify(work.cause),
    })
    .onConflict(conflict => conflict.column('key').doNothing())
    .execute();
  return settled;
}
