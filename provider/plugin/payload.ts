/** What the messages carry: values by schema, private data, paths. */
import { decodeJson, decodeValue, encodeValue } from './codec';
import { type Diagnostic } from './define/diagnostics';
import { type AttributePath, type DiagnosticMessage, type DynamicValue, SEVERITY } from './messages';
import { formatSteps, type Path, resolvePath } from './define/path';
import { type Received, type Sent } from './protobuf';
import { type Attributes, objectType, type PlannedOf, type Schema, type StateOf } from './define/schema';
import { type Type } from './define/type';
import { isObject, isWhollyKnown, type ObjectValue, type Value } from './define/value';

type Dynamic = Received<typeof DynamicValue> | null;
export type State = StateOf<Attributes>;

export function readValue(type: Type, given: Dynamic): Value {
  if (given === null) return null;
  return given.msgpack.length > 0
    ? decodeValue(type, given.msgpack)
    : decodeJson(type, Buffer.from(given.json).toString('utf8') || 'null');
}

export function readNullable(schema: Schema, given: Dynamic): ObjectValue | null {
  const value = readValue(objectType(schema.attributes), given);
  return isObject(value) ? value : null;
}

/** A configuration or state that is there; each attribute null when it is not. */
export function readObject(schema: Schema, given: Dynamic): PlannedOf<Attributes> {
  return (readNullable(schema, given) ?? mapValues(schema.attributes, () => null)) as PlannedOf<Attributes>;
}

export function writeValue(schema: Schema, value: Value): Sent<typeof DynamicValue> {
  return { msgpack: encodeValue(objectType(schema.attributes), value) };
}

/** State holds nothing unknown, and no write-only value. */
export function writeState(schema: Schema, state: State): Sent<typeof DynamicValue> {
  const value = mapValues(schema.attributes, (of, name) =>
    of.options.writeOnly ? null : ((state as ObjectValue)[name] ?? null),
  );
  const unknown = Object.keys(value).find(name => !isWhollyKnown(value[name] ?? null));
  if (unknown !== undefined)
    throw new Error(`attribute ${JSON.stringify(unknown)} is still unknown after the operation`);
  return writeValue(schema, value);
}

/** The value as it came. */
export function echo(given: Dynamic): Sent<typeof DynamicValue> {
  return given === null ? {} : { msgpack: Buffer.from(given.msgpack), json: Buffer.from(given.json) };
}

export function readPrivate(stored: Uint8Array): unknown {
  return stored.length === 0 ? undefined : (JSON.parse(Buffer.from(stored).toString('utf8')) as unknown);
}

export function keepPrivate(outcome: { readonly private?: unknown }, before: Uint8Array): Buffer {
  return outcome.private === undefined ? Buffer.from(before) : Buffer.from(JSON.stringify(outcome.private));
}

/**
 * A diagnostic at its attribute. Terraform finds the line of a top-level attribute only, and shows the resource's first
 * line for a deeper place: so the top one is named to it, and the place itself to the reader.
 */
export function diagnosticMessage(
  schema: Schema,
  { severity, summary, detail = '', path }: Diagnostic,
): Sent<typeof DiagnosticMessage> {
  const message = { severity: SEVERITY[severity], summary, detail };
  const steps = path === undefined ? [] : resolvePath(schema.attributes, path);
  if (steps.length === 0) return message;
  const place = steps.length > 1 ? `At ${formatSteps(steps)}: ` : '';
  return { ...message, detail: `${place}${detail}`, attribute: { steps: steps.slice(0, 1) } };
}

export function pathMessage(schema: Schema, path: Path): Sent<typeof AttributePath> {
  return { steps: resolvePath(schema.attributes, path) };
}

export function mapValues<T, U>(
  of: { readonly [name: string]: T },
  convert: (value: T, name: string) => U,
): { [name: string]: U } {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [name, convert(value, name)]));
}
