/** Short forms for writing schemas as data. Each gives the defaults of RFC 7643 §2.2 to what is not stated. */
import { type AttributeDefinition, type AttributeType } from './attribute';

type Options = Partial<Omit<AttributeDefinition, 'name' | 'description' | 'type'>>;

function define(type: AttributeType, name: string, description: string, options: Options): AttributeDefinition {
  return {
    name,
    type,
    multiValued: false,
    description,
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...options,
  };
}

/** A string attribute; not case-exact unless stated. */
export function text(name: string, description: string, options: Options = {}): AttributeDefinition {
  return define('string', name, description, options);
}

/** A true-or-false attribute. */
export function flag(name: string, description: string, options: Options = {}): AttributeDefinition {
  return define('boolean', name, description, options);
}

/** A whole number. */
export function integer(name: string, description: string, options: Options = {}): AttributeDefinition {
  return define('integer', name, description, options);
}

/** A number with or without a fraction. */
export function decimal(name: string, description: string, options: Options = {}): AttributeDefinition {
  return define('decimal', name, description, options);
}

/** A point in time. */
export function dateTime(name: string, description: string, options: Options = {}): AttributeDefinition {
  return define('dateTime', name, description, options);
}

/** Base64 data; always case-exact (RFC 7643 §2.3.6). */
export function binary(name: string, description: string, options: Options = {}): AttributeDefinition {
  return define('binary', name, description, { caseExact: true, ...options });
}

/** A URI; always case-exact (RFC 7643 §2.3.7). `referenceTypes` are resource types, `external` or `uri`. */
export function reference(
  name: string,
  description: string,
  referenceTypes: readonly string[],
  options: Options = {},
): AttributeDefinition {
  return define('reference', name, description, { caseExact: true, referenceTypes, ...options });
}

/** An attribute with sub-attributes. */
export function complex(
  name: string,
  description: string,
  subAttributes: readonly AttributeDefinition[],
  options: Options = {},
): AttributeDefinition {
  return define('complex', name, description, { subAttributes, ...options });
}

/**
 * A list of complex values in the common form of RFC 7643 §2.4: `value`, `display`, `type`, `primary`.
 * @param value the `value` sub-attribute
 * @param types canonical values of `type`
 */
export function list(
  name: string,
  description: string,
  value: AttributeDefinition,
  types: readonly string[],
  options: Options = {},
): AttributeDefinition {
  return complex(
    name,
    description,
    [
      value,
      text('display', 'A label for people; not meant for matching.'),
      text('type', 'What the value is used for.', types.length === 0 ? {} : { canonicalValues: types }),
      flag('primary', 'Marks the preferred value; true at most once in the list.'),
    ],
    { multiValued: true, ...options },
  );
}
