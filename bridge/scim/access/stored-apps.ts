/**
 * Apps and their credentials as the database holds them. A mapping state is parsed once for each declaration, not for each request; where this
 * process alone writes, a token is looked up again only when something declared was written since.
 */
import { type MappingState } from '../../contract/mapping-state';
import { addAccessToken, findAccessToken, findClient, touchClient } from '../../store/apps/access-tokens';
import { declarationOf, readApp } from '../../store/apps/apps';
import { type Database } from '../../store/database/database';
import { statement } from '../../store/database/statement';
import { type Apps, type DeclaredToken, type TokenScope } from './apps';

const CACHED_APPS = 256;
const CACHED_TOKENS = 1_024;

const tokenOf = statement<{ digest: string }>()((db, { digest }) =>
  db
    .selectFrom('tokens')
    .innerJoin('apps', 'apps.name', 'tokens.app')
    .select([
      'tokens.app',
      'tokens.name',
      'tokens.digest',
      'tokens.expires_at',
      'tokens.scopes',
      'tokens.last_used_at',
      'apps.generation',
      'apps.updated_at',
    ])
    .where('tokens.digest', '=', digest)
    .where('apps.deleted_at', 'is', null),
);

export function createStoredApps({ db, changes }: Pick<Database, 'db' | 'changes'>): Apps {
  const known = new Map<string, { readonly at: number; readonly token: DeclaredToken }>();
  const cache = new Map<string, { readonly declaration: string; readonly state: MappingState }>();

  async function stateOf(name: string, declaration: string): Promise<MappingState | undefined> {
    const cached = cache.get(name);
    if (cached?.declaration === declaration) return cached.state;
    const app = await readApp(db, name);
    if (app === undefined) return undefined;
    if (cache.size >= CACHED_APPS) cache.clear();
    cache.set(name, {
      declaration: declarationOf({ generation: app.generation, updated_at: app.updatedAt }),
      state: app.state,
    });
    return app.state;
  }

  async function declaredToken(digest: string): Promise<DeclaredToken | undefined> {
    const { rows } = await tokenOf(db, { digest: digest.replace(/^sha256:/, '') });
    const [row] = rows;
    if (row === undefined) return undefined;
    const app = await stateOf(row.app, declarationOf(row));
    if (app === undefined) return undefined;
    const expiresAt = Number(row.expires_at);
    const token = {
      kind: 'token' as const,
      app: row.app,
      name: row.name,
      digest: `sha256:${row.digest}`,
      expiresAt,
      declaredUntil: expiresAt,
      scopes: row.scopes.split(' ') as TokenScope[],
      lastUsedAt: row.last_used_at === null ? undefined : Number(row.last_used_at),
    };
    return { token, app };
  }

  return {
    async findApp(name) {
      const row = await db
        .selectFrom('apps')
        .select(['generation', 'updated_at'])
        .where('name', '=', name)
        .where('deleted_at', 'is', null)
        .executeTakeFirst();
      return row === undefined ? undefined : await stateOf(name, declarationOf(row));
    },

    async findToken(digest) {
      // Counted before the look: what is written meanwhile makes it out of date.
      const at = changes?.();
      const kept = known.get(digest);
      if (kept !== undefined && kept.at === at) return kept.token;
      const token = await declaredToken(digest);
      if (token === undefined || at === undefined) return token;
      if (known.size >= CACHED_TOKENS) known.clear();
      known.set(digest, { at, token });
      return token;
    },

    async findAccessToken(digest) {
      const found = await findAccessToken(db, digest);
      const app = found === undefined ? undefined : await stateOf(found.app, found.declaration);
      if (found === undefined || app === undefined) return undefined;
      const token = {
        kind: 'client' as const,
        app: found.app,
        name: found.client,
        digest: found.digest,
        validFrom: found.validFrom,
        expiresAt: found.expiresAt,
        declaredUntil: found.clientExpiresAt,
        scopes: found.scopes as TokenScope[],
        lastUsedAt: found.clientLastUsedAt,
      };
      return { token, app };
    },

    async findClient(app, id) {
      const client = await findClient(db, app, id);
      return client === undefined ? undefined : { ...client, scopes: client.scopes as TokenScope[] };
    },

    addAccessToken: (token, now) => addAccessToken(db, token, now),

    async touch({ kind, app, name, digest }, at) {
      if (kind === 'client') {
        await touchClient(db, app, name, at);
        return;
      }
      await db
        .updateTable('tokens')
        .set({ last_used_at: at })
        .where('digest', '=', digest.replace(/^sha256:/, ''))
        .execute();
    },
  };
}
