/**
 * How a filter compares, stated once. The evaluator in memory follows it, and what compiles filters to SQL must agree with it.
 *
 * Values. Documents are normalised: `null`, `""`, `[]` and `{}` never occur in them; dateTime is `YYYY-MM-DDTHH:mm:ss.sssZ`.
 * - Text of an attribute that is not caseExact is compared after `fold` on both sides (`schema/fold.ts`); caseExact text as it is.
 * - `gt ge lt le` on text go by code point, which is the order of UTF-8 bytes (SQLite `BINARY`, Postgres `COLLATE "C"`).
 * - `co sw ew` are about plain substrings: no pattern characters. The empty text is in every text.
 * - dateTime: `eq ne gt ge lt le` compare instants, to the millisecond; as canonical text they are in the order of time.
 *   `co sw ew` look at the canonical text, folded.
 * - Numbers and booleans by value. A stored value of another type than the literal's is equal to nothing and in no order.
 *
 * Missing values. A path has slots: one for each element of a multi-valued attribute, one for a single-valued attribute that is
 * there, none else. A slot is empty where the element lacks the sub-attribute.
 * - `eq co sw ew gt ge lt le`: some slot that is not empty meets it; so a missing attribute meets none (RFC 7644 §3.4.2.2, any value).
 * - `ne`: there is no slot, or some slot is empty or differs. Unassigned is the same as null (RFC 7643 §2.5), and null is
 *   not identical to a literal. For a single-valued attribute `ne` is thus the opposite of `eq`.
 * - `pr`: some slot is not empty. `eq null` is the opposite of `pr`, `ne null` is `pr`.
 * - `attribute[filter]`: some one element meets the whole filter, in which each sub-attribute has the one slot of that element.
 */
import { type Json, isJsonObject } from '../json';
import { type Attribute } from '../schema/attribute';
import { canonicalDateTime } from '../schema/date-time';
import { compareText, fold } from '../schema/fold';
import { type CompareOperator, type Filter, type Literal } from './ast';

/** Whether the slots of a path meet an operator and its literal, as a test made once for many paths. An empty slot is `undefined`. */
export function slotsMeet(
  attribute: Attribute,
  operator: CompareOperator,
  literal: Literal,
): (slots: readonly (Json | undefined)[]) => boolean {
  if (literal === null) return slots => slotsPresent(slots) !== (operator === 'eq');
  const meets = comparer(attribute, operator === 'ne' ? 'eq' : operator, literal);
  if (operator === 'ne') {
    return slots => slots.length === 0 || slots.some(value => !isPresent(value) || !meets(value));
  }
  return slots => slots.some(value => isPresent(value) && meets(value));
}

/** Whether some slot is not empty. */
export function slotsPresent(slots: readonly (Json | undefined)[]): boolean {
  return slots.some(isPresent);
}

/** What a comparison or presence comes to when there are no slots. */
export function absent(filter: Filter): boolean {
  return (
    filter.kind === 'comparison' &&
    (filter.operator === 'ne' ? filter.value !== null : filter.operator === 'eq' && filter.value === null)
  );
}

function isPresent(value: Json | undefined): value is Json {
  if (value === undefined || value === null || value === '') return false;
  if (Array.isArray(value)) return value.some(isPresent);
  return !isJsonObject(value) || Object.values(value).some(isPresent);
}

function comparer(
  attribute: Attribute,
  operator: CompareOperator,
  literal: Exclude<Literal, null>,
): (value: Json) => boolean {
  if (typeof literal !== 'string') {
    return value => typeof value === typeof literal && inOrder(operator, Number(value) - Number(literal));
  }
  const asText = attribute.caseExact && attribute.type !== 'dateTime' ? (text: string) => text : fold;
  const wanted = asText(literal);
  switch (operator) {
    case 'co':
      return value => typeof value === 'string' && asText(value).includes(wanted);
    case 'sw':
      return value => typeof value === 'string' && asText(value).startsWith(wanted);
    case 'ew':
      return value => typeof value === 'string' && asText(value).endsWith(wanted);
    default:
      if (attribute.type === 'dateTime') {
        return value =>
          typeof value === 'string' && inOrder(operator, compareText(canonicalDateTime(value) ?? value, literal));
      }
      return value => typeof value === 'string' && inOrder(operator, compareText(asText(value), wanted));
  }
}

function inOrder(operator: CompareOperator, difference: number): boolean {
  switch (operator) {
    case 'eq':
      return difference === 0;
    case 'gt':
      return difference > 0;
    case 'ge':
      return difference >= 0;
    case 'lt':
      return difference < 0;
    case 'le':
      return difference <= 0;
    default:
      return false;
  }
}
