/** The part of a sweep that is about no person: custom roles, groups, sync settings, and problems that may be gone. */
import { replaceProblems, type StoredApp } from '../../store/apps/apps';
import { writeAudit } from '../../store/audit/audit';
import { type Cause, enqueue, PRIORITY } from '../../store/work/enqueue';
import { type Change, AuditLines } from '../context/audit-lines';
import { type Context } from '../decide/context';
import { type Rim } from '../context/rim';
import { decideRoles } from '../decide/declaration/custom-roles';
import { decideGroups } from '../decide/group/groups';
import { observeRoles } from '../declaration/custom-roles';
import { sharedExternalIds } from '../declaration/shared-external-ids';
import { isAboutSpokenFor, noLongerSpokenFor } from '../declaration/no-longer-spoken-for';
import { planSyncSettings } from '../declaration/sync-settings';
import { type GroupListing, observeGroups } from '../group/observe-groups';
import { sayGroupChange, sayRoleChange, saySyncChange } from '../declaration/change-text';

const CAUSE: Cause = { actor: 'sweep' };

/** Tells what differs of an app; one whose policy is to repair is dealt with again as a whole. */
export async function sweepDeclaration(
  rim: Rim,
  context: Context,
  app: StoredApp,
  listing: GroupListing,
): Promise<void> {
  const { lines: changes, differs, problems } = await compare(rim, context, app, listing);
  const lines = new AuditLines(CAUSE, () => rim.clock.now());
  for (const change of changes) lines.note({ app: app.name }, 'drift.found', 'reported', change);
  await writeAudit(rim.database.db, lines.rows);
  // A problem that was told may be gone, a new one may be there to be told.
  const news = app.problems.length > 0 || problems.some(problem => !app.problems.includes(problem));
  if (app.state.policies.drift !== 'repair' || !(differs || news)) return;
  await enqueue(
    rim.database.db,
    [{ key: `app:${app.name}`, app: app.name, priority: PRIORITY.sweep }],
    CAUSE,
    rim.clock.now(),
  );
}

/** Whom an app may speak for no more is told anew where the app is not dealt with as a whole: it is about people, and they may be parted by now. */
export async function renewSpokenFor(rim: Rim, context: Context, apps: readonly StoredApp[]): Promise<void> {
  for (const app of apps) {
    const found = await noLongerSpokenFor(rim.database.db, context, app);
    const told = app.problems.filter(isAboutSpokenFor);
    if (found.length === told.length && found.every(problem => told.includes(problem))) continue;
    await rim.database.transact(db => replaceProblems(db, app, isAboutSpokenFor, found));
  }
}

interface Compared {
  readonly lines: readonly Change[];
  readonly differs: boolean;
  readonly problems: readonly string[];
}

async function compare(rim: Rim, context: Context, app: StoredApp, listing: GroupListing): Promise<Compared> {
  const { db } = rim.database;
  const { background } = rim.coder;
  const { organizations } = context.catalog;
  const roles = decideRoles(await observeRoles(db, background, organizations, app, context.apps.values()));
  const groups = decideGroups(await observeGroups(db, { apps: context.apps, organizations }, app, listing));
  const sync =
    app.state.mode === 'claims' ? await planSyncSettings(db, background, context) : { changes: [], problems: [] };
  // What Coder refuses was told as a problem, and somebody who was deleted by hand where the members are compared.
  const isTold = ({ what }: { readonly what: string }): boolean =>
    app.problems.some(problem => problem.startsWith(`${what}:`));
  const goneNames = new Set(groups.gone.map(group => `${group.organization}/${group.name}`));
  const lines = [
    ...roles.changes.filter(change => !isTold(change)).flatMap(sayRoleChange),
    ...groups.changes
      .filter(change => !isTold(change) && !goneNames.has(`${change.row.organization}/${change.row.name}`))
      .flatMap(sayGroupChange),
    ...sync.changes.flatMap(change => saySyncChange(context, change)),
  ];
  return {
    lines: lines.map(({ target, before, after }) => ({ target, before: before ?? 'absent', after })),
    differs: lines.length > 0 || groups.changes.length > 0 || groups.gone.length > 0,
    problems: [
      ...(context.rules.get(app.name)?.problems ?? []),
      ...roles.problems,
      ...groups.problems,
      ...sync.problems,
      ...(await sharedExternalIds(db, app)),
      ...(await noLongerSpokenFor(db, context, app)),
    ],
  };
}
