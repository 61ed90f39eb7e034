import { readCsv } from '../../bridge/coder/csv';

it.each([
  ['', []],
  ['a,b\n', []],
  ['a,b\n1,2\n', [{ a: '1', b: '2' }]],
  [
    'a,b\r\n1,2\r\n3,4',
    [
      { a: '1', b: '2' },
      { a: '3', b: '4' },
    ],
  ],
  ['a,b\n"x, ""y""\nz",\n', [{ a: 'x, "y"\nz', b: '' }]],
  ['a,b,c\n,,\n', [{ a: '', b: '', c: '' }]],
  ['a,b\n1\n', [{ a: '1', b: '' }]],
])('%j is read as it is meant', (text, rows) => {
  expect(readCsv(text)).toEqual(rows);
});
