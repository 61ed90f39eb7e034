/** Where an attribute stands in a document: at its root, or in that of an extension. */
import { type Json, type JsonObject, emptyObject, isJsonObject } from '../json';
import { type Attribute } from '../schema/attribute';
import { isUnassigned } from '../schema/statement';

/** The value of the attribute in the document; undefined when it has none. */
export function valueIn(document: JsonObject, attribute: Attribute): Json | undefined {
  const [first = '', second] = attribute.location;
  const value = document[first];
  return second === undefined ? value : isJsonObject(value) ? value[second] : undefined;
}

/** Changes the document; an extension that becomes empty goes. */
export function setIn(document: JsonObject, attribute: Attribute, after: Json | undefined): void {
  const [first = '', second] = attribute.location;
  if (second === undefined) {
    assign(document, first, after);
    return;
  }
  const extension = document[first];
  const holder = isJsonObject(extension) ? extension : emptyObject();
  assign(holder, second, after);
  assign(document, first, isEmpty(holder) ? undefined : holder);
}

function assign(holder: JsonObject, key: string, value: Json | undefined): void {
  if (value === undefined) delete holder[key];
  else holder[key] = value;
}

export function isEmpty(value: Json): boolean {
  return isUnassigned(value) || (isJsonObject(value) && Object.keys(value).length === 0);
}
