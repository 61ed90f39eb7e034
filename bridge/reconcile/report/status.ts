/** What waits, what is held and why, what is parked: from the store alone, so that it answers while Coder does not. */
import { type HoldDetail, type HoldSummary, type Identity, type PendingItem } from '../../contract/admin-api';
import { listApps } from '../../store/apps/apps';
import { type Db } from '../../store/database/database';
import { nextTurn } from '../../store/database/turns';
import { type HeldRemovals, holdId, listOpenHolds } from '../../store/accounts/holds';
import { leaversNotOut } from '../../store/accounts/leavers';
import { listManagedGroups } from '../../store/accounts/coder-groups';
import { countHeldPeople, listHeldPeople } from '../../store/accounts/held-people';
import { auditProblem } from '../../store/audit/audit-problem';
import { readPeople } from '../../store/accounts/people';
import { readSweepFailures } from '../../store/apps/sweep-failures';
import { readLeftOver } from '../../store/accounts/left-over';
import { countLeaverWorkspaces, listLeaverWorkspaces } from '../../store/accounts/leaver-workspaces';
import { countOpenEntries, unattendedEntries } from '../../store/journal/journal';
import { countWork, listWork } from '../../store/work/pending';
import { countRefusedLeavings, listRefusedLeavings } from '../../store/directory';
import { type AppConvergence, type ReconcilerStatus } from '../types';

const SHOWN = 200;
const CHANGES_SHOWN = 50;
const PAGE = 1_000;
const GROUP = 'coder-group:';

const iso = (at: number): string => new Date(at).toISOString();

export async function readStatus(db: Db, now: number): Promise<Omit<ReconcilerStatus, 'recovery'>> {
  // What waits first: work that ends meanwhile has written by then what it found.
  const work = await countWork(db);
  const pending = await listWork(db, SHOWN);
  const begun = await countOpenEntries(db);
  const unattended = await unattendedEntries(db, { limit: SHOWN });
  const apps = await listApps(db);
  const heldCounts = await countHeldPeople(db);
  const refusedCounts = await countRefusedLeavings(db);
  const heldPeople = await listHeldPeople(db, SHOWN);
  const refusedLeavings = await listRefusedLeavings(db, SHOWN);
  const open = await listOpenHolds(db);
  const running = await listLeaverWorkspaces(db, 'running');
  const unknown = await countLeaverWorkspaces(db, 'unknown');
  const leavers = await leaversNotOut(db);
  const notCompared = await readSweepFailures(db);
  const groupNames = new Map(
    pending.some(item => item.key.startsWith(GROUP))
      ? (await listManagedGroups(db)).map(group => [`${GROUP}${group.id}`, `group ${group.name}`])
      : [],
  );
  const names = await namesOf(db, [
    ...pending.flatMap(item => (item.key.startsWith('person:') ? [item.key.slice('person:'.length)] : [])),
    ...unattended.flatMap(({ subject }) => subject ?? []),
  ]);
  const holds = summarize(
    open,
    await namesOf(
      db,
      open.slice(0, PAGE).map(row => row.subject.slice('person:'.length)),
    ),
  );
  return {
    apps: apps.map((app): AppConvergence => {
      const counts = work.get(app.name) ?? { waiting: 0, parked: 0, lastError: null };
      const held = (heldCounts.get(app.name) ?? 0) + running.filter(leaver => leaver.app === app.name).length;
      const refused = refusedCounts.get(app.name) ?? 0;
      return {
        app: app.name,
        converged:
          counts.waiting === 0 &&
          counts.parked === 0 &&
          held === 0 &&
          (begun.get(app.name) ?? 0) === 0 &&
          open.every(row => row.app !== app.name) &&
          refused === 0 &&
          app.problems.length === 0 &&
          !notCompared.has(app.name) &&
          app.appliedGeneration === app.generation,
        waiting: counts.waiting,
        held,
        parked: counts.parked,
        refused,
        leavers: leavers
          .filter(row => row.app === app.name)
          .map(({ state, people, since }) => ({ state, people, since: iso(since) })),
        lastError: counts.lastError,
        lastSweepAt: app.sweptAt === undefined ? null : iso(app.sweptAt),
        warnings: [
          ...app.problems,
          ...(notCompared.get(app.name) ?? []),
          ...unknownWorkspaces(unknown.get(app.name) ?? 0),
        ],
      };
    }),
    pending: [
      ...refusedLeavings.map((leaving): PendingItem => ({
        key: leaving.subject,
        app: leaving.app,
        subject: leaving.name,
        state: 'refused',
        reason: `${leaving.reason} (request ${leaving.requestId})`,
        attempts: leaving.times,
        since: iso(leaving.firstAt),
      })),
      ...pending.map((item): PendingItem => ({
        key: item.key,
        app: item.app,
        subject: names.get(item.key.slice('person:'.length)) ?? groupNames.get(item.key) ?? null,
        state: item.parked ? 'parked' : 'waiting',
        reason: item.error ?? 'waiting for its turn',
        attempts: item.attempts,
        since: iso(item.since),
      })),
      ...unattended.map(({ app, subject, since }): PendingItem => ({
        key: `person:${subject ?? ''}`,
        app: app ?? '',
        subject: names.get(subject ?? '') ?? null,
        state: 'waiting',
        reason: 'what was about to be done in Coder was not noted to its end: the next sweep looks at it',
        attempts: 0,
        since: iso(since),
      })),
      ...heldPeople.map((person): PendingItem => ({
        key: `person:${person.userId}`,
        app: person.app,
        subject: person.userName,
        state: 'held',
        reason: `${person.reason}: ${person.detail}`,
        attempts: 0,
        since: iso(person.since),
      })),
      ...running.slice(0, SHOWN).map((leaver): PendingItem => ({
        key: `person:${leaver.userId}`,
        app: leaver.app,
        subject: leaver.userName,
        state: 'held',
        reason: `workspaces-running: ${leaver.running.map(({ name, reason }) => `${name}: ${reason}`).join('; ')}`,
        attempts: 0,
        since: iso(leaver.since),
      })),
    ],
    holds,
    leftOver: await readLeftOver(db),
    auditProblem: (await auditProblem(db, now)) ?? null,
  };
}

/** Nobody is held for what can't be seen: one sentence says what can be done about it. */
function unknownWorkspaces(people: number): string[] {
  if (people === 0) return [];
  return [
    `workspaces of ${people} ${people === 1 ? 'person' : 'people'} who left may run on: the bridge's account may not read them all; look at coder-scim doctor`,
  ];
}

async function namesOf(db: Db, userIds: readonly string[]): Promise<Map<string, string>> {
  if (userIds.length === 0) return new Map();
  const rows = await db.selectFrom('people').select(['user_id', 'user_name']).where('user_id', 'in', userIds).execute();
  return new Map(rows.map(row => [row.user_id, row.user_name]));
}

/** The open holds, one for each app. */
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
