/** What waits, what is held and why, what is parked: from the store alone, so that it answers while Coder does not. */
import { type HoldDetail, type HoldSummary, type Identity, type Removal } from '../../contract/admin-api';
import { listApps } from '../../store/apps/apps';
import { type Db } from '../../store/database/database';
import { nextTurn } from '../../store/database/turns';
import { type HeldRemovals, holdId, listOpenHolds } from '../../store/accounts/holds';
import { leaversNotOut } from '../../store/accounts/leavers';
import { countHeldFor, countHeldPeople } from '../../store/accounts/held-people';
import { auditProblem } from '../../store/audit/audit-problem';
import { readPeople } from '../../store/accounts/people';
import { readSweepFailures } from '../../store/apps/sweep-failures';
import { readLeftOver } from '../../store/accounts/left-over';
import { countLeaverWorkspaces, listLeaverWorkspaces } from '../../store/accounts/leaver-workspaces';
import { countOpenEntries, unattendedEntries } from '../../store/journal/journal';
import { countWork } from '../../store/work/pending';
import { countRefusedLeavings } from '../../store/directory';
import { type AppConvergence, type ReconcilerStatus } from '../types';
import { endingApps } from './ending';
import { sayUnsaidGroups } from './groups';
import { iso, listPending, namesOf, readWaiting, WORKSPACES_RUNNING } from './pending';

const CHANGES_SHOWN = 50;
const PAGE = 1_000;

export async function readStatus(db: Db, now: number): Promise<Omit<ReconcilerStatus, 'recovery' | 'recoveryPending'>> {
  // What waits first: work that ends meanwhile has written by then what it found.
  const work = await countWork(db);
  const waiting = await readWaiting(db);
  const begun = await countOpenEntries(db);
  // Naming no app: of those that are not declared.
  const unattended = await unattendedEntries(db, { apps: [] });
  const apps = await listApps(db);
  const heldPeople = await countHeldPeople(db);
  const heldFor = await countHeldFor(db);
  const refused = await countRefusedLeavings(db);
  const open = await listOpenHolds(db);
  const running = await listLeaverWorkspaces(db, 'running');
  const pending = await listPending(db, waiting, running);
  const unknown = await countLeaverWorkspaces(db, 'unknown');
  const leavers = await leaversNotOut(db);
  const notCompared = await readSweepFailures(db);
  const unsaid = await sayUnsaidGroups(db, apps);
  const holds = await readHolds(db, open);
  const held = new Map(heldPeople);
  for (const { app } of running) held.set(app, (held.get(app) ?? 0) + 1);
  const left = { work, unattended, held, refused, leavers, stopped: open.map(({ app }) => app) };
  return {
    apps: apps.map((app): AppConvergence => {
      const counts = work.get(app.name) ?? { waiting: 0, parked: 0, lastError: null };
      return {
        app: app.name,
        converged:
          counts.waiting === 0 &&
          counts.parked === 0 &&
          !held.has(app.name) &&
          (begun.get(app.name) ?? 0) === 0 &&
          open.every(row => row.app !== app.name) &&
          !refused.has(app.name) &&
          app.problems.length === 0 &&
          !notCompared.has(app.name) &&
          app.appliedGeneration === app.generation,
        waiting: counts.waiting,
        held: held.get(app.name) ?? 0,
        parked: counts.parked,
        refused: refused.get(app.name) ?? 0,
        leavers: leavers
          .filter(row => row.app === app.name)
          .map(({ state, people, since }) => ({ state, people, since: iso(since) })),
        lastError: counts.lastError,
        lastSweepAt: app.sweptAt === undefined ? null : iso(app.sweptAt),
        noMemberYet: unsaid.get(app.name)?.empty ?? [],
        beingFilled: unsaid.get(app.name)?.filling ?? [],
        neverCame: unsaid.get(app.name)?.neverCame ?? [],
        warnings: [
          ...app.problems,
          ...(notCompared.get(app.name) ?? []),
          ...unknownWorkspaces(unknown.get(app.name) ?? 0),
        ],
      };
    }),
    ending: endingApps(left, new Set(apps.map(({ name }) => name))),
    pending,
    heldFor: [...heldFor, ...(running.length === 0 ? [] : [{ reason: WORKSPACES_RUNNING, people: running.length }])],
    holds,
    leftOver: await readLeftOver(db),
    auditProblem: (await auditProblem(db, now)) ?? null,
  };
}

