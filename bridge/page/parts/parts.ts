/** Small pieces that all pages are made of: states, times, counts, links. */
import { type Content, html, type Html } from '../html';
import { type View } from '../view';

export type Tone = 'good' | 'warn' | 'bad' | 'plain';

/** A state in a word: colour and a mark beside it, so that colour is never all there is. */
export function badge(tone: Tone, text: string): Html {
  return html`<span class="badge ${tone}">${text}</span>`;
}

/** An instant: how long ago for the eye, exactly for who asks. */
export function time(view: Pick<View, 'now'>, at: string | null | undefined): Html {
  if (at === null || at === undefined) return html`<span class="faint">never</span>`;
  return html`<time datetime="${at}" title="${at}">${ago(Date.parse(at) - view.now)}</time>`;
}

/** `12 min ago`, `in 3 days`: what is full of it, as the commands say it, so that nothing expires sooner than it says. */
export function ago(milliseconds: number): string {
  const away = Math.abs(milliseconds);
  const [count, unit] =
    away < 60_000
      ? [Math.floor(away / 1_000), 's']
      : away < 3_600_000
        ? [Math.floor(away / 60_000), 'min']
        : away < 48 * 3_600_000
          ? [Math.floor(away / 3_600_000), 'h']
          : [Math.floor(away / 86_400_000), 'days'];
  return milliseconds > 0 ? `in ${count} ${unit}` : `${count} ${unit} ago`;
}

/** The instant to the second, for tables in which lines are compared. */
export function exactTime(at: string): Html {
  return html`<time datetime="${at}">${at.slice(0, 19).replace('T', ' ')}</time>`;
}

/** `1 person`, `3 people`; thousands are told apart. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}

export function number(value: number): string {
  return value.toLocaleString('en');
}

/** A person by name, with the way to their page. */
export function personLink({ base }: Pick<View, 'base'>, name: string | null, id: string | null): Content {
  if (id === null) return name;
  return html`<a href="${base}/people/${encodeURIComponent(id)}">${name ?? id}</a>`;
}

/** The way to what a request caused; the id in full for who asks. */
export function requestLink({ base }: Pick<View, 'base'>, id: string): Html {
  const short = id.length > 12 ? `${id.slice(0, 8)}…` : id;
  return html`<a href="${base}/audit?request=${encodeURIComponent(id)}" title="${id}">request ${short}</a>`;
}

/** What is said where there is nothing. */
export function nothing(text: string): Html {
  return html`<p class="nothing">${text}</p>`;
}

/** A value that is pasted elsewhere, with a button that copies it where the browser can. */
export function copyable(label: string, value: string): Html {
  return html`<span class="copy"
    ><code>${value}</code
    ><button type="button" data-copy="${value}" hidden aria-label="copy ${label}">copy</button></span
  >`;
}
