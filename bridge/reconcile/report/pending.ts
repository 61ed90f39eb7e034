/** What waits, is held, parked or refused, thing by thing with its reason: the first of each kind, of all apps or of one. */
import { PENDING_LISTED, type PendingItem } from '../../contract/admin-api';
import { listManagedGroups } from '../../store/accounts/coder-groups';
import { type HeldPerson, listHeldPeople } from '../../store/accounts/held-people';
import { type LeaverWorkspaces } from '../../store/accounts/leaver-workspaces';
import { type ReHire, readReHires } from '../../store/accounts/re-hires';
import { type Db } from '../../store/database/database';
import { listRefusedLeavings } from '../../store/directory';
import { type JournalEntry, unattendedEntries } from '../../store/journal/journal';
import { listWork, type PendingWork } from '../../store/work/pending';

/** What leavers whose workspaces run on are held for. */
export const WORKSPACES_RUNNING = 'workspaces-running';

const PERSON = 'person:';
const GROUP = 'coder-group:';

/** What is on its way, which is read before what is held: work that ends meanwhile has written by then what it found. */
export interface Waiting {
  readonly work: readonly PendingWork[];
  readonly unattended: readonly JournalEntry[];
}

/** @param app of this one alone. @default of all */
export async function readWaiting(db: Db, app?: string): Promise<Waiting> {
  const work = await listWork(db, PENDING_LISTED, app);
  const unattended =
    app === undefined
      ? await unattendedEntries(db, { limit: PENDING_LISTED })
      : (await unattendedEntries(db, { apps: [app] })).filter(entry => entry.app === app).slice(0, PENDING_LISTED);
  return { work, unattended };
}

/**
 * @param running leavers whose workspaces run on
 * @param app of this one alone. @default of all
 */
export async function listPending(
  db: Db,
  { work, unattended }: Waiting,
  running: readonly LeaverWorkspaces[],
  app?: string,
): Promise<PendingItem[]> {
  const refused = await listRefusedLeavings(db, PENDING_LISTED, app);
  const held = await listHeldPeople(db, PENDING_LISTED, app);
  const reHires = held.some(isReHire) ? await readReHires(db) : undefined;
  const groupNames = new Map(
    work.some(item => item.key.startsWith(GROUP))
      ? (await listManagedGroups(db)).map(group => [`${GROUP}${group.id}`, `group ${group.name}`])
      : [],
  );
  const names = await namesOf(db, [
    ...work.flatMap(item => (item.key.startsWith(PERSON) ? [item.key.slice(PERSON.length)] : [])),
    ...unattended.flatMap(({ subject }) => subject ?? []),
  ]);
  return [
    ...refused.map((leaving): PendingItem => ({
      key: leaving.subject,
      app: leaving.app,
      subject: leaving.name,
      state: 'refused',
      reason: `${leaving.reason} (request ${leaving.requestId})`,
      attempts: leaving.times,
      since: iso(leaving.firstAt),
    })),
    ...work.map((item): PendingItem => ({
      key: item.key,
      app: item.app,
      subject: names.get(item.key.slice(PERSON.length)) ?? groupNames.get(item.key) ?? null,
      state: item.parked ? 'parked' : 'waiting',
      reason: item.error ?? 'waiting for its turn',
      attempts: item.attempts,
      since: iso(item.since),
    })),
    ...unattended.map((entry): PendingItem => ({
      key: `${PERSON}${entry.subject ?? ''}`,
      app: entry.app ?? '',
      subject: names.get(entry.subject ?? '') ?? null,
      state: 'waiting',
      reason: 'what was about to be done in Coder was not noted to its end: the next sweep looks at it',
      attempts: 0,
      since: iso(entry.since),
    })),
    ...held.map((person): PendingItem => ({
      key: `${PERSON}${person.userId}`,
      app: person.app,
      subject: person.userName,
      state: 'held',
      reason: `${person.reason}: ${person.detail}`,
      attempts: 0,
      since: iso(person.since),
      ...accountOf(isReHire(person) ? reHires?.get(person.userId) : undefined),
    })),
    ...running
      .filter(leaver => app === undefined || leaver.app === app)
      .slice(0, PENDING_LISTED)
      .map((leaver): PendingItem => ({
        key: `${PERSON}${leaver.userId}`,
        app: leaver.app,
        subject: leaver.userName,
        state: 'held',
        reason: `${WORKSPACES_RUNNING}: ${leaver.running.map(({ name, reason }) => `${name}: ${reason}`).join('; ')}`,
        attempts: 0,
        since: iso(leaver.since),
      })),
  ];
}

const isReHire = ({ reason }: HeldPerson): boolean => reason === 're-hire';

const accountOf = (reHire: ReHire | undefined): Pick<PendingItem, 'account'> =>
  reHire === undefined ? {} : { account: reHire.account };

export const iso = (at: number): string => new Date(at).toISOString();

/** userNames by SCIM id; of at most a thousand at once. */
export async function namesOf(db: Db, userIds: readonly string[]): Promise<Map<string, string>> {
  if (userIds.length === 0) return new Map();
  const rows = await db.selectFrom('people').select(['user_id', 'user_name']).where('user_id', 'in', userIds).execute();
  return new Map(rows.map(row => [row.user_id, row.user_name]));
}
