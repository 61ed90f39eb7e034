/** Keeps credentials out of everything that is logged, thrown or shown. */

// A Coder token: ten characters of key id, a hyphen, the secret. Ids (UUIDs) have another shape.
const CODER_TOKEN = /\b[A-Za-z0-9]{10}-[A-Za-z0-9]{20,40}\b/g;

/** The text with every Coder token, and every one of the given secrets, replaced. */
export function redact(text: string, ...secrets: (string | undefined)[]): string {
  const known = secrets.reduce<string>(
    (rest, secret) => (secret === undefined || secret === '' ? rest : rest.replaceAll(secret, '[redacted]')),
    text,
  );
  return known.replace(CODER_TOKEN, '[redacted]');
}
