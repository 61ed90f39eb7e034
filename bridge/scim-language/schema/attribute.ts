/**
 * What a SCIM schema is (RFC 7643 §7): definitions as data, and the compiled attributes that the engine works with. A compiled
 * attribute knows where its value lives in a document, so that an in-memory evaluator and a SQL compiler find the same thing.
 */

/** Data types of RFC 7643 §2.3. */
export type AttributeType =
  'string' | 'boolean' | 'decimal' | 'integer' | 'dateTime' | 'reference' | 'binary' | 'complex';

/** RFC 7643 §7 `mutability`. */
export type Mutability = 'readOnly' | 'readWrite' | 'immutable' | 'writeOnly';

/** RFC 7643 §7 `returned`. */
export type Returned = 'always' | 'never' | 'default' | 'request';

/** RFC 7643 §7 `uniqueness`. */
export type Uniqueness = 'none' | 'server' | 'global';

/** An attribute as a schema states it; also what `/Schemas` answers. */
export interface AttributeDefinition {
  readonly name: string;
  readonly type: AttributeType;
  readonly multiValued: boolean;
  readonly description: string;
  readonly required: boolean;
  /** Suggested values; others are accepted, and these are stored in this spelling (RFC 7643 §7). */
  readonly canonicalValues?: readonly string[];
  readonly caseExact: boolean;
  readonly mutability: Mutability;
  readonly returned: Returned;
  readonly uniqueness: Uniqueness;
  /** Only with type `reference`: resource type names, `external` or `uri`. */
  readonly referenceTypes?: readonly string[];
  /** Only with type `complex`. */
  readonly subAttributes?: readonly AttributeDefinition[];
}

/** A schema as `/Schemas` states it, without `meta`. */
export interface SchemaDefinition {
  /** The URN. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly attributes: readonly AttributeDefinition[];
}

/** A compiled attribute: its definition, and where it is. */
export interface Attribute extends AttributeDefinition {
  /** URN of the schema that defines it. */
  readonly schema: string;
  /** Canonical full name for filters, paths and messages: `userName`, `name.familyName`, `urn:…:User:manager.value`. */
  readonly path: string;
  /**
   * Keys from the root of a document to the value: `['userName']`, `['name', 'familyName']`, `['urn:…:User', 'manager', 'value']`.
   * A list may stand at the key of a multi-valued attribute; its elements then hold the rest.
   */
  readonly location: readonly string[];
  /** Compiled sub-attributes by lower-case name. For an extension itself: its attributes. */
  readonly children: ReadonlyMap<string, Attribute>;
  /** The attribute stands for a whole extension (its URN is the key in the document). */
  readonly extension: boolean;
  /** The attribute is the element itself of a multi-valued attribute that is not complex: `value` in `tags[value eq "a"]`. */
  readonly element: boolean;
}

/** An attribute, and optionally one of its sub-attributes, as a filter, a path, `attributes` or `sortBy` names it. */
export interface AttributePath {
  readonly attribute: Attribute;
  readonly subAttribute?: Attribute;
}

/** The attribute that a path ends at. */
export function target(path: AttributePath): Attribute {
  return path.subAttribute ?? path.attribute;
}

/** Compiles a top-level attribute of a core schema, or an attribute of an extension when `extension` is its URN. */
export function compileAttribute(definition: AttributeDefinition, schema: string, extension?: string): Attribute {
  const location = extension === undefined ? [definition.name] : [extension, definition.name];
  const path = extension === undefined ? definition.name : `${extension}:${definition.name}`;
  return compile(definition, schema, path, location);
}

/** Compiles an extension to an attribute of its own, complex, with the extension's attributes as children. */
export function compileExtension(schema: SchemaDefinition): Attribute {
  const children = new Map<string, Attribute>();
  for (const definition of schema.attributes) {
    children.set(definition.name.toLowerCase(), compileAttribute(definition, schema.id, schema.id));
  }
  return {
    name: schema.id,
    type: 'complex',
    multiValued: false,
    description: schema.description,
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    schema: schema.id,
    path: schema.id,
    location: [schema.id],
    children,
    extension: true,
    element: false,
  };
}

function compile(
  definition: AttributeDefinition,
  schema: string,
  path: string,
  location: readonly string[],
): Attribute {
  const children = new Map<string, Attribute>();
  for (const child of definition.subAttributes ?? []) {
    children.set(child.name.toLowerCase(), compile(child, schema, `${path}.${child.name}`, [...location, child.name]));
  }
  if (definition.multiValued && definition.type !== 'complex') {
    children.set('value', {
      ...definition,
      name: 'value',
      multiValued: false,
      schema,
      path: `${path}.value`,
      location,
      children: new Map(),
      extension: false,
      element: true,
    });
  }
  return { ...definition, schema, path, location, children, extension: false, element: false };
}
