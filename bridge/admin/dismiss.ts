/** `/apps/:app/refused/dismiss`: an operator has dealt with what a refused request meant to do, and says how. */
import { type DismissRequest } from '../contract/admin-api';
import { type Decision, sayDecision } from '../reconcile';
import { readApp } from '../store/apps/apps';
import { writeAudit } from '../store/audit/audit';
import { dropRefusedLeaving, findRefusedLeavings } from '../store/directory';
import { type AdminDeps } from './deps';
import { Refusal } from '../http/refusal';

/**
 * Takes the one entry away that is meant.
 * @param request.who its key, or its name as `status` shows it; how often it was refused then, and since when: whatever is refused later is something else
 * @returns the name
 * @throws Refusal when there is none, or more than one of that name
 */
export async function dismissRefused(
  { database, clock }: Pick<AdminDeps, 'database' | 'clock'>,
  app: string,
  { who, times, since }: Pick<DismissRequest, 'who' | 'times' | 'since'>,
  decision: Decision,
): Promise<string> {
  if ((await readApp(database.db, app)) === undefined)
    throw new Refusal(404, 'not_found', `no app ${JSON.stringify(app)}`);
  return await database.transact(async db => {
    const [entry, ...others] = await findRefusedLeavings(db, app, who);
    if (entry === undefined)
      throw new Refusal(
        409,
        'not_refused',
        `nothing is refused to ${JSON.stringify(who)} in app ${JSON.stringify(app)}: \`coder-scim status\` lists who is`,
      );
    if (others.length > 0)
      throw new Refusal(
        409,
        'not_refused',
        `${JSON.stringify(who)} is the name of ${others.length + 1} entries: wanted the key of one, ${[entry, ...others].map(({ subject }) => subject).join(' or ')}`,
      );
    const isAsShown =
      (times === undefined || entry.times === times) && (since === undefined || entry.firstAt === Date.parse(since));
    if (!isAsShown || !(await dropRefusedLeaving(db, entry)))
      throw new Refusal(
        409,
        'not_refused',
        `more was refused to ${JSON.stringify(who)} meanwhile: nothing was dismissed; look at \`coder-scim status\` again`,
      );
    await writeAudit(db, [
      {
        at: clock(),
        app,
        actor: 'operator',
        token: decision.by,
        requestId: entry.requestId,
        subject: entry.userId ?? entry.groupId ?? null,
        subjectName: entry.name,
        action: 'refused.dismiss',
        before: `refused ${entry.times} times: ${entry.reason}`,
        result: 'done',
        detail: `dismissed by ${sayDecision(decision)}`,
      },
    ]);
    return entry.name;
  });
}
