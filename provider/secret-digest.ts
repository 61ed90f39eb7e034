/** Functions that make the digest of a secret, so that one value serves the identity provider and the app. */
import { createHash } from 'node:crypto';
import { defineFunction, FunctionError } from './plugin';

interface Secret {
  readonly what: string;
  /** Name of the parameter. */
  readonly parameter: string;
  readonly prefix: string;
  readonly command: string;
  /** Attribute of an app that takes the digest. */
  readonly attribute: string;
}

function digestOf({ what, parameter, prefix, command, attribute }: Secret) {
  const form = new RegExp(`^${prefix}[0-9a-f]{12}_[0-9a-f]{64}_[0-9a-f]{8}$`);
  return defineFunction({
    summary: `digest of a ${what}`,
    description: `The digest of a ${what} that \`${command}\` printed, for \`${attribute}\` of an app. With a sensitive variable, no plan shows the ${what} and no state has it; a plan that is saved to a file has the value of every variable. Terraform 1.8, OpenTofu 1.7.`,
    parameters: [{ name: parameter, type: 'string', description: `the whole ${what}, from a sensitive variable` }],
    returns: 'string',
    call: secret => {
      if (!form.test(secret)) {
        throw new FunctionError(
          `is no ${what} (${secret.length} characters, not shown): wanted all of what ${command} printed, beginning with ${prefix}`,
          0,
        );
      }
      return `sha256:${createHash('sha256').update(secret, 'utf8').digest('hex')}`;
    },
  });
}

/** `provider::coderscim::token_digest` */
export const tokenDigest = digestOf({
  what: 'SCIM token',
  parameter: 'token',
  prefix: 'cscim_',
  command: 'coder-scim token create',
  attribute: 'tokens',
});

/** `provider::coderscim::client_secret_digest` */
export const clientSecretDigest = digestOf({
  what: 'client secret',
  parameter: 'secret',
  prefix: 'cscimc_',
  command: 'coder-scim oauth-client create',
  attribute: 'oauth_clients',
});
