/** Apps and tokens as the database holds them. A mapping state is parsed once for each generation, not for each request. */
import { type MappingState } from '../../contract/mapping-state';
import { readApp } from '../../store/apps/apps';
import { type Db } from '../../store/database/database';
import { statement } from '../../store/database/statement';
import { type Apps, type TokenScope } from './apps';

const CACHED_APPS = 256;

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
    ])
    .where('tokens.digest', '=', digest)
    .where('apps.deleted_at', 'is', null),
);

export function createStoredApps(db: Db): Apps {
  const cache = new Map<string, { readonly generation: number; readonly state: MappingState }>();

  async function stateOf(name: string, generation: number): Promise<MappingState | undefined> {
    const cached = cache.get(name);
    if (cached?.generation === generation) return cached.state;
    const app = await readApp(db, name);
    if (app === undefined) return undefined;
    if (cache.size >= CACHED_APPS) cache.clear();
    cache.set(name, { generation: app.generation, state: app.state });
    return app.state;
  }

  return {
    async findToken(digest) {
      const { rows } = await tokenOf(db, { digest: digest.replace(/^sha256:/, '') });
      const [row] = rows;
      if (row === undefined) return undefined;
      const app = await stateOf(row.app, Number(row.generation));
      if (app === undefined) return undefined;
      const token = {
        app: row.app,
        name: row.name,
        digest: `sha256:${row.digest}`,
        expiresAt: Number(row.expires_at),
        scopes: row.scopes.split(' ') as TokenScope[],
        lastUsedAt: row.last_used_at === null ? undefined : Number(row.last_used_at),
      };
      return { token, app };
    },

    async touchToken(digest, at) {
      await db
        .updateTable('tokens')
        .set({ last_used_at: at })
        .where('digest', '=', digest.replace(/^sha256:/, ''))
        .execute();
    },
  };
}
