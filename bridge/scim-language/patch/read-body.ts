/** Reads the body of a PATCH request (RFC 7644 §3.5.2) to operations, before any schema is looked at. */
import { type Leniency, coerces } from '../dialects/dialect';
import { invalidPath, invalidSyntax, invalidValue, missingValue, payloadTooLarge, shown } from '../errors';
import { type Json, type JsonObject, isJsonObject } from '../json';
import { isUnassigned } from '../schema/statement';
import { namesAccess } from '../schema/unknown';
import { type PatchLimits, type PatchOperation } from './operation';

/** Message URN of RFC 7644 §3.5.2. */
export const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** Default of `PatchLimits.maxOperations`. */
export const MAX_OPERATIONS = 1000;

/**
 * The operations of a PATCH body. Names of keys and of operations are read in any case.
 * @throws ScimError 400 invalidSyntax, invalidValue or invalidPath; 413 over `maxOperations`
 */
export function readPatchBody(body: Json, leniency: Leniency = {}, limits: PatchLimits = {}): PatchOperation[] {
  if (!isJsonObject(body)) throw invalidSyntax('request body', shown(body), 'an object with schemas and Operations');
  const { schemas, operations } = readKeys(body, ['schemas', 'operations'], 'PATCH body', leniency);
  checkMessage(schemas, leniency);
  if (!Array.isArray(operations) || operations.length === 0) {
    throw invalidSyntax(
      'Operations',
      operations === undefined ? 'nothing' : shown(operations),
      'a list of one operation or more',
    );
  }
  const maximum = limits.maxOperations ?? MAX_OPERATIONS;
  if (operations.length > maximum) throw payloadTooLarge('operations in the PATCH body', operations.length, maximum);
  return operations.map((operation, index) => readOperation(operation, `Operations[${index}]`, leniency));
}

function checkMessage(schemas: Json | undefined, leniency: Leniency): void {
  const named =
    Array.isArray(schemas) &&
    schemas.some(urn => typeof urn === 'string' && urn.toLowerCase() === PATCH_SCHEMA.toLowerCase());
  if (named || coerces(leniency, 'missingSchemas', 'PATCH body')) return;
  if (isUnassigned(schemas)) throw missingValue('schemas', `a list with "${PATCH_SCHEMA}"`);
  throw invalidValue('schemas', Array.isArray(schemas) ? schemas[0] : schemas, `a list with "${PATCH_SCHEMA}"`);
}

function readOperation(operation: Json, where: string, leniency: Leniency): PatchOperation {
  if (!isJsonObject(operation)) throw invalidSyntax(where, shown(operation), 'an object with op, path and value');
  const { op, path, value } = readKeys(operation, ['op', 'path', 'value'], where, leniency);
  const name = typeof op === 'string' ? op.toLowerCase() : undefined;
  if (name !== 'add' && name !== 'replace' && name !== 'remove') {
    throw invalidSyntax(`${where}.op`, op === undefined ? 'nothing' : shown(op), '"add", "replace" or "remove"');
  }
  if (path !== undefined && path !== null && typeof path !== 'string')
    throw invalidPath(where, 1, 'a path as a string', shown(path));
  if (name !== 'remove' && value === undefined) throw missingValue(`${where}.value`, `the value to ${name}`);
  return { op: name, ...(typeof path === 'string' ? { path } : {}), ...(value === undefined ? {} : { value }) };
}

/** The values of the keys by lower-case name. Any other key is refused, or dropped by a dialect with `extraPatchKeys`. */
function readKeys<K extends string>(
  object: JsonObject,
  known: readonly K[],
  where: string,
  leniency: Leniency,
): Partial<Record<K, Json>> {
  const found: Partial<Record<K, Json>> = {};
  for (const [key, value] of Object.entries(object)) {
    const name = known.find(candidate => candidate === key.toLowerCase());
    if (name !== undefined) {
      if (name in found) throw invalidSyntax(where, `${name} twice, in different case`, 'each key once');
      found[name] = value;
    } else if (namesAccess(key) || !coerces(leniency, 'extraPatchKeys', where.replace(/\[\d+\]/, ''))) {
      throw invalidSyntax(where, `the key ${shown(key)}`, `only ${known.join(', ')}`);
    }
  }
  return found;
}
