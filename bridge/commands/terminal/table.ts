/** Tables for people: columns by width of the text, header, colour by cell; cut to the terminal and never wrapped. */
import { type Paint, printable, type Style } from './terminal';

export type Cell = string | { readonly text: string; readonly style: Style };

export interface TableOptions {
  readonly paint: Paint;
  /** Columns of the terminal; undefined: nothing is cut. */
  readonly columns?: number | undefined;
  /** Put before each line. @default two spaces */
  readonly indent?: string;
}

const GAP = '  ';
const NARROWEST = 8;

/** The table as text with a line end, empty when there are no rows. */
export function renderTable(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions,
): string {
  if (rows.length === 0) return '';
  const indent = options.indent ?? '  ';
  const cells = rows.map(row => header.map((_, column) => toCell(row[column] ?? '')));
  const widths = header.map((title, column) =>
    Math.max(textWidth(title), ...cells.map(row => textWidth(row[column]?.text ?? ''))),
  );
  if (options.columns !== undefined) fit(widths, options.columns - indent.length);
  const line = (row: readonly { text: string; style: Style }[]) =>
    `${indent}${row
      .map(({ text, style }, column) => {
        const shown = cut(text, widths[column] ?? 0);
        const padding = column === row.length - 1 ? '' : ' '.repeat((widths[column] ?? 0) - textWidth(shown));
        return options.paint(style, shown) + padding;
      })
      .join(GAP)}`.trimEnd();
  return [line(header.map(text => ({ text, style: 'faint' as const }))), ...cells.map(line)]
    .map(text => `${text}\n`)
    .join('');
}

/** Pairs, one a line, names in a column. */
export function renderPairs(pairs: readonly (readonly [string, Cell])[], options: TableOptions): string {
  const width = Math.max(0, ...pairs.map(([name]) => textWidth(name)));
  return pairs
    .map(([name, value]) => {
      const { text, style } = toCell(value);
      const label = options.paint('faint', name.padEnd(width));
      return `${`${options.indent ?? '  '}${label}${GAP}${options.paint(style, text)}`.trimEnd()}\n`;
    })
    .join('');
}

function toCell(cell: Cell): { text: string; style: Style } {
  return typeof cell === 'string' ? { text: printable(cell), style: 'plain' } : { ...cell, text: printable(cell.text) };
}

/** Takes from the widest column until the line fits, but leaves each readable. */
function fit(widths: number[], available: number): void {
  const total = () => widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
  while (total() > available) {
    const widest = widths.indexOf(Math.max(...widths));
    const width = widths[widest] ?? 0;
    if (width <= NARROWEST) return;
    widths[widest] = width - 1;
  }
}

function cut(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let shown = '';
  for (const { segment } of segments(text)) {
    if (textWidth(shown + segment) > width - 1) break;
    shown += segment;
  }
  return `${shown}…`;
}

let segmenter: Intl.Segmenter | undefined;

/** What a reader takes for single characters. Its tables take a while to load, and most texts are ASCII. */
function segments(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return segmenter.segment(text);
}

const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;

/** How many columns a text takes on a terminal: East Asian characters and emoji take two. */
export function textWidth(text: string): number {
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segments(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}
