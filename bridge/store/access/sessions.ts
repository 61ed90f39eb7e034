/** Who is signed in to the operator's page: by the digest of what the cookie holds, the same for all replicas. */
import { type Db } from '../database/database';

export interface Session {
  /** 64 hex digits. */
  readonly digest: string;
  /** Name for the audit trail. */
  readonly name: string;
  readonly scopes: readonly string[];
  /** Digest of the admin credential that was shown; undefined for a sign-in by OIDC. */
  readonly credential: string | undefined;
  /** Digest of the configuration that a sign-in by OIDC was judged by; undefined for one by an admin credential. */
  readonly signIn: string | undefined;
  readonly expiresAt: number;
}

/** Begins a session, and forgets those that are over. */
export async function beginSession(db: Db, session: Session, now: number): Promise<void> {
  await db.deleteFrom('page_sessions').where('expires_at', '<=', now).execute();
  await db
    .insertInto('page_sessions')
    .values({
      digest: session.digest,
      name: session.name,
      scopes: session.scopes.join(' '),
      credential: session.credential ?? null,
      sign_in: session.signIn ?? null,
      created_at: now,
      expires_at: session.expiresAt,
    })
    .execute();
}

/** The session of this cookie, over or not. */
export async function readSession(db: Db, digest: string): Promise<Session | undefined> {
  const row = await db.selectFrom('page_sessions').selectAll().where('digest', '=', digest).executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    digest: row.digest,
    name: row.name,
    scopes: row.scopes === '' ? [] : row.scopes.split(' '),
    credential: row.credential ?? undefined,
    signIn: row.sign_in ?? undefined,
    expiresAt: Number(row.expires_at),
  };
}

export async function endSession(db: Db, digest: string): Promise<void> {
  await db.deleteFrom('page_sessions').where('digest', '=', digest).execute();
}
