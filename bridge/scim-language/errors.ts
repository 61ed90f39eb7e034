/**
 * The one error of the SCIM side (RFC 7644 §3.12, RFC 9865 §3). Everything that refuses a SCIM request throws a ScimError;
 * it is rendered once, by the router. A detail says what, the value got and the value wanted, and never holds a secret.
 */

/** Error message URN of RFC 7644 §3.12. */
export const ERROR_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** Detail keywords of RFC 7644 table 9, and of RFC 9865 §3 (the last three). Nothing else may go over the wire. */
export type ScimType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'
  | 'invalidVers'
  | 'sensitive'
  | 'invalidCursor'
  | 'expiredCursor'
  | 'invalidCount';

/** Body of an error answer. `status` is a string: RFC 7644 §3.12. */
export interface ScimErrorBody {
  schemas: [typeof ERROR_SCHEMA];
  status: string;
  scimType?: ScimType;
  detail: string;
}

/** A refused SCIM request: HTTP status, detail keyword where the RFC has one, and a sentence for a person. */
export class ScimError extends Error {
  override readonly name = 'ScimError';

  constructor(
    readonly status: number,
    readonly scimType: ScimType | undefined,
    readonly detail: string,
    /** Response headers that belong to the error, such as `WWW-Authenticate`, `Allow` or `Retry-After`. */
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
  }

  /** The error as RFC 7644 §3.12 wants it on the wire. */
  toBody(): ScimErrorBody {
    return {
      schemas: [ERROR_SCHEMA],
      status: String(this.status),
      ...(this.scimType === undefined ? {} : { scimType: this.scimType }),
      detail: this.detail,
    };
  }
}

const SHOWN = 80;

/**
 * Renders any value for an error text: as JSON, cut to 80 characters, so that no request can make an error large.
 * Never give it a value of an attribute that is `returned: never`.
 */
export function shown(value: unknown): string {
  if (typeof value === 'string') return cut(value, '"');
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) {
    const keys = Object.keys(value);
    return keys.length === 0 ? 'an empty object' : `an object with ${cut(keys.slice(0, 5).join(', '), '')}`;
  }
  return String(value);
}

function cut(text: string, quote: string): string {
  const short = text.length > SHOWN ? `${text.slice(0, SHOWN).replace(/[\ud800-\udbff]$/, '')}…` : text;
  return quote === '' ? short : JSON.stringify(short);
}

/**
 * A filter that can't be read or can't be evaluated (400).
 * @param position 1-based character of the filter where reading stopped
 */
export function invalidFilter(position: number, expected: string, got: string): ScimError {
  return new ScimError(400, 'invalidFilter', `filter at character ${position}: got ${got}, wanted ${expected}`);
}

/** A PATCH path that can't be read or names no attribute (400). `position` is 1-based. */
export function invalidPath(path: string, position: number, expected: string, got: string): ScimError {
  return new ScimError(
    400,
    'invalidPath',
    `path ${shown(path)} at character ${position}: got ${got}, wanted ${expected}`,
  );
}

/** A message whose structure is wrong, or that does not follow its schema (400). */
export function invalidSyntax(what: string, got: string, wanted: string): ScimError {
  return new ScimError(400, 'invalidSyntax', `${what}: got ${got}, wanted ${wanted}`);
}

/** A value of the wrong type or format, or a required one that is missing (400). `got` is rendered with {@link shown}. */
export function invalidValue(path: string, got: unknown, wanted: string): ScimError {
  return new ScimError(400, 'invalidValue', `${path}: got ${shown(got)}, wanted ${wanted}`);
}

/** A required attribute is absent (400 invalidValue). */
export function missingValue(path: string, wanted: string): ScimError {
  return new ScimError(400, 'invalidValue', `${path} is required: got nothing, wanted ${wanted}`);
}

/** A change of a readOnly attribute, of an immutable one that is set, or the removal of a required one (400). */
export function mutability(path: string, why: string): ScimError {
  return new ScimError(400, 'mutability', `${path} can't be changed: ${why}`);
}

/** A PATCH operation that points at nothing (400). */
export function noTarget(what: string, wanted: string): ScimError {
  return new ScimError(400, 'noTarget', `${what}, wanted ${wanted}`);
}

/** Another resource has the value already (409). */
export function uniqueness(
  path: string,
  got: unknown,
  resourceType: string,
  wanted = 'a value that no other has',
): ScimError {
  return new ScimError(
    409,
    'uniqueness',
    `${path} ${shown(got)} is taken by another ${resourceType}; wanted ${wanted}`,
  );
}

/** More results than the service is willing to calculate (400). */
export function tooMany(detail: string): ScimError {
  return new ScimError(400, 'tooMany', detail);
}

/** A cursor that was not issued here, or for another query (400, RFC 9865). */
export function invalidCursor(detail: string): ScimError {
  return new ScimError(400, 'invalidCursor', detail);
}

/** A cursor that has run out (400, RFC 9865). */
export function expiredCursor(detail: string): ScimError {
  return new ScimError(400, 'expiredCursor', detail);
}

/** A `count` that differs from that of the first page, or is unusable (400, RFC 9865). */
export function invalidCount(detail: string): ScimError {
  return new ScimError(400, 'invalidCount', detail);
}

/** No such resource (404). Never says whether it exists elsewhere. */
export function notFound(resourceType: string, id: string): ScimError {
  return new ScimError(404, undefined, `${resourceType} ${shown(id)} not found`);
}

/** The request is larger than an announced limit (413). */
export function payloadTooLarge(what: string, got: number | string, limit: number): ScimError {
  return new ScimError(413, undefined, `${what}: got ${got}, wanted at most ${limit}; send it in several requests`);
}
