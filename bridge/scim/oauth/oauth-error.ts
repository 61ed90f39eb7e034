/** The one error of the token endpoint, in the form of RFC 6749 §5.2. */

/** Codes of RFC 6749 §5.2; the last two are those of §4.1.2.1 for what is nobody's mistake, which §5.2 has no word for. */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'temporarily_unavailable'
  | 'server_error';

export class OAuthError extends Error {
  override readonly name = 'OAuthError';

  constructor(
    readonly status: number,
    readonly code: OAuthErrorCode,
    description: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(description);
  }

  toBody() {
    return { error: this.code, error_description: printable(this.message) };
  }
}

/** What a description may have: printable ASCII without quotation mark and backslash. */
function printable(text: string): string {
  return text.replace(/["\\]/g, "'").replace(/[^\x20-\x7e]/g, '?');
}

/** RFC 6749 §5.2: a client that signed in by the header is told the scheme; so is every other (RFC 9110 §15.5.2 wants it with 401). */
export function invalidClient(description: string): OAuthError {
  return new OAuthError(401, 'invalid_client', description, {
    'www-authenticate': 'Basic realm="coder-scim", charset="UTF-8"',
  });
}

export function invalidRequest(description: string): OAuthError {
  return new OAuthError(400, 'invalid_request', description);
}
