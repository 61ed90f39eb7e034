/** Append-only: a migration that was released is never edited. A database that is ahead of this code is refused. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { type Backend, DatabaseError } from '../backend';
import { AGAIN } from '../postgres';
import { type Tables } from '../tables';
import * as initial from './0001-initial';
import * as access from './0002-access';
import * as activeStated from './0003-active-stated';
import * as refusedLeavings from './0004-refused-leavings';
import * as groupNamesakes from './0005-group-namesakes';
import * as workspaces from './0006-workspaces';
import * as appAttributes from './0007-app-attributes';
import * as requests from './0008-requests';
import * as adminAccess from './0009-admin-access';
import * as auditChain from './0010-audit-chain';
import * as oauthClients from './0011-oauth-clients';
import * as memberSets from './0012-member-sets';
import * as memberDifferences from './0013-member-differences';
import * as firstAddresses from './0014-first-addresses';
import * as unseenSets from './0015-unseen-sets';
import * as unheardWrites from './0016-unheard-writes';
import * as peopleOut from './0017-people-out';
import * as sessionBasis from './0018-session-basis';
import * as formerObjects from './0019-former-objects';
import * as groupsBeingFilled from './0020-groups-being-filled';

const MIGRATIONS = [
  initial.up,
  access.up,
  activeStated.up,
  refusedLeavings.up,
  groupNamesakes.up,
  workspaces.up,
  appAttributes.up,
  requests.up,
  adminAccess.up,
  auditChain.up,
  oauthClients.up,
  memberSets.up,
  memberDifferences.up,
  firstAddresses.up,
  unseenSets.up,
  unheardWrites.up,
  peopleOut.up,
  sessionBasis.up,
  formerObjects.up,
  groupsBeingFilled.up,
] as const;

/** Number that keeps replicas that start at once from migrating twice (Postgres advisory lock). */
const MIGRATION_LOCK = 7_264_001;

/** A lock was not had in time: nothing was changed, either. */
const LOCK_NOT_AVAILABLE = '55P03';
/**
 * How long a table that is in use is waited for: whoever comes meanwhile waits behind the migration. Shorter than Postgres waits before it
 * looks for deadlocks, so that it is the migration that gives way, and not somebody's work. Now and then longer than that: before it has looked,
 * Postgres asks no autovacuum to make room.
 */
const LOCK_TIMEOUT_MS = 500;
const LONG_LOCK_TIMEOUT_MS = 1_500;
const LONG_EVERY = 5;
const PAUSE_MS = 500;
const PATIENCE_MS = 60_000;

/** @throws DatabaseError when the database was written by a newer version, or what is to be changed is in use for over a minute */
export async function migrate(db: Kysely<Tables>, backend: Backend): Promise<void> {
  const began = Date.now();
  for (let tries = 1; ; tries += 1) {
    try {
      await bringUpToDate(db, backend, tries % LONG_EVERY === 0 ? LONG_LOCK_TIMEOUT_MS : LOCK_TIMEOUT_MS);
      return;
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (typeof code !== 'string' || !(AGAIN.has(code) || code === LOCK_NOT_AVAILABLE)) throw error;
      if (Date.now() - began >= PATIENCE_MS)
        throw new DatabaseError(
          `database could not be brought up to date within ${PATIENCE_MS / 1_000} seconds, its tables are in use: let what runs in it end (a large request, pg_dump, somebody's open transaction), or stop the other replicas, and start again`,
          { cause: error },
        );
    }
    await sleep(PAUSE_MS);
  }
}

async function bringUpToDate(db: Kysely<Tables>, backend: Backend, lockTimeoutMs: number): Promise<void> {
  await db.transaction().execute(async transaction => {
    if (backend === 'postgres') await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(transaction);
    await sql`create table if not exists schema_version (version integer not null)`.execute(transaction);
    const { rows } = await sql<{ version: number }>`select version from schema_version`.execute(transaction);
    const present = rows[0]?.version ?? 0;
    if (present > MIGRATIONS.length) {
      throw new DatabaseError(
        `database has schema version ${present}, this coder-scim knows ${MIGRATIONS.length}: start the newer coder-scim, or restore the backup made before the upgrade`,
      );
    }
    if (backend === 'postgres' && present < MIGRATIONS.length)
      await sql`set local lock_timeout = ${sql.lit(lockTimeoutMs)}`.execute(transaction);
    for (const up of MIGRATIONS.slice(present)) await up(transaction as unknown as Kysely<unknown>, backend);
    if (rows.length === 0)
      await sql`insert into schema_version (version) values (${MIGRATIONS.length})`.execute(transaction);
    else if (present < MIGRATIONS.length)
      await sql`update schema_version set version = ${MIGRATIONS.length}`.execute(transaction);
  });
}

/** Of the tables as they are now. */
export async function schemaVersion(db: Kysely<Tables>): Promise<number> {
  const { rows } = await sql<{ version: number }>`select version from schema_version`.execute(db);
  return Number(rows[0]?.version ?? 0);
}
