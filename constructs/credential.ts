import { Annotations, App, Lazy, type TerraformVariable, Token } from 'cdktf';
import { type Construct } from 'constructs';
import { type TOKEN_SCOPES } from '../bridge/contract/mapping-state/vocabulary';
import { PROVIDER_NAME } from '../provider/address';
import { Entry } from './entry';
import { ScimApp } from './scim-app';

/** What a token, or an access token of an OAuth client, may do. */
export type TokenScope = (typeof TOKEN_SCOPES)[number];

const WARNING_DAYS = 30;

/** What an identity provider signs in with: the digest, never the secret. */
export abstract class Credential extends Entry {
  /** Instant from which the bridge refuses it. */
  readonly expiresAt: string;

  /**
   * @internal
   * @param command what makes another one
   */
  protected constructor(
    scope: Construct,
    id: string,
    kind: 'tokens' | 'oauthClients',
    config: { readonly expiresAt: string },
    command: string,
  ) {
    super(scope, id, kind, config);
    this.expiresAt = config.expiresAt;
    const warning = Token.isUnresolved(config.expiresAt)
      ? undefined
      : expiryWarning(config.expiresAt, command, Date.now());
    if (warning !== undefined) Annotations.of(this).addWarning(warning);
  }
}

/** A warning, never an error: an expired credential must not be in the way of an urgent removal. */
function expiryWarning(expiresAt: string, command: string, now: number): string | undefined {
  const days = (Date.parse(expiresAt) - now) / 86_400_000;
  if (!(days < WARNING_DAYS)) return undefined;
  const next = `create another with \`${command}\`, give it to the identity provider, then remove this one`;
  return days <= 0
    ? `has expired at ${expiresAt}, the bridge refuses it: ${next}`
    : `expires at ${expiresAt}, in less than ${WARNING_DAYS} days: ${next}`;
}

/**
 * The digest of a sensitive variable, made where Terraform runs by a function of the provider, which takes nothing but such a secret.
 * @throws Error when the variable is missing or not sensitive, or the app is delivered by a null_resource, which has no function
 */
export function digestOfVariable(
  scope: Construct,
  id: string,
  secret: TerraformVariable,
  by: { readonly function: 'token_digest' | 'client_secret_digest'; readonly construct: string },
): string {
  const path = `${scope.node.path}/${id}`;
  if ((secret as TerraformVariable | undefined) === undefined) {
    throw new Error(`${path}: secret is missing: wanted a TerraformVariable with sensitive: true`);
  }
  if (secret.sensitive !== true) {
    throw new Error(
      `${path}: variable ${JSON.stringify(secret.node.id)} is not sensitive, so that plans would show the secret: declare it with sensitive: true`,
    );
  }
  if (ScimApp.of(scope).resource === undefined) {
    throw new Error(
      `${path}: the digest is made by a function of the provider, and the app is delivered by a null_resource: use MappingDelivery.provider(), or new ${by.construct} with the digest`,
    );
  }
  // As HCL it is Terraform's own function, for the same digest: cdktf writes HCL by a formatter that takes `::` apart.
  const call = () => {
    const value = `var.${secret.friendlyUniqueId}`;
    return App.of(scope).hclOutput
      ? `sha256:\${sha256(${value})}`
      : `\${provider::${PROVIDER_NAME}::${by.function}(${value})}`;
  };
  return Lazy.stringValue({ produce: call });
}
