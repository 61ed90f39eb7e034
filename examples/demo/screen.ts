/** What the demo prints: headings with the elapsed time, lines, quoted output, tables. */
const colour = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
const paint = (code: number) => (text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);

export const bold = paint(1);
export const dim = paint(2);
export const red = paint(31);
export const green = paint(32);
export const yellow = paint(33);
export const cyan = paint(36);

const started = Date.now();
let chapter = 0;

export function seconds(): string {
  return `${((Date.now() - started) / 1000).toFixed(1)} s`;
}

export function heading(text: string): void {
  chapter += 1;
  console.log(`\n${bold(cyan(`${chapter}  ${text}`))}  ${dim(seconds())}`);
}

export function say(text: string): void {
  console.log(`   ${text}`);
}

export function done(text: string): void {
  console.log(`   ${green('✓')} ${text}`);
}

export function failed(text: string): void {
  console.log(`   ${red('✗')} ${text}`);
}

/** Output of another program, marked as such. */
export function quote(text: string): void {
  for (const line of text.trimEnd().split('\n')) console.log(`   ${dim('│')} ${tint(line)}`);
}

/** The colours of a Terraform plan, which says them with its first character. */
function tint(line: string): string {
  const mark = /^\s*([-+~])(?=[/ ])/.exec(line)?.[1];
  if (mark === '+') return green(line);
  if (mark === '-') return red(line);
  return mark === '~' ? yellow(line) : line;
}

/** Cells may be of several lines. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const cells = [head, ...rows].map(row => row.map(cell => cell.split('\n')));
  const widths = head.map((_, column) =>
    Math.max(...cells.map(row => Math.max(...(row[column] ?? ['']).map(line => [...line].length)))),
  );
  cells.forEach((row, index) => {
    const height = Math.max(...row.map(cell => cell.length));
    for (let line = 0; line < height; line += 1) {
      const text = widths.map((width, column) => (row[column]?.[line] ?? '').padEnd(width)).join('   ');
      console.log(`   ${index === 0 ? bold(text) : text.replace(/^✓/, green('✓')).replace(/^✗/, red('✗'))}`.trimEnd());
    }
    if (index === 0) console.log(`   ${dim(widths.map(width => '─'.repeat(width)).join('───'))}`);
  });
}
