/** Lists that are each in order, as one: a part of it, found without putting all of it in order, and in turns. */
import { setImmediate as others } from 'node:timers/promises';

/** Elements that are taken in one piece: some milliseconds. */
const PIECE = 2_000;

/**
 * The elements from `skip` on, `count` of them at most.
 * @param compare order of two elements: negative, zero or positive
 */
export async function mergeLists<T>(
  lists: readonly (readonly T[])[],
  compare: (a: T, b: T) => number,
  skip: number,
  count: number,
): Promise<T[]> {
  const heads = lists.flatMap(list => headOf(list, 0) ?? []).sort((a, b) => compare(a.element, b.element));
  const sorted = heads.map(({ list }) => list);
  if (followEachOther(sorted, compare)) return partOf(sorted, skip, count);
  const merged: T[] = [];
  for (let taken = 0; taken < skip + count; taken += 1) {
    if (taken % PIECE === PIECE - 1) await others();
    const [first] = heads;
    if (first === undefined) break;
    if (taken >= skip) merged.push(first.element);
    const next = headOf(first.list, first.at + 1) ?? heads.pop();
    if (next !== undefined && heads.length > 0) sink(heads, next, compare);
  }
  return merged;
}

/** The first element of a list that is not taken. */
interface Head<T> {
  readonly list: readonly T[];
  readonly at: number;
  readonly element: T;
}

function headOf<T>(list: readonly T[], at: number): Head<T> | undefined {
  const element = list[at];
  return element === undefined ? undefined : { list, at, element };
}

/** Whether each list ends before the next one begins, as slices of a table do in the order of the table. */
function followEachOther<T>(lists: readonly (readonly T[])[], compare: (a: T, b: T) => number): boolean {
  return lists.every((list, index) => {
    const [last, next] = [list.at(-1), lists[index + 1]?.[0]];
    return last === undefined || next === undefined || compare(last, next) <= 0;
  });
}

function partOf<T>(lists: readonly (readonly T[])[], skip: number, count: number): T[] {
  const part: T[] = [];
  let before = 0;
  for (const list of lists) {
    if (part.length >= count) break;
    const from = Math.max(0, skip - before);
    for (const element of list.slice(from, from + count - part.length)) part.push(element);
    before += list.length;
  }
  return part;
}

/** Puts a head in the place of the first of a heap, and the least one first. */
function sink<T>(heap: Head<T>[], head: Head<T>, compare: (a: T, b: T) => number): void {
  let place = 0;
  for (;;) {
    const [left, right] = [heap[2 * place + 1], heap[2 * place + 2]];
    const [least, at] =
      left !== undefined && right !== undefined && compare(right.element, left.element) < 0
        ? [right, 2 * place + 2]
        : [left, 2 * place + 1];
    if (least === undefined || compare(head.element, least.element) <= 0) break;
    heap[place] = least;
    place = at;
  }
  heap[place] = head;
}
