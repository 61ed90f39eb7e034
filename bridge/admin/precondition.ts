/** `If-Match` and `If-None-Match` as the generation that a writer believes is there (RFC 9110 §13.1). */
import { type IncomingHttpHeaders } from 'node:http';
import { type Precondition } from '../contract/admin-api';
import { Refusal } from '../http/refusal';

/** @throws Refusal 400 for anything else than `If-Match: "<generation>"` or `If-None-Match: *` */
export function readPrecondition(headers: IncomingHttpHeaders): Precondition {
  const match = headers['if-match'];
  const noneMatch = headers['if-none-match'];
  if (match !== undefined && noneMatch !== undefined) {
    throw refuse('If-Match and If-None-Match exclude each other: wanted one of the two');
  }
  if (noneMatch !== undefined) {
    if (noneMatch.trim() === '*') return 'absent';
    throw refuse(`If-None-Match is ${JSON.stringify(noneMatch)}: wanted * for an app that must not exist`);
  }
  if (match === undefined) return 'any';
  const generation = /^"?(\d{1,15})"?$/.exec(match.trim())?.[1];
  if (generation === undefined) {
    throw refuse(`If-Match is ${JSON.stringify(match)}: wanted the generation in quotes, such as "7"`);
  }
  return { generation: Number(generation) };
}

/** The generation as an entity tag. */
export function entityTag(generation: number): string {
  return `"${generation}"`;
}

function refuse(message: string): Refusal {
  return new Refusal(400, 'invalid_precondition', message);
}
