/** Tokens and OAuth clients of an app, as its document declares them. */
import { type MappingState, TOKEN_SCOPES } from '../../contract/mapping-state';
import { type Db } from '../database/database';

/** A token is in use by another app already: each token belongs to one app. */
export class TokenTaken extends Error {
  override readonly name = 'TokenTaken';
  constructor(
    readonly token: string,
    readonly otherApp: string,
  ) {
    super(
      `token ${JSON.stringify(token)} has the digest of a token of app ${JSON.stringify(otherApp)}: wanted a token of its own; make one with coder-scim token create`,
    );
  }
}

/** What an app declares from now on: what it declares no more is refused from the commit on. @throws TokenTaken */
export async function writeCredentials(db: Db, state: MappingState): Promise<void> {
  await writeTokens(db, state);
  await writeClients(db, state);
}

/** Nobody signs in to the app any more. */
export async function deleteCredentials(db: Db, app: string): Promise<void> {
  for (const table of ['tokens', 'oauth_clients', 'access_tokens'] as const)
    await db.deleteFrom(table).where('app', '=', app).execute();
}

/** What a write of this document would be refused for. @throws TokenTaken */
export async function refuseTakenTokens(db: Db, { app, tokens }: MappingState): Promise<void> {
  for (const [name, token] of Object.entries(tokens)) {
    const taken = await db
      .selectFrom('tokens')
      .select('app')
      .where('digest', '=', columnsOf(token).digest)
      .where('app', '!=', app)
      .executeTakeFirst();
    if (taken !== undefined) throw new TokenTaken(name, taken.app);
  }
}

/** A token that stays keeps when it was used last. */
async function writeTokens(db: Db, state: MappingState): Promise<void> {
  await refuseTakenTokens(db, state);
  const declared = Object.entries(state.tokens).map(([name, token]) => ({
    ...columnsOf(token),
    app: state.app,
    name,
  }));
  const digests = declared.map(token => token.digest);
  await db
    .deleteFrom('tokens')
    .where('app', '=', state.app)
    .$if(digests.length > 0, query => query.where('digest', 'not in', digests))
    .execute();
  for (const token of declared) {
    await db
      .insertInto('tokens')
      .values(token)
      .onConflict(conflict =>
        conflict.column('digest').doUpdateSet({ name: token.name, expires_at: token.expires_at, scopes: token.scopes }),
      )
      .execute();
  }
}

/** A client that stays keeps when it was used last; its access tokens go with it, or with its secret. */
async function writeClients(db: Db, state: MappingState): Promise<void> {
  const declared = Object.entries(state.oauthClients).map(([name, client]) => ({
    ...columnsOf(client),
    app: state.app,
    name,
  }));
  const names = declared.map(client => client.name);
  await db
    .deleteFrom('oauth_clients')
    .where('app', '=', state.app)
    .$if(names.length > 0, query => query.where('name', 'not in', names))
    .execute();
  for (const { app, name, ...columns } of declared) {
    await db
      .insertInto('oauth_clients')
      .values({ app, name, ...columns })
      .onConflict(conflict => conflict.columns(['app', 'name']).doUpdateSet(columns))
      .execute();
  }
  await db
    .deleteFrom('access_tokens')
    .where('app', '=', state.app)
    .where(eb =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('oauth_clients')
            .select('oauth_clients.name')
            .whereRef('oauth_clients.app', '=', 'access_tokens.app')
            .whereRef('oauth_clients.name', '=', 'access_tokens.client')
            .whereRef('oauth_clients.digest', '=', 'access_tokens.client_digest'),
        ),
      ),
    )
    .execute();
}

interface Declared {
  readonly digest: string;
  readonly expiresAt: string;
  readonly scopes?: readonly string[] | undefined;
}

function columnsOf({ digest, expiresAt, scopes }: Declared) {
  return {
    digest: digest.replace(/^sha256:/, ''),
    expires_at: Date.parse(expiresAt),
    scopes: (scopes ?? TOKEN_SCOPES).join(' '),
  };
}
