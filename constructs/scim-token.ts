import { type TerraformVariable } from 'cdktf';
import { type Construct } from 'constructs';
import { Credential, digestOfVariable, type TokenScope } from './credential';

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

/**
 * Bearer credential with which the identity provider calls the app. Declare a second one to rotate without a gap.
 *
 * @example
 * new ScimToken(app, 'primary', { digest: 'sha256:…', expiresAt: '2027-03-01T00:00:00Z' });
 */
export class ScimToken extends Credential {
  /**
   * A token whose digest is made where Terraform runs, by a function of the provider (Terraform 1.8, OpenTofu 1.7): one
   * sensitive variable serves the identity provider's side and this one, no plan shows it and no state has it.
   * A plan that is saved to a file has the value of every variable: treat the file as the secret, or declare the digest.
   * @throws Error when the variable is not sensitive, or the app is delivered by a null_resource, which has no function
   *
   * @example
   * const secret = new TerraformVariable(stack, 'scim_token', { type: 'string', sensitive: true });
   * ScimToken.fromSecret(app, 'primary', { secret, expiresAt: '2027-03-01T00:00:00Z' });
   */
  static fromSecret(scope: Construct, id: string, { secret, ...config }: ScimTokenSecretConfig): ScimToken {
    const digest = digestOfVariable(scope, id, secret, { function: 'token_digest', construct: 'ScimToken' });
    return new ScimToken(scope, id, { ...config, digest });
  }

  constructor(scope: Construct, id: string, config: ScimTokenConfig) {
    super(scope, id, 'tokens', config, 'coder-scim token create');
  }
}
