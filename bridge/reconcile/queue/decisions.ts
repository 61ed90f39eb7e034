/** What an operator decides: a hold released, a re-hire answered, work tried again. Each is a line of the audit trail. */
import { holdId, listOpenHolds, releaseHolds } from '../../store/accounts/holds';
import { acceptEmailConflict, acceptFormerOwner, findPeople, readPerson } from '../../store/accounts/people';
import { noteReHireAnswer, type ReHireAnswer } from '../../store/accounts/re-hires';
import { readAnyApp } from '../../store/apps/apps';
import { letGo } from '../../store/apps/bindings';
import { writeAudit } from '../../store/audit/audit';
import { type Db } from '../../store/database/database';
import { groupsOfUser, readUser } from '../../store/directory/reading';
import { enqueue, PRIORITY, type WorkItem, type WorkKey } from '../../store/work/enqueue';
import { isOwedPeople, queuedPeople } from '../../store/work/pending';
import { unparkWork } from '../../store/work/work';
import { type Rim } from '../context/rim';
import { vanishedMappings } from '../context/vanished-groups';
import { type Context } from '../decide/context';
import { type Entitlement, type EntitlementKey, keyOf } from '../decide/entitlement';
import { desire } from '../decide/desired';
import { EMAIL_CONFLICT } from '../decide/person';
import { sayRemoval } from '../decide/entitlement-text';
import { isAboutLeaving } from '../decide/guard';
import { isFrozen } from '../decide/plan';
import { type Decision, HoldChanged, NobodyWaits, sayDecision } from '../types';

/** Lets exactly the open hold with this id pass. @throws HoldChanged */
export async function releaseHold(rim: Rim, id: string, decision: Decision): Promise<{ released: number }> {
  const context = await rim.context.get();
  return await rim.database.transact(async db => {
    const open = await listOpenHolds(db);
    const apps = [...new Set(open.map(row => row.app))];
    const app = apps.find(name => holdId(open.filter(row => row.app === name)) === id);
    if (app === undefined) {
      const present = apps.map(name => `${holdId(open.filter(row => row.app === name))} (app ${name})`);
      throw new HoldChanged(
        `hold ${JSON.stringify(id)} is not open: ${present.length === 0 ? 'nothing is held' : `open now: ${present.join(', ')}`}; look at coder-scim status again`,
      );
    }
    const rows = open.filter(row => row.app === app);
    const now = rim.clock.now();
    if ((await releaseHolds(db, app, rows, decision.by, now)) !== rows.length)
      throw new HoldChanged(
        `what hold ${JSON.stringify(id)} is about changed in this moment: nothing was released; look at coder-scim status again`,
      );
    // A vanished group whose loss was accepted is not missed again. What its mapping names stays managed: whoever is not dealt with yet has it
    // by nothing but that.
    const shown = new Set(rows.flatMap(row => (row.reasons.includes('idp-group-vanished') ? row.changes : [])));
    if (shown.size > 0) {
      const accepted = (await vanishedMappings(db, context, app, now)).filter(mapping =>
        isShown(context, app, mapping, shown),
      );
      const subjects = new Set(rows.map(row => row.subject));
      const unclear = sharing(context, app, accepted);
      // Whose group that was, the loss does not tell: somebody who is still to be dealt with may be of the other one, and was not shown.
      const isUnclear = unclear.size > 0 && (await isSomebodyElseWaiting(db, app, subjects));
      await letGo(db, app, isUnclear ? accepted.filter(mapping => !unclear.has(mapping)) : accepted);
    }
    await writeAudit(db, [
      {
        at: now,
        app,
        actor: 'operator',
        token: decision.by,
        action: 'guard.release',
        target: id,
        result: 'done',
        detail: `${rows.length} people, released by ${sayDecision(decision)}`,
      },
    ]);
    const stored = await readAnyApp(db, app);
    // Whoever leaves was held as that, and leaves from now on.
    const items: WorkItem[] = rows.map(({ subject, reasons }) => ({
      key: subject as WorkKey,
      app,
      priority: reasons.some(isAboutLeaving) ? PRIORITY.leaving : PRIORITY.request,
    }));
    if (stored?.deleting === true) items.push({ key: `app:${app}`, app, priority: PRIORITY.request });
    await enqueue(db, items, { actor: 'operator', token: decision.by }, now);
    return { released: rows.length };
  });
}

/** Those of the mappings that give something that another one of them gives as well, the way in included. */
function sharing(context: Context, app: string, mappings: readonly string[]): Set<string> {
  const rules = context.rules.get(app);
  if (rules?.state.policies.accounts === 'mapped') return new Set(mappings.length > 1 ? mappings : []);
  const givers = new Map<EntitlementKey, string[]>();
  for (const mapping of mappings)
    for (const key of new Set((rules?.gives.get(mapping) ?? []).map(keyOf)))
      givers.set(key, [...(givers.get(key) ?? []), mapping]);
  return new Set([...givers.values()].filter(several => several.length > 1).flat());
}

/** Whether anybody of the app who is not one of these is still to be dealt with. */
async function isSomebodyElseWaiting(db: Db, app: string, subjects: ReadonlySet<string>): Promise<boolean> {
  const queued = await queuedPeople(db, app, subjects.size + 1);
  return queued.some(key => !subjects.has(key)) || (await isOwedPeople(db, app));
}

