/** Gives documents and schemas the form of an answer (RFC 7643 §3.1 and §7). */
import { type Json, type JsonObject, emptyObject, isJsonObject } from '../json';
import { type AttributeDefinition, type SchemaDefinition } from './attribute';
import { ENTERPRISE_USER_SCHEMA } from './definitions/enterprise-user';
import { type ResourceType } from './resource-type';

/** What the service knows of a resource beside its document. */
export interface ResourceFacts {
  readonly id: string;
  readonly created: Date;
  readonly lastModified: Date;
  /** Entity tag as in the ETag header: `W/"7"`. */
  readonly version: string;
  /** URL of the SCIM root without a slash at the end, or empty for relative locations. */
  readonly baseUrl: string;
}

/** The resource as it is answered, and as filters see it: `schemas`, `id`, the document, `meta`. */
export function renderResource(document: JsonObject, type: ResourceType, facts: ResourceFacts): JsonObject {
  return Object.assign(
    emptyObject(),
    { schemas: document.schemas ?? [type.schema.id], id: facts.id },
    managed(document, facts.baseUrl),
    {
      meta: renderMeta(type, facts),
    },
  );
}

/** `meta` of RFC 7643 §3.1. */
export function renderMeta(type: ResourceType, facts: ResourceFacts): JsonObject {
  return {
    resourceType: type.name,
    created: facts.created.toISOString(),
    lastModified: facts.lastModified.toISOString(),
    location: `${facts.baseUrl}${type.endpoint}/${encodeURIComponent(facts.id)}`,
    version: facts.version,
  };
}

/** A manager gets its `$ref` (RFC 7643 §4.3). */
function managed(document: JsonObject, baseUrl: string): JsonObject {
  const extension = document[ENTERPRISE_USER_SCHEMA];
  if (!isJsonObject(extension) || !isJsonObject(extension.manager)) return document;
  const { value, $ref } = extension.manager;
  if (typeof value !== 'string' || $ref !== undefined) return document;
  const manager = Object.assign(emptyObject(), extension.manager, {
    $ref: `${baseUrl}/Users/${encodeURIComponent(value)}`,
  });
  return Object.assign(emptyObject(), document, {
    [ENTERPRISE_USER_SCHEMA]: Object.assign(emptyObject(), extension, { manager }),
  });
}

/** A schema as `/Schemas` answers it. */
export function renderSchema(schema: SchemaDefinition, baseUrl: string): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
    id: schema.id,
    name: schema.name,
    description: schema.description,
    attributes: schema.attributes.map(renderDefinition),
    meta: { resourceType: 'Schema', location: `${baseUrl}/Schemas/${schema.id}` },
  };
}

function renderDefinition(definition: AttributeDefinition): JsonObject {
  const { canonicalValues, referenceTypes, subAttributes, caseExact, uniqueness, ...rest } = definition;
  const textual = definition.type !== 'complex' && definition.type !== 'boolean';
  return {
    ...rest,
    ...(textual ? { caseExact } : {}),
    ...(definition.type === 'complex' ? {} : { uniqueness }),
    ...(canonicalValues === undefined ? {} : { canonicalValues: [...canonicalValues] }),
    ...(referenceTypes === undefined ? {} : { referenceTypes: [...referenceTypes] }),
    ...(subAttributes === undefined ? {} : { subAttributes: subAttributes.map(renderDefinition) }),
  };
}

/** A resource type as `/ResourceTypes` answers it (RFC 7643 §6). */
export function renderResourceType(type: ResourceType, baseUrl: string): JsonObject {
  const extensions: Json[] = type.extensions.map(({ schema, required }) => ({ schema: schema.id, required }));
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
    id: type.name,
    name: type.name,
    description: type.description,
    endpoint: type.endpoint,
    schema: type.schema.id,
    ...(extensions.length === 0 ? {} : { schemaExtensions: extensions }),
    meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${type.name}` },
  };
}
