/** User and Group as the identity provider states them: what the reconciler reads of the directory. A leaf. */
import { type Attributes, DEFAULT_ATTRIBUTES, attributeText, partsOf, trimmed } from './attributes';

/** A person in the directory. */
export interface DirectoryUser {
  /** SCIM id. */
  readonly id: string;
  readonly app: string;
  readonly userName: string;
  readonly externalId: string | undefined;
  readonly active: boolean;
  /** What the Coder username is derived from: `userName`, or what the app's `attributes` say. */
  readonly username: string;
  /** `displayName`, else `name.formatted`, else given and family name, or what `attributes` say; empty when there is none. */
  readonly fullName: string;
  /** The primary e-mail, else the first one, else a userName that is an address, or what `attributes` say; undefined when there is none. */
  readonly email: string | undefined;
}

/** A group in the directory; its people are asked for by group. */
export interface DirectoryGroup {
  readonly id: string;
  readonly app: string;
  readonly displayName: string;
  readonly externalId: string | undefined;
}

// The first dot that may part a domain decides: a text of dots is gone through once.
const ADDRESS = /^[^\s@]+@[^\s@][^\s@.]*\.[^\s@]+$/;

/** The full name that a SCIM User document states. */
export function fullNameOf(
  document: Readonly<Record<string, unknown>>,
  { name: from }: Pick<Attributes, 'name'> = DEFAULT_ATTRIBUTES,
): string {
  const displayName = trimmed(document['displayName']);
  switch (from) {
    case 'displayName':
      return displayName || nameOf(document);
    case 'name':
      return nameOf(document) || displayName;
    default:
      return attributeText(document, from);
  }
}

/** `name.formatted`, else given and family name. */
function nameOf(document: Readonly<Record<string, unknown>>): string {
  const name = partsOf(document['name']);
  return (
    trimmed(name['formatted']) || [trimmed(name['givenName']), trimmed(name['familyName'])].filter(Boolean).join(' ')
  );
}

/** The e-mail address that stands for a person. */
export function emailOf(
  document: Readonly<Record<string, unknown>>,
  { email: from }: Pick<Attributes, 'email'> = DEFAULT_ATTRIBUTES,
): string | undefined {
  if (from === 'primary') return primaryEmailOf(document);
  const stated = attributeText(document, from);
  return ADDRESS.test(stated) ? stated : undefined;
}

/** Primary, else `work`, else the first, else an address in `userName`. */
function primaryEmailOf(document: Readonly<Record<string, unknown>>): string | undefined {
  const emails = Array.isArray(document['emails']) ? (document['emails'] as unknown[]) : [];
  const stated = emails.flatMap(entry => {
    const email = partsOf(entry);
    const value = trimmed(email['value']);
    return value === ''
      ? []
      : [{ value, primary: email['primary'] === true, work: trimmed(email['type']).toLowerCase() === 'work' }];
  });
  const best = stated.find(email => email.primary) ?? stated.find(email => email.work) ?? stated[0];
  if (best !== undefined) return best.value;
  const userName = trimmed(document['userName']);
  return ADDRESS.test(userName) ? userName : undefined;
}

/** What the Coder username is derived from; `userName` where the attribute has no value. */
export function usernameOf(
  document: Readonly<Record<string, unknown>>,
  attributes: Attributes = DEFAULT_ATTRIBUTES,
): string {
  const { username: from } = attributes;
  const stated = from === 'email' ? emailOf(document, attributes) : attributeText(document, from);
  return stated === undefined || stated === '' ? trimmed(document['userName']) : stated;
}