/** What of one app waits, is held, parked or refused, and what the guard stopped. */
export async function readLeftOf(db: Db, app: string): Promise<Pick<Removal, 'pending' | 'hold'>> {
  const waiting = await readWaiting(db, app);
  const pending = await listPending(db, waiting, await listLeaverWorkspaces(db, 'running'), app);
  const [hold] = await readHolds(
    db,
    (await listOpenHolds(db)).filter(row => row.app === app),
  );
  return { pending, hold: hold ?? null };
}

/** Nobody is held for what can't be seen: one sentence says what can be done about it. */
function unknownWorkspaces(people: number): string[] {
  if (people === 0) return [];
  return [
    `workspaces of ${people} ${people === 1 ? 'person' : 'people'} who left may run on: the bridge's account may not read them all; look at coder-scim doctor`,
  ];
}

/** The open holds, one for each app, with the first changes of each. */
async function readHolds(db: Db, open: readonly HeldRemovals[]): Promise<HoldSummary[]> {
  const ids = open.slice(0, PAGE).map(row => row.subject.slice('person:'.length));
  return summarize(open, await namesOf(db, ids));
}

function summarize(open: readonly HeldRemovals[], names: ReadonlyMap<string, string>): HoldSummary[] {
  const apps = new Map<string, HeldRemovals[]>();
  for (const row of open) {
    const known = apps.get(row.app);
    if (known === undefined) apps.set(row.app, [row]);
    else known.push(row);
  }
  return [...apps].map(([app, rows]) => ({
    id: holdId(rows),
    app,
    reason: [...new Set(rows.flatMap(row => row.reasons))].join(', '),
    people: rows.length,
    createdAt: iso(rows.reduce((first, row) => Math.min(first, row.createdAt), Infinity)),
    changes: rows
      .flatMap(row => {
        const name = names.get(row.subject.slice('person:'.length)) ?? row.subject;
        return row.changes.map(change => `${name}: ${change}`);
      })
      .slice(0, CHANGES_SHOWN),
  }));
}

/** An open hold with everybody whom it is about, each with all of their changes; undefined when it is another one by now, or gone. */
export async function readHold(db: Db, id: string): Promise<HoldDetail | undefined> {
  const open = await listOpenHolds(db);
  const summary = summarize(open, new Map()).find(hold => hold.id === id);
  if (summary === undefined) return undefined;
  const rows = open.filter(row => row.app === summary.app);
  const ids = rows.map(row => row.subject.slice('person:'.length));
  const names = new Map<string, string>();
  for (let start = 0; start < ids.length; start += PAGE)
    for (const [userId, name] of await namesOf(db, ids.slice(start, start + PAGE))) names.set(userId, name);
  const persons = rows.map((row, index) => ({
    scimId: ids[index] ?? '',
    userName: names.get(ids[index] ?? '') ?? row.subject,
    reason: row.reasons.join(', '),
    changes: [...row.changes],
  }));
  return { ...summary, changes: summarize(rows, names)[0]?.changes ?? [], persons };
}

/** Who is who: every SCIM user with its Coder account, those who left and are remembered included. */
export async function readIdentities(db: Db, app: string | undefined): Promise<Identity[]> {
  const identities: Identity[] = [];
  let after = '';
  for (;;) {
    const page = await readPeople(db, app, after, PAGE);
    for (const person of page)
      identities.push({
        app: person.app,
        scimId: person.userId,
        externalId: person.externalId ?? null,
        userName: person.userName,
        email: person.email ?? null,
        coderUserId: person.coderUserId ?? null,
        coderUsername: person.coderUsername ?? null,
        how: person.how ?? null,
      });
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return identities;
    after = last.userId;
    await nextTurn();
  }
}
