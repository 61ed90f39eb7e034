/** Session tokens: `<id>-<secret>`, as the server checks them. */
import { type Chance } from '../state/chance';
import { type Clock } from '../state/clock';
import { type User } from '../state/entities';

export interface ApiKey {
  readonly id: string;
  readonly secret: string;
  readonly user: User;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly lifetimeSeconds: number;
  readonly createdAt: string;
  /** Browser sessions aren't listed among the tokens. */
  readonly loginType: 'token' | 'oidc' | 'password';
  updatedAt: string;
  lastUsed: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

export interface NewKey {
  readonly name?: string;
  readonly scopes?: readonly string[];
  readonly lifetimeSeconds?: number;
  readonly loginType?: ApiKey['loginType'];
  /** The whole token, for one that is agreed beforehand. */
  readonly token?: string;
}

export const WEEK_SECONDS = 604_800;
/** The server's limit for accounts that are no owners. */
export const HUNDRED_YEARS_SECONDS = 100 * 365.25 * 86_400;

export type Verdict = { readonly key: ApiKey } | { readonly problem: string };

export class ApiKeys {
  private readonly byId = new Map<string, ApiKey>();
  private readonly agreed = new Map<string, ApiKey>();

  constructor(
    private readonly clock: Clock,
    private readonly chance: Chance,
  ) {}

  issue(user: User, wanted: NewKey = {}): { key: ApiKey; token: string } {
    const now = new Date(this.clock.now()).toISOString();
    const lifetimeSeconds = wanted.lifetimeSeconds ?? WEEK_SECONDS;
    const [id, secret] =
      wanted.token === undefined ? [this.chance.word(10), this.chance.word(22)] : split(wanted.token);
    const key: ApiKey = {
      id,
      secret,
      user,
      name: wanted.name ?? `token-${id}`,
      scopes: wanted.scopes ?? ['coder:all'],
      lifetimeSeconds,
      createdAt: now,
      loginType: wanted.loginType ?? 'token',
      updatedAt: now,
      lastUsed: now,
      expiresAt: this.clock.now() + lifetimeSeconds * 1000,
    };
    this.byId.set(id, key);
    if (wanted.token !== undefined) this.agreed.set(wanted.token, key);
    return { key, token: wanted.token ?? `${id}-${secret}` };
  }

  /** The key of a token, or the detail of the 401. */
  check(token: string): Verdict {
    const parts = token.split('-');
    const agreed = this.agreed.get(token);
    if (!agreed && parts.length !== 2) {
      return { problem: `Invalid API key format: incorrect amount of API key parts, expected 2 got ${parts.length}` };
    }
    const key = agreed ?? this.byId.get(parts[0] ?? '');
    if (!key || !this.byId.has(key.id) || (!agreed && key.secret !== parts[1]))
      return { problem: 'API key is invalid.' };
    if (key.expiresAt <= this.clock.now()) {
      return { problem: `API key expired at "${new Date(key.expiresAt).toISOString()}".` };
    }
    return { key };
  }

  find(id: string): ApiKey | undefined {
    return this.byId.get(id);
  }

  of(user: User): ApiKey[] {
    return [...this.byId.values()].filter(key => key.user === user);
  }

  delete(key: ApiKey): void {
    this.byId.delete(key.id);
  }

  deleteAllOf(user: User): void {
    for (const key of this.of(user)) this.delete(key);
  }
}

function split(token: string): [string, string] {
  const at = token.indexOf('-');
  return at === -1 ? [token, ''] : [token.slice(0, at), token.slice(at + 1)];
}
