/**
 * Which SCIM attribute gives Coder's e-mail, username and name, so that they can be made to agree with what Coder reads from OIDC at
 * sign-in (`CODER_OIDC_EMAIL_FIELD`, `CODER_OIDC_USERNAME_FIELD`, `CODER_OIDC_NAME_FIELD`). A leaf: zod alone.
 */
import * as z from 'zod';
import type * as document from './mapping-state/document';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const TEXTS = ['userName', 'externalId', 'displayName', 'nickName', 'title', 'userType'];
const ENTERPRISE_TEXTS = ['employeeNumber', 'costCenter', 'organization', 'division', 'department'];
const EMAIL_OF_TYPE = /^emails\[type eq "([A-Za-z0-9._-]{1,64})"\]\.value$/;

/** @param keywords what is not one attribute, but a choice among several */
function attribute(...keywords: string[]) {
  const known = [...keywords, ...TEXTS, ...ENTERPRISE_TEXTS.map(name => `${ENTERPRISE}:${name}`)];
  return z.string().refine(path => known.includes(path) || EMAIL_OF_TYPE.test(path), {
    error: issue =>
      `attribute ${JSON.stringify(issue.input)}: wanted ${[...keywords, ...TEXTS].map(name => JSON.stringify(name)).join(', ')}, emails[type eq "work"].value, or an attribute of the enterprise extension such as "${ENTERPRISE}:employeeNumber"`,
  });
}

/** Where the facts of an account come from. */
export const Attributes = z.strictObject({
  email: attribute('primary')
    .default('primary')
    .describe(
      'e-mail: "primary" (the primary address, else of type work, else the first, else an address in userName), or one attribute',
    ),
  username: attribute('email')
    .default('userName')
    .describe('what the username is derived from: an attribute, or "email" for the local part of the e-mail'),
  name: attribute('name')
    .default('displayName')
    .describe(
      'full name: "displayName" (else the parts of name), "name" (its parts, else displayName), or one attribute',
    ),
});
export type Attributes = document.Attributes;

export const DEFAULT_ATTRIBUTES: Attributes = Attributes.parse({});

/** The text at an attribute of a SCIM document; empty when there is none. */
export function attributeText(document: Readonly<Record<string, unknown>>, path: string): string {
  const type = EMAIL_OF_TYPE.exec(path)?.[1]?.toLowerCase();
  if (type !== undefined) {
    const emails = Array.isArray(document['emails']) ? (document['emails'] as unknown[]) : [];
    const found = emails.map(partsOf).find(email => trimmed(email['type']).toLowerCase() === type);
    return trimmed(found?.['value']);
  }
  return path.startsWith(`${ENTERPRISE}:`)
    ? trimmed(partsOf(document[ENTERPRISE])[path.slice(ENTERPRISE.length + 1)])
    : trimmed(document[path]);
}

export function partsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

export function trimmed(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}
