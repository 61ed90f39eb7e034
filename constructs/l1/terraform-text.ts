import { Lazy, Token } from 'cdktf';

/** A reference of Terraform as cdktf writes it into a string. */
const REFERENCE = /(\$\{TfToken\[[^\]]+\]\})/;

/**
 * Makes user text inert for Terraform: `${` and `%{` in a group's name are data, not a template, also beside a reference
 * in the same string. References of Terraform (cdktf tokens) stay references.
 */
export function escapeTemplates(value: unknown): unknown {
  if (typeof value === 'string') return escapeText(value);
  if (Array.isArray(value)) return Token.isUnresolved(value) ? value : value.map(escapeTemplates);
  if (typeof value !== 'object' || value === null || Token.isUnresolved(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, escapeTemplates(part)]));
}

/** The same for one text. */
export function escapeText(text: string): string {
  if (!text.includes('{')) return text;
  return text
    .split(REFERENCE)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(/([$%])\{/g, '$1$1{')))
    .join('');
}

/**
 * Attributes as `cdktf synth --hcl` wants them. Its writer puts texts between quotation marks as they are, so what HCL
 * would read otherwise is written with escapes: quotation marks, backslashes, line ends, and a bracket that begins a text.
 * @param attributes with templates escaped already
 */
export function toHclAttributes(attributes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, { value: toHcl(value), isBlock: false, type: 'any', storageClassType: 'any' }]),
  );
}

function toHcl(value: unknown): unknown {
  if (typeof value === 'string') {
    return value
      .split(REFERENCE)
      .map((part, index) => (index % 2 === 1 ? part : quoted(part)))
      .join('')
      .replace(/^[[{]/, bracket => `\\u00${bracket.charCodeAt(0).toString(16)}`);
  }
  if (Array.isArray(value)) return Token.isUnresolved(value) ? value : value.map(toHcl);
  if (typeof value !== 'object' || value === null || Token.isUnresolved(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [quoted(key), toHcl(part)]));
}

/** An expression of Terraform as a text, which neither writer changes. @param text without the `${` and `}` around it */
export function expression(text: string | (() => string)): string {
  const produce = () => `\${${typeof text === 'string' ? text : text()}}`;
  return Token.asString(Lazy.stringValue({ produce }));
}

/** One element as `toHclTerraform` of cdktf makes it: kind (`resource`, `data`), type and name down to its attributes. */
type HclElement = Record<string, Record<string, Record<string, Record<string, unknown>>> | undefined>;

/**
 * The same element with `provider` and `depends_on` as references: cdktf writes them as texts, as before Terraform 0.12, of which
 * every plan warns.
 */
export function withReferences(element: unknown): unknown {
  const { resource, data } = element as HclElement;
  const ofTypes = [resource, data].flatMap(kind => Object.values(kind ?? {}));
  for (const attributes of ofTypes.flatMap(ofNames => Object.values(ofNames))) {
    const { provider, depends_on: dependsOn } = attributes;
    if (typeof provider === 'string') attributes['provider'] = reference(provider);
    if (Array.isArray(dependsOn) && dependsOn.length > 0)
      attributes['depends_on'] = reference(`[${dependsOn.join(', ')}]`);
  }
  return element;
}

/** A `moved` block as `cdktf synth --hcl` wants it. */
export function movedBlock(from: string, to: string): object {
  return { from: reference(from), to: reference(to) };
}

function reference(value: string): object {
  return { value, isBlock: false, type: 'simple', storageClassType: 'reference' };
}

/** A text that is made at synth, as HCL has it between quotation marks; expressions in it stay as they are. */
export function lazyHcl(text: string): string {
  return Lazy.stringValue({
    produce: context =>
      String(context.resolve(text))
        .split(/((?<!\$)\$\{[^}]*\})/)
        .map((part, index) => (index % 2 === 1 ? part : quoted(part)))
        .join(''),
  });
}

function quoted(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/**
 * Document keys to Terraform's spelling: `idpGroup` → `idp_group`. Keys of entries (names that people chose) stay. Texts are inert, as by
 * `escapeTemplates`.
 */
export function toAttributes(
  document: Readonly<Record<string, unknown>>,
  recordsOf: ReadonlySet<string>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => [
      snakeCase(key),
      recordsOf.has(key) && isObject(value) ? entriesOf(value, recordsOf) : convert(value, recordsOf),
    ]),
  );
}

/** A synth asks twice or more for what an app declares; what is frozen is the same each time. */
const converted = new WeakMap<object, object>();

function entriesOf(record: Readonly<Record<string, unknown>>, recordsOf: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([name, entry]) => [name, entryOf(entry, recordsOf)]));
}

function entryOf(entry: unknown, recordsOf: ReadonlySet<string>): unknown {
  if (!isObject(entry) || !Object.isFrozen(entry)) return convert(entry, recordsOf);
  const made = converted.get(entry) ?? toAttributes(entry, recordsOf);
  converted.set(entry, made);
  // Whoever overrides something writes into what they get.
  return { ...made };
}

function convert(value: unknown, recordsOf: ReadonlySet<string>): unknown {
  if (typeof value === 'string') return escapeText(value);
  if (Array.isArray(value)) return Token.isUnresolved(value) ? value : value.map(part => convert(part, recordsOf));
  return isObject(value) ? toAttributes(value, recordsOf) : value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Token.isUnresolved(value);
}

const spelt = new Map<string, string>();

function snakeCase(key: string): string {
  const known = spelt.get(key);
  if (known !== undefined) return known;
  const snake = key.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
  spelt.set(key, snake);
  return snake;
}
