/** Many lines that differ in a name alone say no more than one line with a number. Pure. */
import { plural } from './plural';

/** More lines alike than this become one. */
const SHOWN_ALIKE = 5;

/** One item, or many that are alike but for who they are about. */
export interface Alike<T> {
  readonly item: T;
  /** `alice`, or `alice and 11 more`. */
  readonly who: string;
}

/**
 * Items in their order; more than five of equal likeness become one, at the place of the first.
 * @param likeness what makes items alike
 * @param who whom an item is about
 */
export function gatherAlike<T>(
  items: readonly T[],
  likeness: (item: T) => string,
  who: (item: T) => string,
): Alike<T>[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = likeness(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()].flatMap(group => {
    const [first] = group;
    if (first === undefined || group.length <= SHOWN_ALIKE) return group.map(item => ({ item, who: who(item) }));
    return [{ item: first, who: `${who(first)} and ${plural(group.length - 1, 'more', 'more')}` }];
  });
}
