/** CSV as RFC 4180 has it: the rows below the head, each by the names in it. */

export function readCsv(text: string): Readonly<Record<string, string>>[] {
  const [head = [], ...rows] = records(text);
  return rows.map(row => Object.fromEntries(head.map((name, at) => [name, row[at] ?? ''])));
}

/** Fields are plain, or in quotes with each quote inside twice. */
const FIELD = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;

function records(text: string): string[][] {
  const all: string[][] = [];
  let record: string[] = [];
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex < text.length) {
    const found = FIELD.exec(text);
    if (found === null) break;
    const [, quoted, plain = '', end] = found;
    record.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === ',') continue;
    all.push(record);
    record = [];
  }
  return all;
}
