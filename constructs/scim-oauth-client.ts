import { type TerraformVariable } from 'cdktf';
import { type Construct } from 'constructs';
import { Credential, digestOfVariable, type TokenScope } from './credential';

/** Settings of an OAuth client. */
export interface ScimOAuthClientConfig {
  /** `sha256:` and 64 hex digits, as printed by `coder-scim oauth-client create`. The secret itself never enters a stack. */
  readonly digest: string;
  /** Instant from which the bridge refuses the client and its access tokens, RFC 3339, e.g. `2027-03-01T00:00:00Z`. */
  readonly expiresAt: string;
  /**
   * What its access tokens may do; it may ask for less.
   * @default - everything an identity provider needs: read and write users and groups
   */
  readonly scopes?: readonly TokenScope[];
}

/** Settings of an OAuth client whose digest Terraform makes. */
export interface ScimOAuthClientSecretConfig extends Omit<ScimOAuthClientConfig, 'digest'> {
  /** The sensitive variable that holds the secret that `coder-scim oauth-client create` printed. */
  readonly secret: TerraformVariable;
}

/**
 * OAuth 2.0 client with which the identity provider gets access tokens of an hour (client credentials, RFC 6749 §4.4) at
 * `ScimApp.oauthTokenUrl`, where it can: a `ScimToken` is simpler. Its client id is `clientId`. Take it out, and its access tokens are
 * refused at once. Declare a second one to rotate without a gap.
 *
 * @example
 * const client = new ScimOAuthClient(app, 'ping', { digest: 'sha256:…', expiresAt: '2027-03-01T00:00:00Z' });
 */
export class ScimOAuthClient extends Credential {
  /**
   * A client whose digest is made where Terraform runs, by a function of the provider (Terraform 1.8, OpenTofu 1.7): one
   * sensitive variable serves the identity provider's side and this one, no plan shows it and no state has it.
   * A plan that is saved to a file has the value of every variable: treat the file as the secret, or declare the digest.
   * @throws Error when the variable is not sensitive, or the app is delivered by a null_resource, which has no function
   *
   * @example
   * const secret = new TerraformVariable(stack, 'client_secret', { type: 'string', sensitive: true });
   * ScimOAuthClient.fromSecret(app, 'ping', { secret, expiresAt: '2027-03-01T00:00:00Z' });
   */
  static fromSecret(scope: Construct, id: string, { secret, ...config }: ScimOAuthClientSecretConfig): ScimOAuthClient {
    const by = { function: 'client_secret_digest', construct: 'ScimOAuthClient' } as const;
    return new ScimOAuthClient(scope, id, { ...config, digest: digestOfVariable(scope, id, secret, by) });
  }

  constructor(scope: Construct, id: string, config: ScimOAuthClientConfig) {
    super(scope, id, 'oauthClients', config, 'coder-scim oauth-client create');
  }

  /** What the identity provider wants as client id: the construct's path below its app. */
  get clientId(): string {
    return this.entryName;
  }
}
