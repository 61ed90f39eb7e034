/**
 * OAuth clients as they are declared, and the access tokens that they got. Tokens are rows, so that every replica knows each of them,
 * and one ends with its client: with its time, its declaration, or its secret.
 */
import { sql } from 'kysely';
import { type Db } from '../database/database';
import { declarationOf } from './apps';

const DAY_MS = 86_400_000;
/** Access tokens that are kept of one client: a client that asks for one with each request pushes out what it uses no more. */
const KEPT_TOKENS = 1_000;
/** By how much clocks of replicas may differ: what was given out later than so much from now is of a clock that was ahead. */
const CLOCKS_DIFFER_MS = 60_000;

/** A client of an app that is declared. */
export interface StoredClient {
  readonly name: string;
  /** `sha256:<hex>` of its secret. */
  readonly digest: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly scopes: readonly string[];
}

export interface StoredAccessToken {
  /** `sha256:<hex>` */
  readonly digest: string;
  readonly app: string;
  /** Of its app: see `declarationOf`. */
  readonly declaration: string;
  readonly client: string;
  /** What the token may do that its client still may. */
  readonly scopes: readonly string[];
  /** Milliseconds since 1970, before which nobody can have it but from a clock that was ahead. */
  readonly validFrom: number;
  /** Milliseconds since 1970, from which on it is refused. */
  readonly expiresAt: number;
  readonly clientExpiresAt: number;
  readonly clientLastUsedAt: number | undefined;
}

const hexOf = (digest: string): string => digest.replace(/^sha256:/, '');

export async function findClient(db: Db, app: string, name: string): Promise<StoredClient | undefined> {
  const row = await db
    .selectFrom('oauth_clients')
    .select(['name', 'digest', 'expires_at', 'scopes'])
    .where('app', '=', app)
    .where('name', '=', name)
    .executeTakeFirst();
  return row === undefined
    ? undefined
    : {
        name: row.name,
        digest: `sha256:${row.digest}`,
        expiresAt: Number(row.expires_at),
        scopes: row.scopes.split(' '),
      };
}

export interface NewAccessToken {
  /** `sha256:<hex>` */
  readonly digest: string;
  readonly app: string;
  readonly client: StoredClient;
  readonly scopes: readonly string[];
  readonly expiresAt: number;
}

/** Notes a token that is given out, and forgets those of the client that nobody can use any more. */
export async function addAccessToken(
  db: Db,
  { digest, app, client, ...token }: NewAccessToken,
  now: number,
): Promise<void> {
  await db
    .insertInto('access_tokens')
    .values({
      digest: hexOf(digest),
      app,
      client: client.name,
      client_digest: hexOf(client.digest),
      scopes: token.scopes.join(' '),
      issued_at: now,
      expires_at: token.expiresAt,
    })
    .execute();
  const own = db.selectFrom('access_tokens').where('app', '=', app).where('client', '=', client.name);
  const ahead = now + CLOCKS_DIFFER_MS;
  // Those of a clock that was ahead are no use to anybody: they go before the oldest.
  const first = await own
    .select('issued_at')
    .orderBy(sql`case when issued_at > ${ahead} then 1 else 0 end`)
    .orderBy('issued_at', 'desc')
    .offset(KEPT_TOKENS)
    .limit(1)
    .executeTakeFirst();
  const last = first === undefined ? undefined : Number(first.issued_at);
  await db
    .deleteFrom('access_tokens')
    .where('app', '=', app)
    .where('client', '=', client.name)
    // What ended lately is told from what never was.
    .where(eb =>
      eb.or([
        eb('expires_at', '<', now - DAY_MS),
        ...(last === undefined
          ? []
          : last > ahead
            ? [eb('issued_at', '>', ahead).and('issued_at', '<=', last)]
            : [eb('issued_at', '>', ahead), eb('issued_at', '<=', last)]),
      ]),
    )
    .execute();
  await touchClient(db, app, client.name, now);
}

/** The token with what its client may do now; undefined when it was never given out, or its client is not what it was. */
export async function findAccessToken(db: Db, digest: string): Promise<StoredAccessToken | undefined> {
  const row = await db
    .selectFrom('access_tokens as token')
    .innerJoin('oauth_clients as client', join =>
      join
        .onRef('client.app', '=', 'token.app')
        .onRef('client.name', '=', 'token.client')
        .onRef('client.digest', '=', 'token.client_digest'),
    )
    .innerJoin('apps', 'apps.name', 'token.app')
    .select([
      'token.digest',
      'token.app',
      'token.client',
      'token.scopes',
      'token.issued_at',
      'token.expires_at',
      'client.scopes as client_scopes',
      'client.expires_at as client_expires_at',
      'client.last_used_at as client_last_used_at',
      'apps.generation',
      'apps.updated_at',
    ])
    .where('token.digest', '=', hexOf(digest))
    .where('apps.deleted_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const allowed = row.client_scopes.split(' ');
  return {
    digest: `sha256:${row.digest}`,
    app: row.app,
    declaration: declarationOf(row),
    client: row.client,
    scopes: row.scopes.split(' ').filter(scope => allowed.includes(scope)),
    validFrom: Number(row.issued_at) - CLOCKS_DIFFER_MS,
    expiresAt: Math.min(Number(row.expires_at), Number(row.client_expires_at)),
    clientExpiresAt: Number(row.client_expires_at),
    clientLastUsedAt: row.client_last_used_at === null ? undefined : Number(row.client_last_used_at),
  };
}

export async function touchClient(db: Db, app: string, name: string, at: number): Promise<void> {
  await db
    .updateTable('oauth_clients')
    .set({ last_used_at: at })
    .where('app', '=', app)
    .where('name', '=', name)
    .execute();
}
