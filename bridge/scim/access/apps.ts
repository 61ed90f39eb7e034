/** What SCIM needs to know of apps and their credentials. The store implements it; a test may use two maps. */
import { type MappingState, type TOKEN_SCOPES } from '../../contract/mapping-state';

export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** What a caller shows: a token that an app's mapping state declares, or an access token of an OAuth client that it declares. */
export interface KnownToken {
  readonly kind: 'token' | 'client';
  /** Name of the app that declares the token or client. */
  readonly app: string;
  /** Name of the token or client within the app, for logs and the audit trail. */
  readonly name: string;
  /** `sha256:<hex>` of the whole text that is shown. */
  readonly digest: string;
  /** Milliseconds since 1970, before which it is refused: it is of a clock that was ahead. @default none */
  readonly validFrom?: number;
  /** Milliseconds since 1970, from which on it is refused. */
  readonly expiresAt: number;
  /** Milliseconds since 1970, until which the declaration lets the token or client be. */
  readonly declaredUntil: number;
  readonly scopes: readonly TokenScope[];
  /** Of the token or client. */
  readonly lastUsedAt: number | undefined;
}

/** A token with the app that declares it. */
export interface DeclaredToken {
  readonly token: KnownToken;
  readonly app: MappingState;
}

/** An OAuth client as an app's mapping state declares it. */
export interface OAuthClient {
  /** Its client id: the name of its entry in the mapping state. */
  readonly name: string;
  /** `sha256:<hex>` of the whole secret. */
  readonly digest: string;
  /** Milliseconds since 1970, from which on it is refused. */
  readonly expiresAt: number;
  readonly scopes: readonly TokenScope[];
}

/** An access token that is about to be given out. */
export interface IssuedToken {
  /** `sha256:<hex>` of the whole text. */
  readonly digest: string;
  readonly app: string;
  readonly client: OAuthClient;
  readonly scopes: readonly TokenScope[];
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface Apps {
  /** An app that is declared. */
  findApp(name: string): Promise<MappingState | undefined>;
  /** @param digest `sha256:<hex>` */
  findToken(digest: string): Promise<DeclaredToken | undefined>;
  /** @param digest `sha256:<hex>` */
  findAccessToken(digest: string): Promise<DeclaredToken | undefined>;
  /** Undefined when the app is not declared, or has no such client. */
  findClient(app: string, id: string): Promise<OAuthClient | undefined>;
  /** Makes an access token known to every replica. */
  addAccessToken(token: IssuedToken, now: number): Promise<void>;
  /** Notes that a token or client was used; called at most once a minute for each. */
  touch(token: KnownToken, at: number): Promise<void>;
}
