/** Bars as SVG, readable on light and dark pages: no library, since that is all there is to draw. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Drawn behind it, lighter: what comes on top. */
  readonly more?: number | undefined;
}

const WIDTH = 720;
const NAMES = 210;
const ROW = 26;
const COLOUR = '#4078c0';
const LIGHTER = '#9dbbe0';

const escaped = (text: string): string => text.replace(/[&<>"]/g, sign => `&#${sign.charCodeAt(0)};`);

/** @param unit what the numbers count; @param digits behind the point */
export function bars(title: string, unit: string, values: readonly Bar[], digits = 2): string {
  const most = Math.max(...values.map(({ value, more = 0 }) => value + more), Number.MIN_VALUE);
  const height = 40 + values.length * ROW + 24;
  const long = (value: number): number => Math.round((value / most) * (WIDTH - NAMES - 110));
  const rows = values.map(({ name, value, more }, index) => {
    const y = 40 + index * ROW;
    const [first, second] = [Math.max(1, long(value)), long(more ?? 0)];
    const bar = (x: number, width: number, colour: string) =>
      `\n  <rect x="${x}" y="${y}" width="${width}" height="18" fill="${colour}"/>`;
    const number = more === undefined ? value.toFixed(digits) : `${value.toFixed(digits)} + ${more.toFixed(digits)}`;
    return `  <text x="${NAMES - 8}" y="${y + 14}" text-anchor="end">${escaped(name)}</text>${bar(NAMES, first, COLOUR)}${
      second === 0 ? '' : bar(NAMES + first, second, LIGHTER)
    }
  <text x="${NAMES + first + second + 6}" y="${y + 14}">${number}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13" fill="#777">
  <text x="8" y="20" font-size="15">${escaped(title)}</text>
${rows.join('\n')}
  <text x="${NAMES}" y="${height - 8}" font-size="11">${escaped(unit)}</text>
</svg>
`;
}
