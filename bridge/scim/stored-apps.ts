/** Apps and tokens as the database holds them. A mapping state is parsed once for each generation, not for each request. */
import { type MappingState } from '../mapping-state';
import { readApp } from '../store/apps';
import { type Db } from '../store/database';
import { type Apps, type TokenScope } from './apps';

const CACHED_APPS = 256;

export function createStoredApps(db: Db): Apps {
  const cache = new Map<string, { readonly generation: number; readonly state: MappingState }>();

  return {
    async appByName(name) {
      const row = await db
        .selectFrom('apps')
        .select('generation')
        .where('name', '=', name)
        .where('deleted_at', 'is', null)
        .executeTakeFirst();
      if (row === undefined) {
        cache.delete(name);
        return undefined;
      }
      const cached = cache.get(name);
      if (cached?.generation === Number(row.generation)) return cached.state;
      const app = await readApp(db, name);
      if (app === undefined) return undefined;
      if (cache.size >= CACHED_APPS) cache.clear();
      cache.set(name, { generation: app.generation, state: app.state });
      return app.state;
    },

    async tokenByDigest(digest) {
      const row = await db
        .selectFrom('tokens')
        .selectAll()
        .where('digest', '=', digest.replace(/^sha256:/, ''))
        .executeTakeFirst();
      if (row === undefined) return undefined;
      return {
        app: row.app,
        name: row.name,
        digest: `sha256:${row.digest}`,
        expiresAt: Number(row.expires_at),
        scopes: row.scopes.split(' ') as TokenScope[],
        lastUsedAt: row.last_used_at === null ? undefined : Number(row.last_used_at),
      };
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
