/** What a filter may cost: bounds of the work that it causes, whatever it says and whatever is stored. */
import { type Attribute } from '../../../scim-language/schema/attribute';
import { CostlyFilter } from '../errors';
import { type MergedFilter } from './merge-comparisons';

/** Bounds of one search that no index answers. */
export interface SearchBounds {
  /**
   * SQLite: bytes of documents times comparisons of the filter, of all that is searched. 100,000 users with 50 comparisons are a
   * twentieth of the default.
   * @default 50,000,000,000
   */
  readonly work: number;
  /**
   * SQLite: the same of one resource, which is looked at in one piece.
   * @default 25,000,000
   */
  readonly workOfOne: number;
  /**
   * Postgres: milliseconds of one statement.
   * @default 10,000
   */
  readonly statementMs: number;
}

export const SEARCH_BOUNDS: SearchBounds = { work: 50_000_000_000, workOfOne: 25_000_000, statementMs: 10_000 };

/** Comparisons of rows in one filter. A group may have 100,000 of them, and each is compared with each. */
const MOST_ROW_COMPARISONS = 20;

/** A series of `eq` that became one question is one comparison. @throws CostlyFilter */
export function checkCost(filter: MergedFilter, ofRows = false): void {
  const comparisons = countRowComparisons(filter, ofRows);
  if (comparisons > MOST_ROW_COMPARISONS)
    throw new CostlyFilter(
      `filter has ${comparisons} comparisons of members or groups: wanted at most ${MOST_ROW_COMPARISONS}, besides "members.value eq", which is looked up`,
    );
}

/** How often a filter compares each row of a resource: each member of a group, each group of a user. */
export function countRowComparisons(filter: MergedFilter, ofRows = false): number {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.reduce((sum, term) => sum + countRowComparisons(term, ofRows), 0);
    case 'not':
      return countRowComparisons(filter.term, ofRows);
    case 'valuePath':
      return countRowComparisons(filter.filter, isRows(filter.attribute));
    case 'comparison':
    case 'among':
      return ofRows || (isRows(filter.path.attribute) && !isLookedUp(filter)) ? 1 : 0;
    case 'presence':
    case 'constant':
      return 0;
  }
}

/** Groups of a user are gone through, since one may be in a group through others. */
function isLookedUp(filter: Extract<MergedFilter, { kind: 'comparison' | 'among' }>): boolean {
  const { attribute, subAttribute } = filter.path;
  if (attribute.path !== 'members' || subAttribute?.name !== 'value') return false;
  return filter.kind === 'among' ? !filter.negated : filter.operator === 'eq' && typeof filter.value === 'string';
}

function isRows({ path }: Attribute): boolean {
  return path === 'members' || path === 'groups';
}
