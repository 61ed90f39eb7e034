/** Long lists a piece at a time, with a turn of the event loop for others between two of them. */
import { nextTurn } from './turns';

/** Texts of a list that a statement is given, or that are sorted or merged, in one go. */
export const LONGEST_LIST = 1_000;

/** A list in pieces of a turn each. */
export async function* piecesOf<T>(list: readonly T[], size: number): AsyncGenerator<readonly T[]> {
  for (let start = 0; start < list.length; start += size) {
    yield list.slice(start, start + size);
    await nextTurn();
  }
}

/**
 * A list as statements are given it: whole where it is short, and otherwise a piece of a turn each. A driver writes a list in one go, and what
 * comes of 100,000 rows would be dealt with in one as well.
 */
export async function* statementsOf<T>(list: readonly T[]): AsyncGenerator<readonly T[]> {
  if (list.length > LONGEST_LIST) yield* piecesOf(list, LONGEST_LIST);
  else if (list.length > 0) yield list;
}

/** As `[...texts].sort()`, of which 100,000 would take a tenth of a second; a short list is sorted at once. */
export async function sortedInTurns(texts: readonly string[]): Promise<readonly string[]> {
  let runs: (readonly string[])[] = [];
  for await (const some of statementsOf(texts)) runs.push([...some].sort());
  while (runs.length > 1) {
    const merged: (readonly string[])[] = [];
    for (let index = 0; index < runs.length; index += 2)
      merged.push(await mergedInTurns(runs[index] ?? [], runs[index + 1] ?? []));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function mergedInTurns(left: readonly string[], right: readonly string[]): Promise<readonly string[]> {
  if (right.length === 0) return left;
  const merged: string[] = [];
  let [fromLeft, fromRight] = [0, 0];
  while (merged.length < left.length + right.length) {
    const [one, other] = [left[fromLeft], right[fromRight]];
    if (other === undefined || (one !== undefined && one <= other)) {
      merged.push(one ?? '');
      fromLeft += 1;
    } else {
      merged.push(other);
      fromRight += 1;
    }
    if (merged.length % LONGEST_LIST === 0) await nextTurn();
  }
  return merged;
}
