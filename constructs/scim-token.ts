import { Annotations, Lazy, type TerraformVariable, Token } from 'cdktf';
import { type Construct } from 'constructs';
import { type TOKEN_SCOPES } from '../bridge/contract/mapping-state/vocabulary';
import { PROVIDER_NAME } from '../provider/address';
import { Entry } from './entry';
import { ScimApp } from './scim-app';

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

/** Settings of a token whose digest Terraform makes. */
export interface ScimTokenSecretConfig extends Omit<ScimTokenConfig, 'digest'> {
  /** The sensitive variable that holds what `coder-scim token create` printed. */
  readonly secret: TerraformVariable;
}

const WARNING_DAYS = 30;

/**
 * Bearer credential with which the identity provider calls the app. Declare a second one to rotate without a gap.
 *
 * @example
 * new ScimToken(app, 'primary', { digest: 'sha256:…', expiresAt: '2027-03-01T00:00:00Z' });
 */
export class ScimToken extends Entry {
  /**
   * A token whose digest is made where Terraform runs, by a function of the provider (Terraform 1.8, OpenTofu 1.7): one
   * sensitive variable serves the identity provider's side and this one, and neither plan nor state shows it.
   * @throws Error when the variable is not sensitive, or the app is delivered by a null_resource, which has no function
   *
   * @example
   * const secret = new TerraformVariable(stack, 'scim_token', { type: 'string', sensitive: true });
   * ScimToken.fromSecret(app, 'primary', { secret, expiresAt: '2027-03-01T00:00:00Z' });
   */
  static fromSecret(scope: Construct, id: string, { secret, ...config }: ScimTokenSecretConfig): ScimToken {
    const path = `${scope.node.path}/${id}`;
    if (secret.sensitive !== true) {
      throw new Error(
        `${path}: variable ${JSON.stringify(secret.node.id)} is not sensitive, so that plans would show the token: declare it with sensitive: true`,
      );
    }
    if (ScimApp.of(scope).resource === undefined) {
      throw new Error(
        `${path}: the digest is made by a function of the provider, and the app is delivered by a null_resource: use MappingDelivery.provider(), or new ScimToken with the digest`,
      );
    }
    const call = () => `\${provider::${PROVIDER_NAME}::token_digest(var.${secret.friendlyUniqueId})}`;
    return new ScimToken(scope, id, { ...config, digest: Lazy.stringValue({ produce: call }) });
  }

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
