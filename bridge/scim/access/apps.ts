/** What SCIM needs to know of apps and tokens. The store implements it; a test may use two maps. */
import { type MappingState, type TOKEN_SCOPES } from '../../contract/mapping-state';

export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** A token as an app's mapping state declares it. */
export interface KnownToken {
  /** Name of the app that declares it. */
  readonly app: string;
  /** Name within the app, for logs and the audit trail. */
  readonly name: string;
  /** `sha256:<hex>` of the whole token text. */
  readonly digest: string;
  /** Milliseconds since 1970, from which on it is refused. */
  readonly expiresAt: number;
  readonly scopes: readonly TokenScope[];
  readonly lastUsedAt: number | undefined;
}

/** A token with the app that declares it. */
export interface DeclaredToken {
  readonly token: KnownToken;
  readonly app: MappingState;
}

export interface Apps {
  /** @param digest `sha256:<hex>` */
  findToken(digest: string): Promise<DeclaredToken | undefined>;
  /** Notes that a token was used; called at most once a minute for each token. */
  touchToken(digest: string, at: number): Promise<void>;
}
