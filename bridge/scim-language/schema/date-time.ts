/**
 * dateTime values (RFC 7643 §2.3.5). All of them are kept in one form, `2011-05-13T04:42:34.000Z`, whose order as text is the order
 * in time. The resolution is a millisecond; finer digits, as Microsoft sends them, are cut.
 */
const dateTime = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?([Zz]|[+-]\d\d:\d\d)?$/;

/**
 * The canonical form of an xsd:dateTime, or nothing when the text is none. Without a time zone it is taken as UTC. Years 0001 to
 * 9999; 24:00:00 is the next day; a leap second is the second after.
 */
export function canonicalDateTime(text: string): string | undefined {
  const match = dateTime.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const milliseconds = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'));
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  const midnight = hour === 24 && minute === 0 && second === 0 && milliseconds === 0;
  if ((hour > 23 && !midnight) || minute > 59 || second > 60) return undefined;
  const offset = offsetMinutes(match[8]);
  if (offset === undefined) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute - offset, second, milliseconds);
  const canonical = date.toISOString();
  return canonical.length === 24 && !canonical.startsWith('0000') ? canonical : undefined;
}

function daysIn(year: number, month: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, 0);
  return date.getUTCDate();
}

function offsetMinutes(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (hours > 14 || minutes > 59) return undefined;
  return (hours * 60 + minutes) * (zone.startsWith('-') ? -1 : 1);
}
