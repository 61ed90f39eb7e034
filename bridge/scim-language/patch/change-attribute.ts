/** Changes one attribute of a document that the PATCH owns. Knows neither rows nor `schemas`; what becomes empty goes. */
import { type Leniency, coerces } from '../dialects/dialect';
import { invalidValue, mutability, noTarget, payloadTooLarge, shown } from '../errors';
import { type Filter, type TargetPath } from '../filter/ast';
import { elementTest } from '../filter/evaluate';
import { type Json, type JsonObject, emptyObject, isJsonObject } from '../json';
import { type Attribute } from '../schema/attribute';
import { sameJson } from '../schema/equal';
import { merge, normalizeSingle, normalizeValue } from '../schema/value';
import { isUnassigned, readStatements, statesNothing } from '../schema/statement';
import { describe } from '../schema/describe';
import { isEmpty, setIn, valueIn } from './document';
import {
  addElements,
  countTerms,
  elementFromFilter,
  joinElements,
  removeElements,
  settlePrimary,
  unmatched,
} from './elements';
import { type PatchOperation } from './operation';

type Op = PatchOperation['op'];

/** What all operations together may visit. */
interface Work {
  readonly elements: number;
  /** Characters of them. */
  readonly text: number;
}

export class ChangeAttribute {
  private visited: Work = { elements: 0, text: 0 };

  constructor(
    private readonly document: JsonObject,
    private readonly leniency: Leniency,
    private readonly most: Work,
  ) {}

  /** Applies one operation to what the path names. `value` is absent only with `remove`. */
  apply(op: Op, path: TargetPath, value: Json | undefined, where: string): void {
    const { attribute, filter, subAttribute } = path;
    if (attribute.extension) this.applyToExtension(op, attribute, value, where);
    else if (attribute.returned === 'never') this.checkOnly(op, attribute, value);
    else if (filter !== undefined) this.applyToMatches(op, attribute, filter, subAttribute, value, where);
    else if (attribute.multiValued) this.applyToList(op, attribute, subAttribute, value, where);
    else if (subAttribute !== undefined) this.applyToComplex(op, attribute, [[subAttribute, value ?? null]]);
    else if (op === 'remove' || statesNothing(attribute, value, this.leniency)) this.put(attribute, undefined);
    else if (attribute.type === 'complex')
      this.applyToComplex(op, attribute, readStatements(attribute, value ?? null, this.leniency, attribute.path));
    else this.put(attribute, normalizeValue(attribute, value ?? null, this.leniency));
  }

  private applyToExtension(op: Op, extension: Attribute, value: Json | undefined, where: string): void {
    if (op === 'remove' || isUnassigned(value)) {
      for (const attribute of extension.children.values()) this.put(attribute, undefined);
      return;
    }
    for (const [attribute, item] of readStatements(extension, value ?? null, this.leniency, extension.path)) {
      if (attribute.mutability !== 'readOnly') this.apply(op, { attribute }, item, where);
    }
  }

  /** What is never kept is still checked: a password of the wrong type is refused. */
  private checkOnly(op: Op, attribute: Attribute, value: Json | undefined): void {
    if (op !== 'remove') normalizeValue(attribute, value ?? null, this.leniency);
  }

  private applyToComplex(op: Op, attribute: Attribute, statements: Iterable<[Attribute, Json]>): void {
    const stated = [...statements];
    const identified = stated.some(([child, value]) => child.name === 'value' && !isUnassigned(value));
    let complex = this.get(attribute);
    for (const [child, value] of stated) {
      if (child.mutability === 'readOnly' || (identified && child.name === '$ref')) continue;
      complex = this.withSub(
        attribute,
        isJsonObject(complex) ? complex : emptyObject(),
        child,
        op === 'remove' ? null : value,
      );
    }
    this.put(attribute, complex);
  }

  private applyToList(
    op: Op,
    attribute: Attribute,
    subAttribute: Attribute | undefined,
    value: Json | undefined,
    where: string,
  ): void {
    const list = this.list(attribute);
    if (subAttribute !== undefined) {
      this.applyToSub(op, attribute, subAttribute, value, where);
    } else if (op === 'remove') {
      if (value === undefined || value === null) this.put(attribute, undefined);
      else this.put(attribute, removeElements(attribute, list, this.elements(attribute, value)));
    } else if (op === 'replace') {
      this.put(attribute, this.elements(attribute, value ?? null));
    } else {
      const added = this.elements(attribute, value ?? null);
      this.spend(added);
      this.put(attribute, addElements(attribute, list, added));
    }
  }

