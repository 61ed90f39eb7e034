/** The mapping state, field by field, from its JSON Schema. */
import { mappingStateJsonSchema } from '../../bridge/contract/mapping-state';
import { literal, table } from './markdown';

/** The part of JSON Schema that zod writes of the shape. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
}

/** A table of every field with its path. */
export function mappingStateFields(): string {
  return table(['field', 'type', 'default', 'meaning'], rows('', mappingStateJsonSchema()));
}

function rows(path: string, { properties = {}, required = [] }: Schema): string[][] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const here = path === '' ? name : `${path}.${name}`;
    const entry = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
    const own = [literal(here), typeOf(schema), defaultOf(schema, required.includes(name)), schema.description ?? ''];
    return [
      own,
      ...rows(here, schema),
      ...(entry === undefined ? [] : rows(`${here}.<name>`, entry)),
      ...(schema.items?.properties === undefined ? [] : rows(`${here}[]`, schema.items)),
    ];
  });
}

function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return literal(JSON.stringify(schema.const));
  if (schema.enum !== undefined) return schema.enum.map(literal).join(', ');
  if (schema.items !== undefined) return `list of ${schema.items.type === 'object' ? 'objects' : typeOf(schema.items)}`;
  if (typeof schema.additionalProperties === 'object') return 'object by name';
  if (schema.format === 'date-time') return 'RFC 3339 time';
  // An integer without bounds is stated with those of JavaScript, which say nothing.
  const bounded = schema.maximum !== undefined && schema.maximum < Number.MAX_SAFE_INTEGER;
  const range =
    schema.minimum === undefined ? '' : bounded ? ` ${schema.minimum} to ${schema.maximum}` : ` from ${schema.minimum}`;
  return `${schema.type ?? 'anything'}${range}`;
}

function defaultOf(schema: Schema, required: boolean): string {
  if (required && schema.default === undefined) return 'required';
  return schema.default === undefined || schema.properties !== undefined ? '' : literal(JSON.stringify(schema.default));
}
