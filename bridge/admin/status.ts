/** `/status`: apps, tokens, what waits and is held, and the way to Coder. */
import { type AppStatus, type Status, TOKEN_WARNING_DAYS, type TokenStatus } from '../contract/admin-api';
import { TOKEN_SCOPES } from '../contract/mapping-state';
import { type AppConvergence } from '../reconcile';
import { listApps, type StoredApp } from '../store/apps/apps';
import { type Db } from '../store/database/database';
import { countDirectory, type DirectoryCounts } from '../store/directory';
import { DROPPED_PREFIX } from '../store/requests/coercions';
import { readLastRequests } from '../store/requests/requests';
import { oauthTokenUrl, scimBaseUrl } from './apps';
import { type AdminDeps } from './deps';

const NOTHING: DirectoryCounts = { users: 0, activeUsers: 0, groups: 0 };
const DROPPED_SHOWN = 20;
const WARNING_MS = TOKEN_WARNING_DAYS * 86_400_000;

export async function readStatus(deps: AdminDeps): Promise<Status> {
  const { db } = deps.database;
  const [coder, seats, apps, reconciler, used, coercions, requests] = await Promise.all([
    deps.probe.state(),
    deps.seats.read(),
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
    coder: { ...coder, seats: seats === null ? null : { used: seats.used, limit: seats.limit ?? null } },
    apps: apps.map(app => {
      const convergence = reconciler.apps.find(other => other.app === app.name);
      const tokens = readTokens(app, used, now);
      return {
        app: app.name,
        identityProvider: app.state.identityProvider,
        mode: app.state.mode,
        generation: app.generation,
        scimBaseUrl: scimBaseUrl(deps.publicUrl, app.name),
        oauthTokenUrl:
          Object.keys(app.state.oauthClients).length === 0 ? null : oauthTokenUrl(deps.publicUrl, app.name),
        ...convergenceOf(convergence),
        lastRequestAt: isoOf(requests.get(app.name)),
        ...(counts.get(app.name) ?? NOTHING),
        tokens,
        ...coercionsOf(app, coercions),
        dropped: droppedOf(app, coercions),
        warnings: [...(convergence?.warnings ?? []), ...tokenWarnings(tokens), ...appearanceWarnings(app, coercions)],
      };
    }),
    ending: [...reconciler.ending],
    pending: [...reconciler.pending],
    heldFor: [...reconciler.heldFor],
    holds: [...reconciler.holds],
    leftOver: [...reconciler.leftOver],
    recovery: reconciler.recovery,
    recoveryPending: reconciler.recoveryPending,
    auditProblem: reconciler.auditProblem,
  };
}

function isoOf(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}

function convergenceOf(
  known: AppConvergence | undefined,
): Pick<
  AppStatus,
  | 'converged'
  | 'waiting'
  | 'held'
  | 'parked'
  | 'refused'
  | 'leavers'
  | 'lastError'
  | 'lastSweepAt'
  | 'noMemberYet'
  | 'beingFilled'
  | 'neverCame'
> {
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
      noMemberYet: [],
      beingFilled: [],
      neverCame: [],
    };
  const { converged, waiting, held, parked, refused, leavers, lastError, lastSweepAt } = known;
  return {
    converged,
    waiting,
    held,
    parked,
    refused,
    leavers,
    lastError,
    lastSweepAt,
    noMemberYet: [...known.noMemberYet],
    beingFilled: [...known.beingFilled],
    neverCame: [...known.neverCame],
  };
}

/** Tokens and OAuth clients of an app by name, with their last use. */
export function readTokens(
  { name: app, state }: StoredApp,
  used: ReadonlyMap<string, number>,
  now: number,
): TokenStatus[] {
  const declared = [
    ...Object.entries(state.tokens).map(([name, token]) => ({ kind: 'token' as const, name, ...token })),
    ...Object.entries(state.oauthClients).map(([name, client]) => ({ kind: 'client' as const, name, ...client })),
  ].sort((a, b) => (a.name < b.name ? -1 : 1));
  return declared.map(({ kind, name, expiresAt, scopes }) => {
    const left = Date.parse(expiresAt) - now;
    const lastUsed = used.get(`${app}/${name}`);
    return {
      kind,
      name,
      expiresAt: new Date(Date.parse(expiresAt)).toISOString(),
      state: left <= 0 ? 'expired' : left <= WARNING_MS ? 'expiring' : 'active',
      lastUsedAt: isoOf(lastUsed),
      scopes: [...(scopes ?? TOKEN_SCOPES)],
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
      ({ kind, name, expiresAt }) =>
        `${kind === 'token' ? 'token' : 'OAuth client'} ${JSON.stringify(name)} expires on ${expiresAt.slice(0, 10)}: declare a second one and change over`,
    );
}

/** When each token and client was used last, by app and name, of which an app has each once. */
export async function readLastUsed(db: Db): Promise<Map<string, number>> {
  const used = new Map<string, number>();
  for (const table of ['tokens', 'oauth_clients'] as const) {
    const rows = await db
      .selectFrom(table)
      .select(['app', 'name', 'last_used_at'])
      .where('last_used_at', 'is not', null)
      .execute();
    for (const { app, name, last_used_at: at } of rows) used.set(`${app}/${name}`, Number(at));
  }
  return used;
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
