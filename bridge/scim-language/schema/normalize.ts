/**
 * Turns a resource as a client states it (POST, PUT) into the document that is kept (RFC 7644 §3.3 and §3.5.1): names in the schema's
 * spelling, values checked and canonical, readOnly attributes ignored, `schemas` telling what is there. A document never holds `id`,
 * `meta` or other readOnly attributes, nor rows, nor what is never returned.
 */
import { type Leniency, coerces } from '../dialects/dialect';
import { invalidSyntax, invalidValue, missingValue, mutability, shown } from '../errors';
import { type Json, type JsonObject, emptyObject, isJsonObject } from '../json';
import { type Attribute } from './attribute';
import { sameJson } from './equal';
import { findAttribute, findExtension, isCoreSchema, topLevelAttributes } from './look-up';
import { type MemberValue } from './member-value';
import { readMembers } from './members';
import { type ResourceType } from './resource-type';
import { dropsUnknown } from './unknown';
import { normalizeValue } from './value';
import { isUnassigned } from './statement';
import { describe, unknownAttribute } from './describe';

/** A document, and the rows beside it. */
export interface NormalizedResource {
  readonly resource: JsonObject;
  /** What the request states of the rows attribute: nothing when it is absent, an empty list when it is unassigned. */
  readonly members?: readonly MemberValue[];
}

/** How to read a resource. */
export interface NormalizeOptions extends Leniency {
  /**
   * The present document, for PUT: immutable attributes must agree with it, and attributes with a default stay as they are.
   * @default none: the resource is new
   */
  readonly existing?: JsonObject;
}

/**
 * Checks and canonicalises a resource.
 * @throws ScimError invalidSyntax (structure, unknown attribute), invalidValue (type, required), mutability (immutable)
 */
export function normalizeResource(input: Json, type: ResourceType, options: NormalizeOptions = {}): NormalizedResource {
  if (!isJsonObject(input)) throw invalidSyntax('request body', shown(input), `a ${type.name} as a JSON object`);
  const given = collect(input, type, options);
  checkSchemas(given.get('schemas')?.value, type, options);
  const resource = emptyObject();
  let members: readonly MemberValue[] | undefined;
  for (const attribute of topLevelAttributes(type)) {
    const statement = given.get(attribute.path);
    if (attribute.name === 'schemas') continue;
    const [key = attribute.name] = attribute.location;
    if (attribute === type.rowsAttribute) {
      if (statement !== undefined) members = memberList(attribute, statement.value, options);
      continue;
    }
    const value =
      statement === undefined || attribute.mutability === 'readOnly'
        ? undefined
        : normalizeValue(attribute, statement.value, options);
    const kept = value ?? whenUnassigned(attribute, type, options.existing);
    checkImmutable(attribute, options.existing?.[key], kept);
    if (kept === undefined) checkRequired(attribute, type);
    else if (attribute.returned !== 'never') resource[key] = kept;
  }
  const document = withSchemas(resource, type);
  return members === undefined ? { resource: document } : { resource: document, members };
}

/** The document with `schemas` first, naming the core schema and each extension that has data (RFC 7643 §3). */
export function withSchemas(document: JsonObject, type: ResourceType): JsonObject {
  const extensions = [...type.extensionAttributes.values()].filter(({ path }) => document[path] !== undefined);
  return Object.assign(emptyObject(), { schemas: [] }, document, {
    schemas: [type.schema.id, ...extensions.map(({ path }) => path)],
  });
}

interface Statement {
  value: Json;
  /** Key as the client wrote it. */
  readonly key: string;
}

/** The top-level statements by canonical path. Enterprise attributes outside their extension are put into it. */
function collect(input: JsonObject, type: ResourceType, leniency: Leniency): Map<string, Statement> {
  const given = new Map<string, Statement>();
  const flat: [Attribute, Json][] = [];
  for (const [key, value] of Object.entries(input)) {
    const attribute = type.attributes.get(key.toLowerCase()) ?? findExtension(type, key, leniency);
    if (attribute !== undefined) {
      const earlier = given.get(attribute.path);
      if (earlier !== undefined)
        throw invalidSyntax(
          attribute.path,
          `it twice, as ${shown(earlier.key)} and ${shown(key)}`,
          'each attribute once',
        );
      given.set(attribute.path, { key, value });
      continue;
    }
    const bare = /[.:]/.test(key) ? undefined : findAttribute(type, key, leniency)?.attribute;
    if (bare !== undefined) flat.push([bare, value]);
    else if (!dropsUnknown(type, key, value, leniency)) throw unknownAttribute(key, topLevelAttributes(type));
  }
  for (const [attribute, value] of flat) putIntoExtension(given, attribute, value);
  return given;
}

