/** A page of a list that was found in slices: the right part of it, for little work however deep it lies, and with turns for others. */
import { mergeLists } from '../../../../bridge/store/directory/search/merge-lists';

/** So many lists of so many numbers, each in order. */
const listsOf = (lists: number, length: number, value: (list: number, at: number) => number) =>
  Array.from({ length: lists }, (_, list) => Array.from({ length }, (_unused, at) => value(list, at)));

/** The numbers of a page, how often two were compared, and how often others had a turn. */
async function page(lists: readonly (readonly number[])[], skip: number, count: number) {
  let compared = 0;
  let turns = 0;
  let isOver = false;
  const others = () => {
    turns += 1;
    if (!isOver) setImmediate(others);
  };
  setImmediate(others);
  const compare = (a: number, b: number) => {
    compared += 1;
    return a - b;
  };
  const found = await mergeLists(lists, compare, skip, count);
  isOver = true;
  return { found, compared, turns };
}

// As of a sort by something else than the order of the table.
const mixed = (lists: number, length: number) =>
  listsOf(lists, length, (list, at) => at * lists + ((list * 7) % lists));
// As of no sort.
const consecutive = (lists: number, length: number) => listsOf(lists, length, (list, at) => list * length + at);

test.each([
  ['in the order of the table', consecutive(7, 9)],
  ['against it', consecutive(7, 9).reverse()],
  ['mixed', mixed(7, 9)],
  ['of different lengths, with doubles', [[1, 1, 4, 9, 9], [], [2], [1, 2, 3, 3, 3, 8, 10, 11], [0], [9]]],
  ['of one list', [[1, 2, 3]]],
  ['of none', []],
])('a page is a part of all that was found: %s', async (_, lists) => {
  const all = lists.flat().sort((a, b) => a - b);
  for (const [skip, count] of [
    [0, 5],
    [3, 100],
    [all.length - 2, 5],
    [all.length + 5, 5],
    [0, 0],
  ] as const)
    expect((await page(lists, Math.max(0, skip), count)).found).toEqual(
      all.slice(Math.max(0, skip), Math.max(0, skip) + count),
    );
});

test('the last page of many slices costs hardly more than the first one of each', async () => {
  const { found, compared, turns } = await page(mixed(200, 500), 99_990, 100);
  expect(found).toEqual(Array.from({ length: 10 }, (_, index) => 99_990 + index));
  // A look at each slice for each element would be 20 million.
  expect(compared).toBeLessThan(2_000_000);
  expect(turns).toBeGreaterThan(20);
});

test('the last page in the order of the table is cut out', async () => {
  const { found, compared } = await page(consecutive(200, 500), 99_990, 100);
  expect(found).toEqual(Array.from({ length: 10 }, (_, index) => 99_990 + index));
  expect(compared).toBeLessThan(5_000);
});
