/** The token that the identity provider's side is given: a variable whose value plans do not show. */
import { type TerraformVariable } from 'cdktf';

/** @throws Error when plans would show the token */
export function secretText(secret: TerraformVariable, path: string): string {
  if (secret.sensitive !== true) {
    throw new Error(
      `${path}: variable ${JSON.stringify(secret.node.id)} is not sensitive, so that plans would show the token: declare it with sensitive: true`,
    );
  }
  return secret.stringValue;
}