/** Whether the loss of everything that a mapping itself gives was among what was shown: one whose group vanished since was not. */
function isShown(context: Context, app: string, mapping: string, shown: ReadonlySet<string>): boolean {
  const rules = context.rules.get(app);
  const all = rules?.gives.get(mapping) ?? [];
  const isSaid = (entitlement: Entitlement): boolean => shown.has(sayRemoval(context, entitlement));
  // A membership comes along with what is given in it.
  const own = all.filter(({ kind }) => kind !== 'organization');
  const gives = own.length > 0 ? own : all;
  if (gives.length > 0 && gives.every(isSaid)) return true;
  // One that gives nothing for the moment, for want of an organization of that name, has shown nothing.
  if (rules?.state.policies.accounts !== 'mapped' || rules.unclearMappings.has(mapping)) return false;
  // Whoever is locked out keeps memberships, and what Coder's own sync governs: then the account is all that is shown.
  const locksOut = [false, true].some(deletes => shown.has(sayRemoval(context, { kind: 'account', deletes })));
  return locksOut && own.every(entitlement => isSaid(entitlement) || isFrozen(context.catalog.sync, entitlement));
}

/** Notes the answer and deals with the person. @throws NobodyWaits */
export async function answerReHire(
  rim: Rim,
  user: string,
  said: { readonly answer: ReHireAnswer; readonly account?: string | undefined },
  decision: Decision,
): Promise<{ userName: string }> {
  const { userName, asked } = await rim.database.transact(async db => {
    const waiting = (await findPeople(db, user)).filter(person => person.heldReason === 're-hire');
    const [person] = waiting;
    if (person === undefined)
      throw new NobodyWaits(
        `${JSON.stringify(user)} waits for no answer about a re-hire: look at coder-scim status, and name one by SCIM id, userName or e-mail`,
      );
    if (waiting.length > 1)
      throw new NobodyWaits(
        `${JSON.stringify(user)} names ${waiting.length} people who wait: answer for each by SCIM id: ${waiting
          .map(({ userId, app }) => `${userId} (app ${JSON.stringify(app)})`)
          .join(', ')}`,
      );
    const now = rim.clock.now();
    const asked = await noteReHireAnswer(db, person.userId, said);
    if (asked === 'another')
      throw new NobodyWaits(
        `another account of ${JSON.stringify(user)} is asked about by now: nothing was answered; look at coder-scim status again`,
      );
    if (asked === 'answered')
      throw new NobodyWaits(
        `${JSON.stringify(user)} was answered for by somebody else already, otherwise than by ${said.answer}, and that is being carried out: nothing was answered; look at coder-scim status again`,
      );
    if (asked === 'noted')
      await writeAudit(db, [
        {
          at: now,
          app: person.app,
          actor: 'operator',
          token: decision.by,
          subject: person.userId,
          subjectName: person.userName,
          action: 're-hire.answer',
          target: said.answer,
          result: 'done',
          detail: `answered by ${sayDecision(decision)}`,
        },
      ]);
    await enqueue(
      db,
      [{ key: `person:${person.userId}`, app: person.app, priority: PRIORITY.request }],
      { actor: 'operator', token: decision.by },
      now,
    );
    return { userName: person.userName, asked };
  });
  if (asked !== 'noted')
    throw new NobodyWaits(
      `${JSON.stringify(user)} was held by an earlier coder-scim, which did not note which account it asked about: that is looked at now, so see coder-scim status and answer again`,
    );
  return { userName };
}

/** Whether somebody who is held for an e-mail in another spelling has not left, and no mapping lets them in any more. */
async function isLetInByNothing(rim: Rim, userId: string): Promise<boolean> {
  const { db } = rim.database;
  const person = await readPerson(db, userId);
  const user = person?.heldReason === EMAIL_CONFLICT ? await readUser(db, userId) : undefined;
  if (person === undefined || user?.active !== true) return false;
  const rules = (await rim.context.get()).rules.get(person.app);
  if (rules === undefined || rules.deleting) return false;
  return desire(rules, user, await groupsOfUser(db, userId)).account === 'absent';
}

/**
 * Makes parked work due: one key, or all of it. Of a former owner who is named it says that they stay none, and of a leaver whose e-mail Coder has in
 * another spelling that this is seen to.
 * @returns how much is tried again
 */
export async function retryWork(rim: Rim, key: string | undefined, decision: Decision): Promise<number> {
  const now = rim.clock.now();
  rim.parked.clear();
  const named = key?.startsWith('person:') === true ? key.slice('person:'.length) : undefined;
  const isOut = named !== undefined && (await isLetInByNothing(rim, named));
  return await rim.database.transact(async db => {
    const unparked = await unparkWork(db, { key }, { now });
    // Where work is parked as well, that alone was shown with "try again": what else is asked of the person is asked when it was tried.
    const userId = unparked === 0 ? named : undefined;
    const owner = userId === undefined ? undefined : await acceptFormerOwner(db, userId);
    const app = owner ?? (userId === undefined ? undefined : await acceptEmailConflict(db, userId, isOut));
    if (userId !== undefined && app !== undefined)
      await enqueue(
        db,
        [{ key: `person:${userId}`, app, priority: PRIORITY.request }],
        { actor: 'operator', token: decision.by },
        now,
      );
    const retried = unparked + (app === undefined ? 0 : 1);
    const person = userId === undefined || app === undefined ? undefined : await readPerson(db, userId);
    if (retried > 0)
      await writeAudit(db, [
        {
          at: now,
          app: app ?? null,
          actor: 'operator',
          token: decision.by,
          subject: person?.userId,
          subjectName: person?.userName,
          action: 'work.retry',
          target: key ?? null,
          result: 'done',
          detail: `${app === undefined ? `${retried} tried again` : owner === undefined ? 'an account with their e-mail in another spelling is seen to' : 'was an owner by hand and stays none'}, asked for by ${sayDecision(decision)}`,
        },
      ]);
    return retried;
  });
}