  /** `emails.type` without a filter: the sub-attribute of every element. */
  private applyToSub(
    op: Op,
    attribute: Attribute,
    subAttribute: Attribute,
    value: Json | undefined,
    where: string,
  ): void {
    const list = this.list(attribute);
    if (list.length > 0 || op === 'remove') {
      this.setInElements(op, attribute, list, new Set(list.keys()), subAttribute, value);
    } else if (op === 'replace') {
      throw noTarget(`${where}: ${attribute.path} has no values`, `add of ${attribute.path} first`);
    } else {
      this.create(attribute, emptyObject(), subAttribute, value ?? null);
    }
  }

  private applyToMatches(
    op: Op,
    attribute: Attribute,
    filter: Filter,
    subAttribute: Attribute | undefined,
    value: Json | undefined,
    where: string,
  ): void {
    const list = this.list(attribute);
    this.spend(list, countTerms(filter));
    const meets = elementTest(filter);
    const matches = new Set([...list.keys()].filter(index => meets(list[index] ?? null)));
    if (matches.size > 0) {
      if (subAttribute === undefined) this.setElements(op, attribute, list, matches, value);
      else this.setInElements(op, attribute, list, matches, subAttribute, value);
      return;
    }
    if (op === 'remove') return;
    if (op === 'replace' && !coerces(this.leniency, 'createOnUnmatchedReplace', attribute.path))
      throw unmatched(attribute, filter);
    if (isUnassigned(value)) return;
    const element = elementFromFilter(attribute, filter);
    if (subAttribute !== undefined) this.create(attribute, element, subAttribute, value ?? null);
    else this.append(attribute, this.overlay(attribute, element, value ?? null, where));
  }

  /** Removes, replaces (RFC 7644 §3.5.2.3: the matching values) or adds to (§3.5.2.1: their sub-attributes) the elements. */
  private setElements(
    op: Op,
    attribute: Attribute,
    list: readonly Json[],
    matches: ReadonlySet<number>,
    value: Json | undefined,
  ): void {
    if (op === 'remove' || isUnassigned(value)) {
      this.put(
        attribute,
        list.filter((_, index) => !matches.has(index)),
      );
      return;
    }
    const stated = normalizeSingle(attribute, value ?? null, this.leniency);
    if (stated === undefined) throw invalidValue(attribute.path, value, describe(attribute));
    this.spendText(stated, matches.size);
    const changed = list.map((element, index) => {
      if (!matches.has(index)) return element;
      return op === 'add' && isJsonObject(element) && isJsonObject(stated) ? merge(element, stated) : stated;
    });
    this.putList(attribute, changed, isJsonObject(stated) && stated.primary === true ? matches : new Set());
  }

  private setInElements(
    op: Op,
    attribute: Attribute,
    list: readonly Json[],
    places: ReadonlySet<number>,
    subAttribute: Attribute,
    value: Json | undefined,
  ): void {
    const stated = op === 'remove' ? null : (value ?? null);
    this.spendText(stated, places.size);
    const changed = list.map((element, index) => {
      if (!places.has(index)) return element;
      if (isJsonObject(element)) return this.withSub(attribute, element, subAttribute, stated);
      return subAttribute.element ? (normalizeSingle(attribute, stated, this.leniency) ?? null) : element;
    });
    const identifies = subAttribute.name === 'value' || subAttribute.name === 'type';
    const joins = identifies || changed.some(element => !isJsonObject(element) || element.value === undefined);
    this.putList(attribute, changed, subAttribute.name === 'primary' ? places : new Set(), joins);
  }

  /** The complex value with one sub-attribute set, or removed by an unassigned value. */
  private withSub(attribute: Attribute, complex: JsonObject, child: Attribute, value: Json): JsonObject {
    if (child.name === '$ref' && !attribute.multiValued && !isUnassigned(value)) {
      // A single reference is kept by its identifier, which normalising takes from the URI.
      const settled = normalizeSingle(attribute, { [child.name]: value }, this.leniency);
      return isJsonObject(settled) ? merge(complex, settled) : complex;
    }
    const stated = normalizeValue(child, value, this.leniency);
    const result = merge(complex, {});
    if (stated === undefined) {
      if (child.required && complex[child.name] !== undefined)
        throw mutability(child.path, 'it is required and can be replaced only');
      if (complex[child.name] !== undefined) this.checkImmutable(child, complex[child.name], undefined);
      delete result[child.name];
      return result;
    }
    this.checkImmutable(child, complex[child.name], stated);
    result[child.name] = stated;
    if (!attribute.multiValued && child.name === 'value') delete result.$ref;
    return result;
  }

