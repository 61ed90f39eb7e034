/**
 * Applies a PATCH to a document (RFC 7644 §3.5.2): all operations or none, the given document untouched. Rows of a group become
 * changes for the store and are never loaded.
 */
import { type Leniency, coerces } from '../dialects/dialect';
import { invalidSyntax, invalidValue, mutability, noTarget, payloadTooLarge, shown } from '../errors';
import { type TargetPath } from '../filter/ast';
import { parsePath } from '../filter/parser';
import { type Json, type JsonObject, isJsonObject } from '../json';
import { target } from '../schema/attribute';
import { sameJson } from '../schema/equal';
import { findAttribute, findExtension, topLevelAttributes } from '../schema/look-up';
import { checkSchemas, withSchemas } from '../schema/normalize';
import { isUnassigned } from '../schema/statement';
import { unknownAttribute } from '../schema/describe';
import { dropsUnknown } from '../schema/unknown';
import { ChangeAttribute } from './change-attribute';
import { MemberChanges } from './member-changes';
import { type PatchOperation, type PatchOptions, type PatchResult } from './operation';
import { MAX_OPERATIONS } from './read-body';

/** Default of `PatchLimits.maxWork`. */
const MAX_WORK = 20_000;

/** Default of `PatchLimits.maxText`. */
const MAX_TEXT = 50_000_000;

/**
 * Applies the operations in order. The resource is the kept document with `id` and `meta` (and `groups` of a user, where known), so that
 * a client may repeat them.
 * @throws ScimError 400 invalidPath, invalidFilter, noTarget, invalidValue, mutability or invalidSyntax; 413 over a limit
 */
export function applyPatch(
  resource: JsonObject,
  operations: readonly PatchOperation[],
  options: PatchOptions,
): PatchResult {
  const maximum = options.limits?.maxOperations ?? MAX_OPERATIONS;
  if (operations.length > maximum) throw payloadTooLarge('operations in the PATCH body', operations.length, maximum);
  const patch = new Patch(resource, options);
  operations.forEach((operation, index) => patch.apply(operation, `Operations[${index}]`));
  return patch.result();
}

class Patch {
  private readonly document: JsonObject;
  private readonly members = new MemberChanges();
  private readonly change: ChangeAttribute;
  private readonly leniency: Leniency;

  constructor(
    private readonly before: JsonObject,
    private readonly options: PatchOptions,
  ) {
    const { dialect, counted, ahead, limits } = options;
    this.leniency = {
      ...(dialect === undefined ? {} : { dialect }),
      ...(counted === undefined ? {} : { counted }),
      ...(ahead === undefined ? {} : { ahead }),
    };
    this.document = copy(before);
    this.change = new ChangeAttribute(this.document, this.leniency, {
      elements: limits?.maxWork ?? MAX_WORK,
      text: limits?.maxText ?? MAX_TEXT,
    });
  }

  apply({ op, path, value }: PatchOperation, where: string): void {
    if (path === undefined) {
      if (op === 'remove') throw noTarget(`${where}: remove without a path`, 'the path of what to remove');
      this.applyKeys(op, value ?? null, where);
      return;
    }
    const found = parsePath(path, this.options.type, { ...this.leniency, stated: value });
    if (found === undefined) return;
    const readOnly = [found.attribute, target(found)].find(attribute => attribute.mutability === 'readOnly');
    if (readOnly === undefined) this.applyTo(op, found, value, where);
    else if (op === 'remove' || found.filter !== undefined)
      throw mutability(readOnly.path, 'it is readOnly; leave it out');
    else this.repeatsReadOnly(found, value ?? null);
  }

  result(): PatchResult {
    this.checkRequired();
    const memberChanges = this.members.list();
    if (sameJson(this.before, this.document)) return { resource: this.before, changed: false, memberChanges };
    const resource = withSchemas(this.document, this.options.type);
    return { resource, changed: true, memberChanges };
  }

