/** Times as people and programs state them, read alike by commands, admin API and page: wherever that runs, and whatever its zone. A leaf. */

const INSTANT = /^(\d{4}-\d\d-\d\d)(?:[t ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(z|[+-]\d\d:\d\d)?)?$/i;

/** For a message about a text that is none. */
export const INSTANT_EXAMPLES = '2026-03-01T12:00:00Z or 2026-03-01, in UTC where it has no zone';

/** Milliseconds since 1970; undefined when the text is no time. Without a zone it is UTC, as our tables print it. */
export function parseInstant(text: string): number | undefined {
  const [, day, time = '00:00', zone = 'Z'] = INSTANT.exec(text.trim()) ?? [];
  if (day === undefined) return undefined;
  // Date.parse takes a 30th of February for the 2nd of March.
  const midnight = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day) return undefined;
  const at = Date.parse(`${day}T${time}${zone.replace('z', 'Z')}`);
  return Number.isNaN(at) ? undefined : at;
}
