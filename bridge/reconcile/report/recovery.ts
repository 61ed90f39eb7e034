/** What Coder has seen and the database does not know, person by person: what an operator looks at before the bridge goes on. */
import { type RecoveryReport } from '../../contract/admin-api';
import { type CoderAuditRow, CoderError } from '../../coder';
import { type Db } from '../../store/database/database';
import { peopleOfAccounts } from '../../store/accounts/people';
import { listApps } from '../../store/apps/apps';
import { readInstallation } from '../../store/recovery/position';
import { type Rim } from '../context/rim';
import { readLog } from '../recovery/read-log';
import { sayChange } from './recovery-text';

type ReportedPerson = RecoveryReport['people'][number];

export async function recoveryReport(rim: Rim): Promise<RecoveryReport> {
  const reason = (await rim.recovery.holds()) ?? null;
  const pending = await rim.recovery.pending();
  if (pending === undefined)
    return { reason, mayEnd: rim.recovery.mayEnd, since: null, people: [], other: [], apps: [] };
  const mayEnd = true;
  const apps = await declaredApps(rim.database.db);
  const since = new Date(pending.since).toISOString();
  if (pending.imported === true || pending.wentBack === true) {
    const then = pending.imported === true ? 'the export was made' : 'the database was like this';
    return {
      reason,
      mayEnd,
      since,
      people: [],
      other: [`who left since ${then} is not known: coder-scim plan shows whom the bridge would let in`],
      apps,
    };
  }
  const { db } = rim.database;
  const { id } = await readInstallation(db);
  try {
    const { unknown } = await readLog(rim.coder, { id, position: pending.position });
    return { reason, mayEnd, since, ...(await inPeople(db, unknown)), apps };
  } catch (error) {
    if (!(error instanceof CoderError)) throw error;
    // Whoever is to decide is not kept from it: without a licence nobody can read the log.
    const other = [
      `what differs could not be read: ${error.message}; coder-scim plan shows whom the bridge would let in`,
    ];
    return { reason, mayEnd, since, people: [], other, apps };
  }
}

/** Of an app that was ended since, no log of Coder tells: whoever compares them with the stacks sees it. */
async function declaredApps(db: Db): Promise<RecoveryReport['apps']> {
  return (await listApps(db)).map(({ name, generation, updatedAt }) => ({
    app: name,
    generation,
    updatedAt: new Date(updatedAt).toISOString(),
  }));
}

async function inPeople(db: Db, unknown: readonly CoderAuditRow[]): Promise<Pick<RecoveryReport, 'people' | 'other'>> {
  const changes = new Map<string, { lines: string[]; out: boolean; username: string | undefined }>();
  const other: string[] = [];
  // The oldest first: as it happened.
  for (const row of [...unknown].reverse()) {
    for (const { accounts, text } of sayChange(row)) {
      if (accounts.length === 0) other.push(`${row.time} ${text}`);
      for (const account of accounts) {
        const known = changes.get(account) ?? { lines: [], out: false, username: undefined };
        changes.set(account, known);
        known.lines.push(`${row.time} ${text}`);
        if (row.resourceType !== 'group') known.username = row.target;
        if (row.resourceType === 'user') known.out = lockedOut(row, known.out);
      }
    }
  }
  const known = await peopleOfAccounts(db, [...changes.keys()]);
  const active = await activeUsers(
    db,
    known.map(person => person.userId),
  );
  const people = [...changes].map(([coderUserId, change]): ReportedPerson => {
    const persons = known.filter(person => person.coderUserId === coderUserId);
    const staying = persons.find(person => active.has(person.userId));
    const person = staying ?? persons[0];
    return {
      coderUserId,
      coderUsername: change.username ?? person?.coderUsername ?? null,
      app: person?.app ?? null,
      userName: person?.userName ?? null,
      directory: person === undefined ? 'unknown' : staying === undefined ? 'inactive' : 'active',
      letInAgain: change.out && staying !== undefined,
      changes: change.lines,
    };
  });
  return { people: people.sort((a, b) => Number(b.letInAgain) - Number(a.letInAgain)), other };
}

function lockedOut({ action, diff }: CoderAuditRow, before: boolean): boolean {
  if (action === 'delete') return true;
  const status = diff['status']?.new;
  return status === undefined ? before : status === 'suspended';
}

async function activeUsers(db: Db, userIds: readonly string[]): Promise<Set<string>> {
  if (userIds.length === 0) return new Set();
  const rows = await db.selectFrom('users').select('id').where('id', 'in', userIds).where('active', '=', 1).execute();
  return new Set(rows.map(row => row.id));
}