  /** An operation without a path: each key of its value is an attribute. */
  private applyKeys(op: 'add' | 'replace', value: Json, where: string): void {
    if (!isJsonObject(value))
      throw invalidValue(`${where}.value`, value, 'an object with attributes, as there is no path');
    const seen = new Set<string>();
    for (const [key, item] of Object.entries(value)) {
      const found = this.findKey(key, item);
      if (found === undefined) continue;
      const identity = found.filter === undefined ? target(found).path : key;
      if (seen.has(identity))
        throw invalidSyntax(`${where}.value`, `${identity} twice, in different spelling`, 'each attribute once');
      seen.add(identity);
      if (!this.repeatsReadOnly(found, item)) this.applyTo(op, found, item, where);
    }
  }

  /** What a key of a path-less value names: an attribute or an extension, in a dialect with `pathKeys` anything that is a path. */
  private findKey(key: string, value: Json): TargetPath | undefined {
    const { type } = this.options;
    const whole = type.attributes.get(key.toLowerCase()) ?? findExtension(type, key, this.leniency);
    if (whole !== undefined) return { attribute: whole };
    const isPath = /[.:[]/.test(key);
    if (!isPath || coerces(this.leniency, 'pathKeys', 'path-less value')) {
      const found = key.includes('[')
        ? parsePath(key, type, { ...this.leniency, stated: value })
        : findAttribute(type, key, this.leniency);
      if (found !== undefined) return found;
    }
    if (dropsUnknown(type, key, value, this.leniency)) return undefined;
    throw unknownAttribute(key, topLevelAttributes(type));
  }

  /** Whether a readOnly attribute is stated as it is, which clients that send whole resources do. Refuses another value. */
  private repeatsReadOnly(path: TargetPath, value: Json): boolean {
    const attribute = target(path);
    if (path.attribute.mutability !== 'readOnly' && attribute.mutability !== 'readOnly') return false;
    // What was read a while ago tells of an older version: it says nothing about what is to be.
    if (path.attribute.name === 'meta' && path.subAttribute === undefined && isJsonObject(value)) return true;
    const root = this.before[path.attribute.name];
    const present = path.subAttribute === undefined ? root : isJsonObject(root) ? root[attribute.name] : undefined;
    const same = isUnassigned(value) ? isUnassigned(present) : agrees(present, value);
    if (same) return true;
    throw mutability(attribute.path, `it is readOnly, and ${shown(value)} is not its value; leave it out`);
  }

  private applyTo(op: PatchOperation['op'], path: TargetPath, value: Json | undefined, where: string): void {
    const { type } = this.options;
    if (type.defaults?.[path.attribute.path] !== undefined) {
      if (op === 'remove') throw mutability(path.attribute.path, 'it always has a value and can be replaced only');
      if (isUnassigned(value)) return;
    }
    if (path.attribute === type.rowsAttribute) this.members.apply(op, path, value, this.leniency);
    else if (path.attribute.name === 'schemas') this.applySchemas(op, value);
    else this.change.apply(op, path, value, where);
  }

  /** `schemas` follows from the data; a statement of it is checked and changes nothing. */
  private applySchemas(op: PatchOperation['op'], value: Json | undefined): void {
    const { type } = this.options;
    if (op === 'remove') throw mutability('schemas', 'it is required');
    const stated = Array.isArray(value) ? value : [value ?? null];
    checkSchemas(op === 'add' ? [type.schema.id, ...stated] : stated, type, this.leniency);
  }

  private checkRequired(): void {
    const { type } = this.options;
    for (const attribute of topLevelAttributes(type)) {
      const required = attribute.extension
        ? type.extensions.some(extension => extension.required && extension.schema.id === attribute.path)
        : attribute.required;
      const name = attribute.location[0] ?? attribute.name;
      if (required && this.before[name] !== undefined && this.document[name] === undefined) {
        throw mutability(attribute.path, 'it is required and can be replaced only');
      }
    }
  }
}

/** Whether what is stated is part of what is there: each key that is stated has the value that it has. */
function agrees(present: Json | undefined, stated: Json): boolean {
  if (!isJsonObject(present) || !isJsonObject(stated)) return sameJson(present, stated);
  return Object.entries(stated).every(([key, value]) => isUnassigned(value) || sameJson(present[key], value));
}

function copy<T extends Json>(value: T): T {
  if (Array.isArray(value)) return value.map(copy) as T;
  if (!isJsonObject(value)) return value;
  const result = Object.create(null) as JsonObject;
  for (const key of Object.keys(value)) result[key] = copy(value[key] ?? null);
  return result as T;
}