  private create(attribute: Attribute, element: JsonObject, subAttribute: Attribute, value: Json): void {
    if (subAttribute.element) {
      this.append(attribute, value);
      return;
    }
    const stated = normalizeValue(subAttribute, value, this.leniency);
    if (stated !== undefined) this.append(attribute, merge(element, { [subAttribute.name]: stated }));
  }

  private overlay(attribute: Attribute, element: JsonObject, value: Json, where: string): Json {
    const stated = normalizeSingle(attribute, value, this.leniency);
    if (!isJsonObject(stated)) throw invalidValue(`${where}.value`, value, describe(attribute));
    return merge(element, stated);
  }

  private append(attribute: Attribute, element: Json): void {
    const normalized = normalizeSingle(attribute, element, this.leniency);
    if (normalized === undefined) return;
    if (attribute.multiValued) this.put(attribute, addElements(attribute, this.list(attribute), [normalized]));
    else this.put(attribute, normalized);
  }

  /** The elements that a value states: of a list, or a single one (RFC 7644 §3.5.2.1: "a new value is added"). */
  private elements(attribute: Attribute, value: Json): Json[] {
    if (isUnassigned(value)) return [];
    const normalized = normalizeValue(attribute, Array.isArray(value) ? value : [value], this.leniency);
    return Array.isArray(normalized) ? normalized : [];
  }

  private list(attribute: Attribute): Json[] {
    const value = this.get(attribute);
    const list = value === undefined ? [] : Array.isArray(value) ? value : [value];
    this.spend(list);
    return list;
  }

  /**
   * @param primary places of the elements for which the operation states `primary`
   * @param joins whether elements may have come to be the same
   */
  private putList(attribute: Attribute, list: readonly Json[], primary: ReadonlySet<number>, joins = true): void {
    if (!attribute.multiValued) {
      this.put(attribute, list[0]);
      return;
    }
    const settled = settlePrimary(attribute, list, primary).filter(element => !isEmpty(element));
    this.put(attribute, joins ? joinElements(attribute, settled) : settled);
  }

  private get(attribute: Attribute): Json | undefined {
    return valueIn(this.document, attribute);
  }

  private put(attribute: Attribute, value: Json | undefined): void {
    const before = this.get(attribute);
    const after = value === undefined || isEmpty(value) ? undefined : value;
    this.checkImmutable(attribute, before, after);
    setIn(this.document, attribute, after);
  }

  private checkImmutable(attribute: Attribute, before: Json | undefined, after: Json | undefined): void {
    if (attribute.mutability !== 'immutable' || before === undefined || sameJson(before, after)) return;
    throw mutability(attribute.path, `it is immutable and has the value ${shown(before)}`);
  }

  /** Counts elements looked at, and how long they are, so that many operations on many or long ones are refused and not computed. */
  private spend(elements: readonly Json[], times = 1): void {
    const text = elements.reduce<number>((sum, element) => sum + lengthOf(element), 0);
    this.visit({ elements: elements.length * times, text: text * times });
  }

  /** The same of a value that is put into so many elements: each of them is as long as it from then on. */
  private spendText(value: Json | undefined, times: number): void {
    this.visit({ elements: 0, text: lengthOf(value ?? null) * times });
  }

  private visit({ elements, text }: Work): void {
    this.visited = { elements: this.visited.elements + elements, text: this.visited.text + text };
    if (this.visited.elements > this.most.elements)
      throw payloadTooLarge('values visited by the PATCH', `more than ${this.most.elements}`, this.most.elements);
    if (this.visited.text > this.most.text)
      throw payloadTooLarge(
        'characters of the values visited by the PATCH',
        `more than ${this.most.text}`,
        this.most.text,
      );
  }
}

/** Characters of all texts in a value. */
function lengthOf(value: Json): number {
  if (typeof value === 'string') return value.length;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + lengthOf(item), 0);
  if (!isJsonObject(value)) return 0;
  let length = 0;
  for (const name in value) length += lengthOf(value[name] ?? null);
  return length;
}
