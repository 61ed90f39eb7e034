/** `provider::coderscim::token_digest`: the digest of a token, so that one value serves the identity provider and the app. */
import { createHash } from 'node:crypto';
import { defineFunction, FunctionError } from './plugin';

/** The text of a token as `coder-scim token create` prints it. */
const TOKEN = /^cscim_[0-9a-f]{12}_[0-9a-f]{64}_[0-9a-f]{8}$/;

export const tokenDigest = defineFunction({
  summary: 'digest of a SCIM token',
  description:
    'The digest of a token that `coder-scim token create` printed, for `tokens` of an app. With a sensitive variable, neither plan nor state shows the token. Terraform 1.8, OpenTofu 1.7.',
  parameters: [{ name: 'token', type: 'string', description: 'the whole token, from a sensitive variable' }],
  returns: 'string',
  call: token => {
    if (!TOKEN.test(token)) {
      throw new FunctionError(
        `is no token (${token.length} characters, not shown): wanted all of what coder-scim token create printed, beginning with cscim_`,
        0,
      );
    }
    return `sha256:${createHash('sha256').update(token, 'utf8').digest('hex')}`;
  },
});
