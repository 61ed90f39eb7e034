/** ETags as preconditions (RFC 7644 §3.14, RFC 9110 §13). Versions are counters, so ETags compare weakly and by number. */
import { type IncomingHttpHeaders } from 'node:http';
import { ScimError } from '../../scim-language/errors';

/** Versions that If-Match names; undefined when it states none, or `*`. */
export function expectedVersions(ifMatch: string | undefined): readonly number[] | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  return versionsOf(ifMatch);
}

/** Whether If-None-Match names the version, so that a GET is answered 304. */
export function isUnmodified(headers: IncomingHttpHeaders, version: number): boolean {
  const header = headers['if-none-match'];
  if (header === undefined) return false;
  return header.trim() === '*' || versionsOf(header).includes(version);
}

/** @throws ScimError 412 when a write states an If-None-Match that the present version meets */
export function refuseIfMatched(ifNoneMatch: string | undefined, id: string, version: number): void {
  if (ifNoneMatch === undefined) return;
  if (ifNoneMatch.trim() !== '*' && !versionsOf(ifNoneMatch).includes(version)) return;
  throw new ScimError(
    412,
    undefined,
    `resource ${id} is at version ${version}, which If-None-Match excludes: read it again`,
  );
}

function versionsOf(header: string): number[] {
  const versions = [...header.slice(0, 8_192).matchAll(/(?:W\/)?"([^"]*)"/g)].flatMap(([, tag = '']) =>
    /^[1-9][0-9]{0,14}$/.test(tag) ? [Number(tag)] : [],
  );
  return [...new Set(versions)];
}
