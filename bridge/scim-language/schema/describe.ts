/** What an attribute takes, in words, and the refusals of what it does not take. Pure. */
import { ScimError, invalidSyntax, invalidValue, shown } from '../errors';
import { type Json } from '../json';
import { type Attribute } from './attribute';

/** The refusal of an attribute that no schema defines (RFC 7644 table 9: the body does not conform to the request schema). */
export function unknownAttribute(name: string, known: readonly Attribute[]): Error {
  return invalidSyntax(
    `attribute ${shown(name)}`,
    'a name that no schema of the resource defines',
    `one of ${known.map(one => one.name).join(', ')}`,
  );
}

/** What an attribute takes, in words. */
export function describe(attribute: Attribute): string {
  switch (attribute.type) {
    case 'complex':
      return `an object with ${[...attribute.children.values()].map(child => child.name).join(', ')}`;
    case 'boolean':
      return 'true or false without quotes';
    case 'integer':
      return 'a whole number between -(2^53-1) and 2^53-1';
    case 'decimal':
      return 'a number';
    case 'dateTime':
      return 'a date and time such as "2011-05-13T04:42:34Z"';
    case 'binary':
      return 'data in base64';
    case 'reference':
      return 'a URI';
    case 'string':
      return attribute.required ? 'a string that is not blank' : 'a string';
  }
}

export function wrongType(attribute: Attribute, where: string, value: Json, wanted: string): Error {
  if (attribute.returned !== 'never') return invalidValue(where, value, wanted);
  return new ScimError(400, 'invalidValue', `${where}: got a value that is not shown here, wanted ${wanted}`);
}
