/** Credentials of an app: digest and expiry, never the secret. What stands where a digest belongs may be one, and is never shown. */
import * as z from 'zod';
import type * as document from './document';
import { beginsAsSecret } from '../secret-shapes';
import { TOKEN_SCOPES } from './vocabulary';

/** A digest, as the command prints it that makes the secret. */
function digestBy(command: string) {
  const wanted = `wanted "sha256:" and 64 lower-case hex digits, as printed by \`${command}\``;
  const describe = (given: unknown): string => {
    const text = typeof given === 'string' ? given : '';
    if (beginsAsSecret(text))
      return `this is the secret, not its digest: it is in the stack's text now, so revoke it (remove the entry, make another with \`${command}\`); ${wanted}`;
    if (/^[0-9a-f]{64}$/i.test(text)) return `64 hex digits without "sha256:" before them: ${wanted}`;
    if (/^sha256:[0-9a-f]{64}$/i.test(text)) return `has capital letters: ${wanted}`;
    return `is no digest (${text.length} characters, not shown, in case they are a secret): ${wanted}`;
  };
  return z.string().regex(/^sha256:[0-9a-f]{64}$/, { error: issue => describe(issue.input) });
}

const scopes = z.array(z.enum(TOKEN_SCOPES)).min(1).optional();

/** Bearer credential of an app: the digest, never the secret. */
export const TokenDeclaration = z.strictObject({
  digest: digestBy('coder-scim token create').describe('SHA-256 of the whole token text'),
  expiresAt: z.iso.datetime({ offset: true }).describe('instant from which the token is refused (RFC 3339)'),
  scopes: scopes.describe('what the token may do; default: everything'),
});
export type TokenDeclaration = document.TokenDeclaration;

/** OAuth 2.0 client of an app, by its client id: it gets short-lived access tokens for its secret (RFC 6749 §4.4). */
export const OAuthClientDeclaration = z.strictObject({
  digest: digestBy('coder-scim oauth-client create').describe('SHA-256 of the whole client secret'),
  expiresAt: z.iso
    .datetime({ offset: true })
    .describe('instant from which the client, and every access token of it, is refused (RFC 3339)'),
  scopes: scopes.describe('what its access tokens may do; default: everything'),
});
export type OAuthClientDeclaration = document.OAuthClientDeclaration;
