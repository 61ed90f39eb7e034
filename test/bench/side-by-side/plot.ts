/** Bars as SVG, readable on light and dark pages: no library, since that is all there is to draw. */
export interface Bar {
  readonly name: string;
  readonly value: number;
}

const WIDTH = 720;
const NAMES = 190;
const ROW = 26;
const COLOUR = '#4078c0';

const escaped = (text: string): string => text.replace(/[&<>"]/g, sign => `&#${sign.charCodeAt(0)};`);

/** @param unit what the numbers count */
export function bars(title: string, unit: string, values: readonly Bar[]): string {
  const most = Math.max(...values.map(({ value }) => value), Number.MIN_VALUE);
  const height = 40 + values.length * ROW + 24;
  const rows = values.map(({ name, value }, index) => {
    const y = 40 + index * ROW;
    const length = Math.max(1, Math.round((value / most) * (WIDTH - NAMES - 90)));
    return `  <text x="${NAMES - 8}" y="${y + 14}" text-anchor="end">${escaped(name)}</text>
  <rect x="${NAMES}" y="${y}" width="${length}" height="18" fill="${COLOUR}"/>
  <text x="${NAMES + length + 6}" y="${y + 14}">${value.toFixed(2)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13" fill="#777">
  <text x="8" y="20" font-size="15">${escaped(title)}</text>
${rows.join('\n')}
  <text x="${NAMES}" y="${height - 8}" font-size="11">${escaped(unit)}</text>
</svg>
`;
}
