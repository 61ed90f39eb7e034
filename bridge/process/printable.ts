/** What others wrote, as it may stand on a terminal: names and addresses come from identity providers, and paths from anybody. */

// A control character could rewrite what the terminal shows, a separator end the line, and a mark of direction make one name read as another.
const UNPRINTABLE =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Text as it may be shown on a terminal: control characters are written out. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
