/** Leavers whose workspaces are not known to be stopped: few rows, so that looking again costs nothing for everybody else. */
import { type Db } from '../database/database';
import { statement } from '../database/statement';
import { type LeaverWorkspacesTable } from '../database/tables/accounts';

/** A workspace that runs on, as `organization/name`, and why the bridge did not stop it. */
export interface RunningWorkspace {
  readonly name: string;
  readonly reason: string;
  /** When it was asked to stop first, or left to Coder; absent: it stops for nothing that was asked. Milliseconds since 1970. */
  readonly askedAt?: number;
}

export interface LeaverWorkspaces {
  readonly coderUserId: string;
  readonly app: string;
  /** SCIM id and userName of who left. */
  readonly userId: string;
  readonly userName: string;
  /**
   * - `due`: the account is about to be locked, or Coder did not answer: still to be looked at
   * - `stopping`: Coder was asked to stop what ran, or does so by itself: to be seen stopped
   * - `running`: some run on and are not the bridge's to stop; others may be on their way
   * - `unknown`: the bridge's account may not read workspaces
   */
  readonly state: 'due' | 'stopping' | 'running' | 'unknown';
  readonly running: readonly RunningWorkspace[];
  /** When the account was about to be locked; of `stopping` when something was asked to stop first, or left to Coder. */
  readonly since: number;
}

const toLeaver = (row: LeaverWorkspacesTable): LeaverWorkspaces => ({
  coderUserId: row.coder_user_id,
  app: row.app,
  userId: row.user_id,
  userName: row.user_name,
  state: row.state as LeaverWorkspaces['state'],
  running: JSON.parse(row.running) as RunningWorkspace[],
  since: Number(row.since),
});

const selectLeaver = statement<{ coderUserId: string }>()((db, { coderUserId }) =>
  db.selectFrom('leaver_workspaces').selectAll().where('coder_user_id', '=', coderUserId),
);

const upsertLeaver = statement<{ [Column in keyof LeaverWorkspacesTable]: LeaverWorkspacesTable[Column] }>()((
  db,
  { coder_user_id, app, user_id, user_name, state, running, since },
) => {
  const values = { app, user_id, user_name, state, running, since };
  return db
    .insertInto('leaver_workspaces')
    .values({ coder_user_id, ...values })
    .onConflict(conflict => conflict.column('coder_user_id').doUpdateSet(values));
});

const deleteLeaver = statement<{ coderUserId: string }>()((db, { coderUserId }) =>
  db.deleteFrom('leaver_workspaces').where('coder_user_id', '=', coderUserId),
);

export async function readLeaverWorkspaces(db: Db, coderUserId: string): Promise<LeaverWorkspaces | undefined> {
  const [row] = (await selectLeaver(db, { coderUserId })).rows;
  return row === undefined ? undefined : toLeaver(row);
}

/** Everybody who is listed, by account; of these states where any is named. */
export async function listLeaverWorkspaces(
  db: Db,
  ...states: readonly LeaverWorkspaces['state'][]
): Promise<LeaverWorkspaces[]> {
  const rows = await db
    .selectFrom('leaver_workspaces')
    .selectAll()
    .$if(states.length > 0, query => query.where('state', 'in', states))
    .orderBy('coder_user_id')
    .execute();
  return rows.map(toLeaver);
}

/** What is listed of one app. */
export async function leaverWorkspacesOf(db: Db, app: string): Promise<LeaverWorkspaces[]> {
  return (await listLeaverWorkspaces(db)).filter(leaver => leaver.app === app);
}

/** Everybody of whom something is on its way to be stopped, or was not looked at when it should, and since when. */
export async function listStoppingWorkspaces(db: Db): Promise<(LeaverWorkspaces & { readonly askedAt: number })[]> {
  const leavers = await listLeaverWorkspaces(db, 'due', 'stopping', 'running');
  return leavers.flatMap(leaver => {
    const asked = leaver.state === 'running' ? leaver.running.flatMap(({ askedAt }) => askedAt ?? []) : [leaver.since];
    return asked.length === 0 ? [] : [{ ...leaver, askedAt: Math.min(...asked) }];
  });
}

/** How many accounts of each app are in a state. */
export async function countLeaverWorkspaces(db: Db, state: LeaverWorkspaces['state']): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('leaver_workspaces')
    .select(eb => ['app', eb.fn.countAll<number>().as('accounts')])
    .where('state', '=', state)
    .groupBy('app')
    .execute();
  return new Map(rows.map(row => [row.app, Number(row.accounts)]));
}

export async function putLeaverWorkspaces(db: Db, leaver: LeaverWorkspaces): Promise<void> {
  await upsertLeaver(db, {
    coder_user_id: leaver.coderUserId,
    app: leaver.app,
    user_id: leaver.userId,
    user_name: leaver.userName,
    state: leaver.state,
    running: JSON.stringify(leaver.running),
    since: leaver.since,
  });
}

/** The app is gone, and nobody is to look after what it left to Coder. */
export async function forgetLeaverWorkspacesOf(db: Db, app: string): Promise<void> {
  await db.deleteFrom('leaver_workspaces').where('app', '=', app).execute();
}

/** Nothing of this account runs any more, or its person is back. */
export async function forgetLeaverWorkspaces(db: Db, coderUserId: string): Promise<void> {
  await deleteLeaver(db, { coderUserId });
}
