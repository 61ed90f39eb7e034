/** Schemas and functions as the protocol describes them. */
import { type AttributeMessage, type FunctionMessage, NESTING, NestedObject, type SchemaMessage } from './messages';
import { type Sent } from './protobuf';
import { type ProviderFunction } from './define/provider-function';
import { type Attribute, type Attributes, type Schema } from './define/schema';
import { type Type } from './define/type';

export function schemaMessage(schema: Schema): Sent<typeof SchemaMessage> {
  const version = schema.version ?? 0;
  return {
    version,
    block: { version, description: schema.description, attributes: attributeMessages(schema.attributes) },
  };
}

export function functionMessage(of: ProviderFunction): Sent<typeof FunctionMessage> {
  return {
    summary: of.summary,
    description: of.description,
    parameters: of.parameters.map(({ name, type, description }) => ({ name, type: typeBytes(type), description })),
    return: { type: typeBytes(of.returns) },
  };
}

function attributeMessages(attributes: Attributes): Sent<typeof AttributeMessage>[] {
  return Object.entries(attributes).map(([name, attribute]) => attributeMessage(name, attribute));
}

function attributeMessage(name: string, { options, ...shape }: Attribute): Sent<typeof AttributeMessage> {
  return {
    name,
    description: options.description,
    required: options.required ?? false,
    optional: options.optional ?? false,
    computed: options.computed ?? false,
    sensitive: options.sensitive ?? false,
    deprecated: options.deprecated ?? false,
    writeOnly: options.writeOnly ?? false,
    ...(shape.nested === undefined
      ? { type: typeBytes(shape.type) }
      : {
          nestedType: NestedObject.encode({
            attributes: attributeMessages(shape.nested.attributes),
            nesting: NESTING[shape.nested.nesting],
          }),
        }),
  };
}

function typeBytes(type: Type): Buffer {
  return Buffer.from(JSON.stringify(type));
}
