/**
 * Rewrites a filter to one that means the same and looks at each value less often: a series of `eq` of one attribute becomes one
 * question whether its value is among many, and values of one list that any of several conditions may meet are gone through once.
 */
import { type Comparison, type Filter, type Presence } from '../../../scim-language/filter/ast';
import { type Attribute, type AttributePath, target } from '../../../scim-language/schema/attribute';

/** A text that is, or with `negated` is not, one of many. */
export interface Among {
  readonly kind: 'among';
  readonly path: AttributePath;
  readonly values: readonly string[];
  readonly negated: boolean;
}

export type MergedFilter =
  | Comparison
  | Presence
  | Among
  | { readonly kind: 'valuePath'; readonly attribute: Attribute; readonly filter: MergedFilter }
  | { readonly kind: 'and' | 'or'; readonly terms: readonly MergedFilter[] }
  | { readonly kind: 'not'; readonly term: MergedFilter }
  | { readonly kind: 'constant'; readonly value: boolean };

export function mergeComparisons(filter: Filter): MergedFilter {
  switch (filter.kind) {
    case 'and':
      return joined('and', mergeTexts(filter.terms.map(mergeComparisons), 'ne'));
    case 'or':
      return joined('or', mergeElements(mergeTexts(filter.terms.map(mergeComparisons), 'eq')));
    case 'not':
      return { kind: 'not', term: mergeComparisons(filter.term) };
    case 'valuePath':
      return { ...filter, filter: mergeComparisons(filter.filter) };
    default:
      return filter;
  }
}

/** How many values a filter looks at for one resource, or for one element of a list. */
export function countComparisons(filter: MergedFilter): number {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.reduce((sum, term) => sum + countComparisons(term), 0);
    case 'not':
      return countComparisons(filter.term);
    case 'valuePath':
      return countComparisons(filter.filter);
    case 'constant':
      return 0;
    default:
      return 1;
  }
}

function joined(kind: 'and' | 'or', terms: readonly MergedFilter[]): MergedFilter {
  const [first] = terms;
  return terms.length === 1 && first !== undefined ? first : { kind, terms };
}

/** `a eq x or a eq y`, and `a ne x and a ne y` of an attribute with one value. */
function mergeTexts(terms: readonly MergedFilter[], operator: 'eq' | 'ne'): MergedFilter[] {
  return grouped(
    terms,
    term =>
      term.kind === 'comparison' &&
      term.operator === operator &&
      typeof term.value === 'string' &&
      target(term.path).type !== 'dateTime' &&
      (operator === 'eq' || !term.path.attribute.multiValued)
        ? nameOf(term.path)
        : undefined,
    same => {
      const [first] = same as [Comparison];
      const values = same.map(term => String((term as Comparison).value));
      return { kind: 'among', path: first.path, values, negated: operator === 'ne' };
    },
  );
}

/** Some element meets one filter, or some element meets another: some element meets one or the other. */
function mergeElements(terms: readonly MergedFilter[]): MergedFilter[] {
  return grouped(
    terms,
    term => elementsOf(term)?.path,
    same => {
      const attribute = elementsOf(same[0] as MergedFilter) as Attribute;
      const filters = same.map(elementFilter).flatMap(term => (term.kind === 'or' ? term.terms : [term]));
      return { kind: 'valuePath', attribute, filter: joined('or', mergeTexts(filters, 'eq')) };
    },
  );
}

/** The list of which a filter asks whether some element meets it; nothing when it asks anything else. */
function elementsOf(term: MergedFilter): Attribute | undefined {
  if (term.kind === 'valuePath') return isList(term.attribute) ? term.attribute : undefined;
  if (term.kind === 'comparison' && (term.operator === 'ne' || term.value === null)) return undefined;
  if (term.kind !== 'comparison' && term.kind !== 'among') return undefined;
  const { attribute, subAttribute } = term.path;
  return isList(attribute) && (subAttribute ?? attribute.children.get('value')) !== undefined ? attribute : undefined;
}

/** Lists in documents. Members, and groups of users, are rows: each question of them is answered by an index of its own. */
function isList({ multiValued, path }: Attribute): boolean {
  return multiValued && path !== 'members' && path !== 'groups';
}

function elementFilter(term: MergedFilter): MergedFilter {
  if (term.kind === 'valuePath') return term.filter;
  if (term.kind !== 'comparison' && term.kind !== 'among') return term;
  const { attribute, subAttribute } = term.path;
  return { ...term, path: { attribute: subAttribute ?? attribute.children.get('value') ?? attribute } };
}

function nameOf({ attribute, subAttribute }: AttributePath): string {
  return `${attribute.path} ${subAttribute?.name ?? ''}`;
}

/** Puts what has the same name together, where the first of it stood. */
function grouped(
  terms: readonly MergedFilter[],
  nameOf: (term: MergedFilter) => string | undefined,
  together: (same: readonly MergedFilter[]) => MergedFilter,
): MergedFilter[] {
  const groups = new Map<string | MergedFilter, MergedFilter[]>();
  for (const term of terms) {
    const name = nameOf(term) ?? term;
    const known = groups.get(name);
    if (known === undefined) groups.set(name, [term]);
    else known.push(term);
  }
  return [...groups.values()].map(same => (same.length > 1 ? together(same) : (same[0] as MergedFilter)));
}
