import { Token } from 'cdktf';

/**
 * Makes user text inert for Terraform: `${` and `%{` in a group's name are data, not a template. References of Terraform
 * (cdktf tokens) stay references.
 */
export function escapeTemplates(value: unknown): unknown {
  if (typeof value === 'string') return Token.isUnresolved(value) ? value : value.replace(/([$%])\{/g, '$1$1{');
  if (Array.isArray(value)) return value.map(escapeTemplates);
  if (typeof value !== 'object' || value === null || Token.isUnresolved(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, escapeTemplates(part)]));
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