function putIntoExtension(given: Map<string, Statement>, attribute: Attribute, value: Json): void {
  if (isUnassigned(value)) return;
  const extension = given.get(attribute.schema) ?? { key: attribute.schema, value: null };
  const data = isJsonObject(extension.value) ? extension.value : {};
  if (Object.keys(data).some(key => key.toLowerCase() === attribute.name.toLowerCase())) {
    throw invalidSyntax(attribute.path, 'it twice, in its extension and at the top level', 'each attribute once');
  }
  given.set(attribute.schema, {
    key: extension.key,
    value: Object.assign(emptyObject(), data, { [attribute.name]: value }),
  });
}

/** Checks the URNs of a request (RFC 7643 §3); what is kept is computed from the data. */
export function checkSchemas(value: Json | undefined, type: ResourceType, leniency: Leniency): void {
  const wanted = `a list with ${shown(type.schema.id)}`;
  if (isUnassigned(value)) {
    if (coerces(leniency, 'missingSchemas', 'schemas')) return;
    throw missingValue('schemas', wanted);
  }
  if (!Array.isArray(value)) throw invalidValue('schemas', value, wanted);
  let core = false;
  value.forEach((urn, index) => {
    if (typeof urn !== 'string') throw invalidValue(`schemas[${index}]`, urn, 'a URN as a string');
    if (isCoreSchema(type, urn, leniency)) core = true;
    else if (findExtension(type, urn, leniency) === undefined && !coerces(leniency, 'unknownSchemas', 'schemas')) {
      const known = [type.schema.id, ...[...type.extensionAttributes.values()].map(({ path }) => path)];
      throw invalidValue(`schemas[${index}]`, urn, `one of ${known.join(', ')}`);
    }
  });
  if (!core && !coerces(leniency, 'missingSchemas', 'schemas')) throw invalidValue('schemas', value, wanted);
}

/** Rows of a POST or PUT: a list, where a PATCH may state a single one. */
function memberList(attribute: Attribute, value: Json, leniency: Leniency): readonly MemberValue[] {
  if (!isUnassigned(value) && !Array.isArray(value)) throw invalidValue(attribute.path, value, 'a list');
  return readMembers(attribute, value, leniency);
}

/** What an attribute is that the request leaves out, or states as unassigned, which is the same (RFC 7643 §2.5). */
function whenUnassigned(attribute: Attribute, type: ResourceType, existing: JsonObject | undefined): Json | undefined {
  return type.defaults?.[attribute.name] === undefined || attribute.extension ? undefined : existing?.[attribute.name];
}

/** The document of a new resource, with what it leaves out at its default (RFC 7643 §2.2). */
export function withDefaults(document: JsonObject, type: ResourceType): JsonObject {
  return Object.assign(emptyObject(), document, type.defaults, document);
}

/** RFC 7644 §3.5.1: what is immutable and set must be sent as it is, also within an extension or another complex value. */
function checkImmutable(attribute: Attribute, before: Json | undefined, after: Json | undefined): void {
  if (before === undefined) return;
  if (attribute.mutability === 'immutable' && !sameJson(before, after)) {
    throw mutability(attribute.path, `it is immutable and has the value ${shown(before)}; send it unchanged`);
  }
  if (attribute.multiValued || !isJsonObject(before)) return;
  for (const child of attribute.children.values()) {
    checkImmutable(child, before[child.name], isJsonObject(after) ? after[child.name] : undefined);
  }
}

function checkRequired(attribute: Attribute, type: ResourceType): void {
  const required = attribute.extension
    ? type.extensions.some(({ schema, required }) => required && schema.id === attribute.path)
    : attribute.required;
  if (required) throw missingValue(attribute.path, describe(attribute));
}
