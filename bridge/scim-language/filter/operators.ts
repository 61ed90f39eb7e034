/** Which operator goes with which type, and what literal it takes (RFC 7644 table 3). */
import { type Leniency, coerces } from '../dialects/dialect';
import { type Attribute, type AttributeType } from '../schema/attribute';
import { canonicalDateTime } from '../schema/date-time';
import { type CompareOperator, type Literal } from './ast';
import { type Token } from './lexer';

/** All operators that take a value, as error texts list them. */
export const compareOperators: readonly CompareOperator[] = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'];

const equality: readonly CompareOperator[] = ['eq', 'ne'];
const order: readonly CompareOperator[] = ['eq', 'ne', 'gt', 'ge', 'lt', 'le'];
const parts: readonly CompareOperator[] = ['eq', 'ne', 'co', 'sw', 'ew'];

/** Operators by attribute type. Order of booleans and binary data is refused by RFC 7644 §3.4.2.2; a part of a number is none. */
export const operatorsOf: Readonly<Record<AttributeType, readonly CompareOperator[]>> = {
  string: compareOperators,
  reference: compareOperators,
  dateTime: compareOperators,
  binary: parts,
  boolean: equality,
  integer: order,
  decimal: order,
  complex: [],
};

const number = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** The operator of that name in any case. */
export function readOperator(name: string): CompareOperator | undefined {
  const lower = name.toLowerCase();
  return compareOperators.find(operator => operator === lower);
}

/** What a literal must be for the attribute and operator, in words. */
export function literalWanted(attribute: Attribute, operator: CompareOperator): string {
  const literal = literalName(attribute, operator);
  return equality.includes(operator) ? `${literal} or null` : literal;
}

function literalName({ type }: Attribute, operator: CompareOperator): string {
  if (type === 'boolean') return 'true or false without quotes';
  if (type === 'integer' || type === 'decimal') return 'a number';
  if (type === 'dateTime' && order.includes(operator))
    return 'a date and time in double quotes, such as "2011-05-13T04:42:34Z"';
  return 'a string in double quotes';
}

/** The literal that the token stands for, or nothing when it does not suit the attribute and operator. */
export function readLiteral(
  token: Token,
  attribute: Attribute,
  operator: CompareOperator,
  leniency: Leniency,
): Literal | undefined {
  if (token.kind === 'word' && token.text === 'null') return equality.includes(operator) ? null : undefined;
  switch (attribute.type) {
    case 'boolean':
      return readBooleanLiteral(token, attribute, leniency);
    case 'integer':
    case 'decimal': {
      const value = token.kind === 'word' && number.test(token.text) ? Number(token.text) : Number.NaN;
      return Number.isFinite(value) ? value : undefined;
    }
    default: {
      const text = readText(token, attribute, leniency);
      return text !== undefined && attribute.type === 'dateTime' && order.includes(operator)
        ? canonicalDateTime(text)
        : text;
    }
  }
}

function readBooleanLiteral(token: Token, attribute: Attribute, leniency: Leniency): boolean | undefined {
  if (token.kind === 'word' && (token.text === 'true' || token.text === 'false')) return token.text === 'true';
  const name = token.value.toLowerCase();
  if ((name !== 'true' && name !== 'false') || !coerces(leniency, 'booleanStrings', attribute.path)) return undefined;
  return name === 'true';
}

function readText(token: Token, attribute: Attribute, leniency: Leniency): string | undefined {
  if (token.kind === 'string') return token.value;
  return token.kind === 'word' && coerces(leniency, 'unquotedFilterValues', attribute.path) ? token.text : undefined;
}
