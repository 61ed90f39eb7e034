import { Token } from 'cdktf';

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

function escapeText(text: string): string {
  return text
    .split(REFERENCE)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(/([$%])\{/g, '$1$1{')))
    .join('');
}

/** Document keys to Terraform's spelling: `idpGroup` → `idp_group`. Keys of entries (names that people chose) stay. */
export function toAttributes(
  document: Readonly<Record<string, unknown>>,
  recordsOf: ReadonlySet<string>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => [
      snakeCase(key),
      recordsOf.has(key) && isObject(value)
        ? Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, convert(entry, recordsOf)]))
        : convert(value, recordsOf),
    ]),
  );
}

function convert(value: unknown, recordsOf: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map(part => convert(part, recordsOf));
  return isObject(value) ? toAttributes(value, recordsOf) : value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Token.isUnresolved(value);
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
}
