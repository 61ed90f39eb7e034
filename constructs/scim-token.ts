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
  constructor(scope: Construct, id: string, config: ScimTokenConfig) {
    super(scope, id, 'tokens', config);
    this.node.addValidation({ validate: () => expiryErrors(this.node.path, config.expiresAt) });
    const days = Token.isUnresolved(config.expiresAt)
      ? Infinity
      : (Date.parse(config.expiresAt) - Date.now()) / 86_400_000;
    if (days > 0 && days < WARNING_DAYS) {
      Annotations.of(this).addWarning(
        `expires at ${config.expiresAt}, in less than ${WARNING_DAYS} days: create a second token, give it to the identity provider, then remove this one`,
      );
    }
  }
}

function expiryErrors(path: string, expiresAt: string): string[] {
  if (Token.isUnresolved(expiresAt) || !(Date.parse(expiresAt) <= Date.now())) return [];
  return [
    `${path}: expiresAt ${JSON.stringify(expiresAt)} is in the past: create a new token with \`coder-scim token create\``,
  ];
}
