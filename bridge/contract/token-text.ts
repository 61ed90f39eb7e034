/** The text of a token, checked before it is sent: what no header takes would be told by whoever refuses it, in clear. A leaf. */

const WANTED = 'wanted one token and nothing else, without spaces and line breaks';

/** What is wrong with a text that is to be sent as a token; undefined when nothing is. It is not repeated. */
export function tokenTextProblem(text: string): string | undefined {
  if (text === '') return `is empty: ${WANTED}`;
  if (/^[\x21-\x7e]+$/.test(text)) return undefined;
  return `has ${text.length} characters (not shown), not all of which a token may have: ${WANTED}`;
}
