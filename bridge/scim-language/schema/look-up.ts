/**
 * Finds attributes by name: without regard to case, with or without a schema's URN in front, with a sub-attribute behind a dot
 * (RFC 7644 §3.10).
 */
import { type Leniency, coerces } from '../dialects/dialect';
import { type Attribute, type AttributePath } from './attribute';
import { ENTERPRISE_USER_SCHEMA } from './definitions/enterprise-user';
import { type ResourceType } from './resource-type';

/**
 * Resolves `userName`, `name.familyName`, `urn:…:User:name.familyName`, `urn:…:enterprise:2.0:User:manager.value`, or the URN of an
 * extension alone. Nothing when no schema of the type defines it. Attributes of an extension need its URN, unless the dialect
 * has `flatExtension`.
 */
export function findAttribute(type: ResourceType, name: string, leniency: Leniency = {}): AttributePath | undefined {
  const lower = name.toLowerCase();
  const extension = findExtension(type, name, leniency);
  if (extension !== undefined) return { attribute: extension };
  const core = `${type.schema.id.toLowerCase()}:`;
  if (lower.startsWith(core)) return walk(type.attributes, lower.slice(core.length));
  for (const [urn, candidate] of type.extensionAttributes) {
    if (lower.startsWith(`${urn}:`)) return walk(candidate.children, lower.slice(urn.length + 1));
  }
  if (!lower.includes(':')) {
    const found = walk(type.attributes, lower);
    if (found !== undefined) return found;
    for (const candidate of type.extensionAttributes.values()) {
      const flat = walk(candidate.children, lower);
      if (flat !== undefined) return coerces(leniency, 'flatExtension', flat.attribute.path) ? flat : undefined;
    }
    return undefined;
  }
  for (const [urn, candidate] of type.extensionAttributes) {
    const rest = afterMisspelt(lower, urn);
    const found = rest === undefined || rest === '' ? undefined : walk(candidate.children, rest);
    if (found !== undefined) return coerces(leniency, 'misspeltUrns', found.attribute.path) ? found : undefined;
  }
  return undefined;
}

const OLD_CORE = /^urn:scim:schemas:core:[12]\.0(?::(?:user|group))?$/;
const OLD_ENTERPRISE = /^urn:scim:schemas:extension:enterprise:[12]\.0(?::user)?$/;

/** Whether a URN names the core schema of the type; with `scim11Urns` also as SCIM 1.1 spelt it. */
export function isCoreSchema(type: ResourceType, urn: string, leniency: Leniency): boolean {
  const lower = urn.toLowerCase();
  return lower === type.schema.id.toLowerCase() || (OLD_CORE.test(lower) && coerces(leniency, 'scim11Urns', 'schemas'));
}

/** The extension that a key of a document names by its URN; in a dialect also by a URN that lacks a colon, or is one of SCIM 1.1. */
export function findExtension(type: ResourceType, key: string, leniency: Leniency = {}): Attribute | undefined {
  const lower = key.toLowerCase();
  const exact = type.extensionAttributes.get(lower);
  if (exact !== undefined || !lower.includes(':')) return exact;
  const old = OLD_ENTERPRISE.test(lower)
    ? type.extensionAttributes.get(ENTERPRISE_USER_SCHEMA.toLowerCase())
    : undefined;
  if (old !== undefined && coerces(leniency, 'scim11Urns', old.path)) return old;
  for (const [urn, candidate] of type.extensionAttributes) {
    if (afterMisspelt(lower, urn) === '' && coerces(leniency, 'misspeltUrns', candidate.path)) return candidate;
  }
  return undefined;
}

/** What follows the URN when it is written with its last colon missing, or a dot after it; nothing when it is not that URN. */
function afterMisspelt(lower: string, urn: string): string | undefined {
  const last = urn.lastIndexOf(':');
  const spellings = [urn, urn.slice(0, last) + urn.slice(last + 1)];
  for (const spelling of spellings) {
    if (lower === spelling && spelling !== urn) return '';
    if (lower.startsWith(`${spelling}.`) || (spelling !== urn && lower.startsWith(`${spelling}:`))) {
      return lower.slice(spelling.length + 1);
    }
  }
  return undefined;
}

/** Resolves `attribute` or `attribute.sub` among the given attributes. */
function walk(attributes: ReadonlyMap<string, Attribute>, lower: string): AttributePath | undefined {
  const dot = lower.indexOf('.');
  const attribute = attributes.get(dot === -1 ? lower : lower.slice(0, dot));
  if (attribute === undefined || dot === -1) return attribute === undefined ? undefined : { attribute };
  const subAttribute = attribute.element ? undefined : attribute.children.get(lower.slice(dot + 1));
  return subAttribute === undefined ? undefined : { attribute, subAttribute };
}

/** All attributes that stand at the top level of a document: common, core, and each extension as one. */
export function topLevelAttributes(type: ResourceType): Attribute[] {
  return [...type.attributes.values(), ...type.extensionAttributes.values()];
}
