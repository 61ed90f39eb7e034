/**
 * What is wrong with a field, in words of our own: what was got, what is wanted. Stands in wherever the shape itself says
 * nothing better, so that no message is the validator's.
 */
import type * as z from 'zod';

/** The message of one issue, as zod asks for it while it reads a document. */
export const plainMessage: z.core.$ZodErrorMap = issue => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? `is missing: wanted ${kindOf(issue.expected)}`
        : `is ${shown(issue.input)}: wanted ${kindOf(issue.expected)}`;
    case 'invalid_value':
      return issue.input === undefined
        ? `is missing: wanted ${choice(issue.values)}`
        : `is ${shown(issue.input)}: wanted ${choice(issue.values)}`;
    case 'invalid_format':
      return issue.format === 'datetime'
        ? `is ${shown(issue.input)}: wanted an instant with date, time and zone (RFC 3339), such as "2027-03-01T00:00:00Z"`
        : `is ${shown(issue.input)}: wanted ${issue.format}`;
    case 'too_small':
      return `is ${sizeOf(issue.input)}: wanted ${bound(issue.origin, Number(issue.minimum), 'least')}`;
    case 'too_big':
      return `is ${sizeOf(issue.input)}: wanted ${bound(issue.origin, Number(issue.maximum), 'most')}`;
    case 'unrecognized_keys':
      return `${issue.keys.map(key => JSON.stringify(key)).join(', ')} ${issue.keys.length === 1 ? 'is no field' : 'are no fields'} here${fieldsOf(issue.inst)}`;
    case 'invalid_key':
      return issue.issues.map(({ message }) => message).join('; ');
    default:
      return undefined;
  }
};

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};

function kindOf(expected: string): string {
  return KINDS[expected] ?? expected;
}

function choice(values: readonly unknown[]): string {
  const all = values.map(value => JSON.stringify(value)).join(', ');
  return values.length === 1 ? all : `one of ${all}`;
}

/** A value that is short and says nothing secret; of anything bigger, its kind. */
function shown(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  return Array.isArray(value) ? 'a list' : `of kind ${typeof value}`;
}

function sizeOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string' && !Array.isArray(value)) return shown(value);
  return value.length === 0 ? 'empty' : `${value.length} ${typeof value === 'string' ? 'characters' : 'entries'} long`;
}

function bound(origin: string, limit: number, side: 'least' | 'most'): string {
  const unit = origin === 'string' ? ' character' : origin === 'array' ? ' entry' : '';
  if (unit === '') return side === 'least' ? `${limit} or more` : `${limit} or less`;
  const plural = unit === ' entry' ? ' entries' : `${unit}s`;
  return `at ${side} ${limit}${limit === 1 ? unit : plural}`;
}

/** The fields that there are, which zod's issue does not say but its schema knows. */
function fieldsOf(schema: unknown): string {
  const { shape } = (schema as { _zod?: { def?: { shape?: object } } } | undefined)?._zod?.def ?? {};
  return shape === undefined ? '' : `: wanted ${Object.keys(shape).join(', ')}`;
}
