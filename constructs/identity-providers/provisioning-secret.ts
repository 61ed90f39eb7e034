/** The token that the identity provider's side is given: a variable whose value plans do not show. */
import { type TerraformVariable } from 'cdktf';

/** @throws Error when there is none, or plans would show it */
export function secretText(secret: TerraformVariable, path: string): string {
  if ((secret as TerraformVariable | undefined) === undefined) {
    throw new Error(`${path}: secret is missing: wanted a TerraformVariable with sensitive: true`);
  }
  if (secret.sensitive !== true) {
    throw new Error(
      `${path}: variable ${JSON.stringify(secret.node.id)} is not sensitive, so that plans would show the token: declare it with sensitive: true`,
    );
  }
  return secret.stringValue;
}
