import { type Content, html, type Html } from '../html';

export interface Column {
  readonly head: string;
  /** Numbers stand to the right, under each other. */
  readonly numeric?: boolean;
  /** Short texts that are not broken. */
  readonly nowrap?: boolean;
}

/** A table that scrolls within itself where it is too wide, reachable by keyboard. */
export function table(caption: string, columns: readonly Column[], rows: readonly (readonly Content[])[]): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map(column => html`<th scope="col" ${classOf(column)}>${column.head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          cells =>
            html`<tr>
              ${cells.map((cell, index) => html`<td data-head="${columns[index]?.head}" ${classOf(columns[index])}>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function classOf(column: Column | undefined): Html | false {
  if (column?.numeric === true) return html`class="number"`;
  return column?.nowrap === true && html`class="nowrap"`;
}
