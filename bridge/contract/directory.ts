/** User and Group as the identity provider states them: what the reconciler reads of the directory. A leaf. */

/** A person in the directory. */
export interface DirectoryUser {
  /** SCIM id. */
  readonly id: string;
  readonly app: string;
  readonly userName: string;
  readonly externalId: string | undefined;
  readonly active: boolean;
  /** `displayName`, else `name.formatted`, else given and family name; empty when the directory states none. */
  readonly fullName: string;
  /** The primary e-mail, else the first one, else a userName that is an address; undefined when there is none. */
  readonly email: string | undefined;
}

/** A group in the directory; its people are asked for by group. */
export interface DirectoryGroup {
  readonly id: string;
  readonly app: string;
  readonly displayName: string;
  readonly externalId: string | undefined;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

/** The full name that a SCIM User document states. */
export function fullNameOf(document: Record<string, unknown>): string {
  const name = (typeof document['name'] === 'object' && document['name'] !== null ? document['name'] : {}) as Record<
    string,
    unknown
  >;
  return (
    text(document['displayName']) ||
    text(name['formatted']) ||
    [text(name['givenName']), text(name['familyName'])].filter(Boolean).join(' ')
  );
}

/** The e-mail address that stands for a person: primary, else `work`, else the first, else an address in `userName`. */
export function emailOf(document: Record<string, unknown>): string | undefined {
  const emails = Array.isArray(document['emails']) ? (document['emails'] as unknown[]) : [];
  const stated = emails.flatMap(entry => {
    const email = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<string, unknown>;
    const value = text(email['value']);
    return value === ''
      ? []
      : [{ value, primary: email['primary'] === true, work: text(email['type']).toLowerCase() === 'work' }];
  });
  const best = stated.find(email => email.primary) ?? stated.find(email => email.work) ?? stated[0];
  if (best !== undefined) return best.value;
  const userName = text(document['userName']);
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(userName) ? userName : undefined;
}
