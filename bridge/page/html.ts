/**
 * HTML as a value that can't be forgotten to be escaped: a template's text is the author's, whatever is put into it is escaped, unless
 * it is HTML itself. Attributes are written in double quotes.
 */

/** A piece of HTML. Made by `html` alone. */
export class Html {
  constructor(readonly text: string) {}
}

/** What may stand in a template: text is escaped, lists are joined, what is missing is nothing. */
export type Content = Html | string | number | undefined | null | false | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

// Control characters and marks that turn the direction of text: who names somebody so could make a line say something else.
// eslint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A text as a reader is to see it: what can't be seen, and would change what can, stands there as a mark of its own. */
export function visible(text: string): string {
  return text.replace(UNSEEN, '\ufffd');
}

export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  let text = parts[0] ?? '';
  for (const [index, content] of contents.entries()) text += render(content) + (parts[index + 1] ?? '');
  return new Html(text);
}

function render(content: Content): string {
  if (content instanceof Html) return content.text;
  if (content === undefined || content === null || content === false) return '';
  if (typeof content === 'string') return escape(content);
  if (typeof content === 'number') return String(content);
  return content.map(render).join('');
}

function escape(text: string): string {
  return visible(text.replace(/[&<>"']/g, character => ENTITIES[character] ?? ''));
}
