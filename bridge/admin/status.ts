/** `/status`: apps, tokens, what waits and is held, and the way to Coder. */
import { type AppStatus, type Status, TOKEN_WARNING_DAYS, type TokenStatus } from '../contract/admin-api';
import { TOKEN_SCOPES } from '../contract/mapping-state';
import { type AppConvergence } from '../reconcile';
import { listApps, type StoredApp } from '../store/apps/apps';
import { type Db } from '../store/database/database';
import { countDirectory, type DirectoryCounts } from '../store/directory';
import { DROPPED_PREFIX } from '../store/requests/coercions';
import { readLastRequests } from '../store/requests/requests';
import { scimBaseUrl } from './apps';
import { type AdminDeps } from './deps';

const NOTHING: DirectoryCounts = { users: 0, activeUsers: 0, groups: 0 };
const DROPPED_SHOWN = 20;
const WARNING_MS = TOKEN_WARNING_DAYS * 86_400_000;

export async function readStatus(deps: AdminDeps): Promise<Status> {
  const { db } = deps.database;
  const [coder, apps, reconciler, used, coercions, requests] = await Promise.all([
    deps.probe.state(),
    listApps(db),
    deps.reconciler.status(),
    readLastUsed(db),
    readCoercions(db),
    readLastRequests(db),
  ]);
  const counts = new Map<string, DirectoryCounts>();
  for (const { name } of apps) counts.set(name, await countDirectory(db, name));
  const now = deps.clock();
  return {
    version: deps.version,
    coder,
    apps: apps.map(app => {
      const convergence = reconciler.apps.find(other => other.app === app.name);
      const tokens = readTokens(app, used, now);
      return {
        app: app.name,
        identityProvider: app.state.identityProvider,
        mode: app.state.mode,
        generation: app.generation,
        scimBaseUrl: scimBaseUrl(deps.publicUrl, app.name),
        ...convergenceOf(convergence),
        lastRequestAt: isoOf(requests.get(app.name)),
        ...(counts.get(app.name) ?? NOTHING),
        tokens,
        ...coercionsOf(app, coercions),
        dropped: droppedOf(app, coercions),
        warnings: [...(convergence?.warnings ?? []), ...tokenWarnings(tokens), ...appearanceWarnings(app, coercions)],
      };
    }),
    pending: [...reconciler.pending],
    holds: [...reconciler.holds],
    recovery: reconciler.recovery,
  };
}

function isoOf(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}

function convergenceOf(
  known: AppConvergence | undefined,
): Pick<AppStatus, 'converged' | 'waiting' | 'held' | 'parked' | 'refused' | 'leavers' | 'lastError' | 'lastSweepAt'> {
  if (known === undefined)
    return {
      converged: false,
      waiting: 0,
      held: 0,
      parked: 0,
      refused: 0,
      leavers: [],
      lastError: null,
      lastSweepAt: null,
    };
  const { converged, waiting, held, parked, refused, leavers, lastError, lastSweepAt } = known;
  return { converged, waiting, held, parked, refused, leavers, lastError, lastSweepAt };
}

/** Tokens of an app by name, with their last use. */
export function readTokens(app: StoredApp, used: ReadonlyMap<string, number>, now: number): TokenStatus[] {
  const declared = Object.entries(app.state.tokens).sort(([a], [b]) => (a < b ? -1 : 1));
  return declared.map(([name, token]) => {
    const left = Date.parse(token.expiresAt) - now;
    const lastUsed = used.get(token.digest.replace(/^sha256:/, ''));
    return {
      name,
      expiresAt: new Date(Date.parse(token.expiresAt)).toISOString(),
      state: left <= 0 ? 'expired' : left <= WARNING_MS ? 'expiring' : 'active',
      lastUsedAt: isoOf(lastUsed),
      scopes: [...(token.scopes ?? TOKEN_SCOPES)],
    };
  });
}

function tokenWarnings(tokens: readonly TokenStatus[]): string[] {
  const active = tokens.some(token => token.state !== 'expired');
  if (!active) {
    return [
      tokens.length === 0
        ? 'no token is declared: the identity provider can not sign in'
        : 'every token has expired: the identity provider can not sign in',
    ];
  }
  return tokens
    .filter(token => token.state === 'expiring')
    .map(
      token =>
        `token ${JSON.stringify(token.name)} expires on ${token.expiresAt.slice(0, 10)}: declare a second one and change over`,
    );
}

/** When each token was used last, by digest. */
export async function readLastUsed(db: Db): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('tokens')
    .select(['digest', 'last_used_at'])
    .where('last_used_at', 'is not', null)
    .execute();
  return new Map(rows.map(row => [row.digest, Number(row.last_used_at)]));
}

type Coercion = AppStatus['coercions'][number] & { app: string };

// Counted beside the coercions: requests that looked like those of another identity provider than is declared.
const LOOKED_LIKE = /^lookedLike:/;

function coercionsOf(app: StoredApp, coercions: readonly Coercion[]): Pick<AppStatus, 'coercions'> {
  const own = coercions.filter(
    other => other.app === app.name && !LOOKED_LIKE.test(other.coercion) && !other.coercion.startsWith(DROPPED_PREFIX),
  );
  return { coercions: own.map(({ app: _app, ...coercion }) => coercion) };
}

/** The attributes that were dropped most lately. */
function droppedOf(app: StoredApp, coercions: readonly Coercion[]): AppStatus['dropped'] {
  return coercions
    .filter(other => other.app === app.name && other.coercion.startsWith(DROPPED_PREFIX))
    .sort((a, b) => (a.lastAt < b.lastAt ? 1 : -1))
    .slice(0, DROPPED_SHOWN)
    .map(({ coercion, count, lastAt }) => ({ name: coercion.slice(DROPPED_PREFIX.length), count, lastAt }));
}

function appearanceWarnings(app: StoredApp, coercions: readonly Coercion[]): string[] {
  const { identityProvider } = app.state;
  return coercions.flatMap(({ app: name, coercion, count, lastAt }) => {
    const other = coercion.replace(LOOKED_LIKE, '');
    if (name !== app.name || other === coercion || other === identityProvider) return [];
    return [
      `${count} ${count === 1 ? 'request' : 'requests'}, the last at ${lastAt}, looked like ${other}, but the app is declared as ${identityProvider}: set identityProvider to ${other} if that is who sends them`,
    ];
  });
}

async function readCoercions(db: Db): Promise<Coercion[]> {
  const rows = await db.selectFrom('coercions').selectAll().orderBy('app').orderBy('coercion').execute();
  return rows.map(row => ({
    app: row.app,
    dialect: row.dialect,
    coercion: row.coercion,
    count: Number(row.count),
    lastAt: new Date(Number(row.last_at)).toISOString(),
  }));
}
