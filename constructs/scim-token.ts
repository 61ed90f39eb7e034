import { Annotations, Token } from 'cdktf';
import { type Construct } from 'constructs';
import { type TOKEN_SCOPES } from '../bridge/contract/mapping-state';
import { Entry } from './entry';

/** What a token may do. */
export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** Settings of a SCIM token. */
export interface ScimTokenConfig {
  /** `sha256:` and 64 hex digits, as printed by `coder-scim token create`. The secret itself never enters a stack. */
  readonly digest: string;
  /** Instant from which the bridge refuses the token, RFC 3339, e.g. `2027-03-01T00:00:00Z`. */
  readonly expiresAt: string;
  /**
   * What the token may do.
   * @default - everything an identity provider needs: read and write users and groups
   */
  readonly scopes?: readonly TokenScope[];
}

const WARNING_DAYS = 30;

/**
 * Bearer credential with which the identity provider calls the app. Declare a second one to rotate without a gap.
 *
 * @example
 * new ScimToken(app, 'primary', { digest: 'sha256:…', expiresAt: '2027-03-01T00:00:00Z' });
 */
export class ScimToken extends Entry {
  /** Instant from which the bridge refuses the token. */
  readonly expiresAt: string;

  constructor(scope: Construct, id: string, config: ScimTokenConfig) {
    super(scope, id, 'tokens', config);
    this.expiresAt = config.expiresAt;
    const warning = Token.isUnresolved(config.expiresAt) ? undefined : expiryWarning(config.expiresAt, Date.now());
    if (warning !== undefined) Annotations.of(this).addWarning(warning);
  }
}

/** A warning, never an error: an expired token must not be in the way of an urgent removal. */
function expiryWarning(expiresAt: string, now: number): string | undefined {
  const days = (Date.parse(expiresAt) - now) / 86_400_000;
  if (!(days < WARNING_DAYS)) return undefined;
  const next = 'create another with `coder-scim token create`, give it to the identity provider, then remove this one';
  return days <= 0
    ? `has expired at ${expiresAt}, the bridge refuses it: ${next}`
    : `expires at ${expiresAt}, in less than ${WARNING_DAYS} days: ${next}`;
}
