/**
 * What our secrets look like, so that whoever writes a line, a message or a row knows one wherever it stands: people put them into the
 * wrong field, and into URLs.
 */

/** What each kind begins with: a bearer token, the secret of an OAuth client, an access token that it got, an admin credential. */
export const PREFIXES = { token: 'cscim', clientSecret: 'cscimc', accessToken: 'cscima', admin: 'cscimadmin' } as const;

export type SecretKind = keyof typeof PREFIXES;

// Also cut, mistyped and in capitals: what is left of a secret is enough to guess by. The underscore may be as a URL has it.
const BEGINNING = `(?:${Object.values(PREFIXES).join('|')})(?:_|%5f)`;

/** The text of a regular expression, to be used with the flag `i`: one of our secrets, wherever it stands. */
export const SECRET_SHAPE = `${BEGINNING}[a-z0-9_%-]{8,}`;

const SHAPE = new RegExp(SECRET_SHAPE, 'gi');
const WHOLE = new RegExp(`^${BEGINNING}`, 'i');

/** Whether a text begins as our secrets do. */
export const beginsAsSecret = (text: string): boolean => WHOLE.test(text);

/** A text with what is shaped like a secret of ours left out. */
export const withoutSecretShapes = (text: string): string => text.replace(SHAPE, '[redacted]');
