/**
 * A resource type (RFC 7643 §6) compiled for look-up: its core attributes with the common ones, and its extensions. Further
 * extensions are data: {@link withExtensions}.
 */
import { type Json } from '../json';
import { type Attribute, type SchemaDefinition, compileAttribute, compileExtension } from './attribute';
import { commonAttributes } from './definitions/common-attributes';

/** An extension schema on a resource type. */
export interface SchemaExtension {
  readonly schema: SchemaDefinition;
  /** Whether each resource of the type must carry the extension. */
  readonly required: boolean;
}

/** What distinguishes a resource type. */
export interface ResourceTypeProps {
  readonly name: string;
  /** Path below the base URL, with a leading slash. */
  readonly endpoint: string;
  readonly description: string;
  readonly schema: SchemaDefinition;
  readonly extensions: readonly SchemaExtension[];
  /**
   * Name of the multi-valued attribute whose elements are kept as rows and not in the document: `members` of a Group.
   * @default none
   */
  readonly rows?: string;
  /**
   * Core attributes that always have a value: this one at creation (RFC 7643 §2.2), then the one that was stated last. What leaves
   * them out, or states `null` or `[]`, says nothing about them (§2.5); they are never removed.
   * @default none
   */
  readonly defaults?: Readonly<Record<string, Json>>;
}

/** A compiled resource type. */
export interface ResourceType extends ResourceTypeProps {
  /** Core and common attributes by lower-case name. */
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** Extensions, as attributes, by lower-case URN. */
  readonly extensionAttributes: ReadonlyMap<string, Attribute>;
  /** The compiled attribute that `rows` names. */
  readonly rowsAttribute?: Attribute;
}

/** Compiles a resource type. Fails on two extensions with one URN, or a `rows` that names nothing. */
export function defineResourceType(props: ResourceTypeProps): ResourceType {
  const attributes = new Map<string, Attribute>();
  for (const definition of [...commonAttributes, ...props.schema.attributes]) {
    attributes.set(definition.name.toLowerCase(), compileAttribute(definition, props.schema.id));
  }
  const extensionAttributes = new Map<string, Attribute>();
  for (const { schema } of props.extensions) {
    const key = schema.id.toLowerCase();
    if (extensionAttributes.has(key) || key === props.schema.id.toLowerCase()) {
      throw new Error(`schema ${schema.id} is registered twice on resource type ${props.name}; register it once`);
    }
    extensionAttributes.set(key, compileExtension(schema));
  }
  if (props.rows === undefined) return { ...props, attributes, extensionAttributes };
  const rowsAttribute = attributes.get(props.rows.toLowerCase());
  if (rowsAttribute === undefined)
    throw new Error(`rows attribute ${props.rows} of resource type ${props.name} is not in its schema`);
  return { ...props, attributes, extensionAttributes, rowsAttribute };
}

/** The resource type with further extensions; the given type is left as it is. */
export function withExtensions(type: ResourceType, extensions: readonly SchemaExtension[]): ResourceType {
  const { name, endpoint, description, schema, rows, defaults } = type;
  return defineResourceType({
    name,
    endpoint,
    description,
    schema,
    extensions: [...type.extensions, ...extensions],
    ...(rows === undefined ? {} : { rows }),
    ...(defaults === undefined ? {} : { defaults }),
  });
}
