/**
 * Reads filters and PATCH paths (RFC 7644 §3.4.2.2 and §3.5.2) to the tree of `ast.ts`, checked against the schema. Recursive in
 * the depth of brackets alone, which is bounded; linear in length.
 */
import { type Leniency } from '../dialects/dialect';
import { type Json } from '../json';
import { type ScimError, invalidFilter, invalidPath, shown } from '../errors';
import { type Attribute, type AttributePath } from '../schema/attribute';
import { findAttribute } from '../schema/look-up';
import { type ResourceType } from '../schema/resource-type';
import { dropsUnknown } from '../schema/unknown';
import { type CompareOperator, type Filter, type TargetPath } from './ast';
import { absent } from './compare';
import { type Token, type TokenKind, readToken } from './lexer';
import { compareOperators, literalWanted, operatorsOf, readLiteral, readOperator } from './operators';

/** Bounds of one filter. */
export interface FilterLimits {
  /**
   * Characters.
   * @default 32768
   */
  readonly maxLength?: number;
  /**
   * Comparisons.
   * @default 300
   */
  readonly maxTerms?: number;
  /**
   * Brackets, round and square, within each other.
   * @default 32
   */
  readonly maxDepth?: number;
}

/** How to read a filter. */
export interface FilterOptions extends Leniency {
  readonly limits?: FilterLimits;
  /**
   * Further resource types of a query over several: their attributes are known, and have no value on this type (RFC 7644 §3.4.2.1).
   * @default none: an attribute of another type is refused
   */
  readonly otherTypes?: readonly ResourceType[];
  /** What a PATCH states of the path: it decides whether a path that no schema knows is dropped. @default nothing */
  readonly stated?: Json | undefined;
}

/**
 * Parses a filter for resources of the type.
 * @throws ScimError 400 invalidFilter with the position and what was expected
 */
export function parseFilter(text: string, type: ResourceType, options: FilterOptions = {}): Filter {
  const parser = new Parser(text, type, options);
  const filter = parser.or(undefined);
  parser.end();
  return filter;
}

/**
 * Parses a PATCH path: `name.familyName`, `members[value eq "2819"]`, `emails[type eq "work"].value`, the URN of an extension.
 * @returns undefined when no schema defines what it names, in a dialect that drops such attributes
 * @throws ScimError 400 invalidPath, or invalidFilter when the fault is between the brackets
 */
export function parsePath(text: string, type: ResourceType, options: FilterOptions = {}): TargetPath | undefined {
  return new Parser(text, type, options).path();
}

class Parser {
  private token: Token;
  private terms = 0;
  private depth = 0;

  constructor(
    private readonly text: string,
    private readonly type: ResourceType,
    private readonly options: FilterOptions,
  ) {
    const maxLength = options.limits?.maxLength ?? 32_768;
    if (text.length > maxLength) {
      throw invalidFilter(maxLength + 1, `at most ${maxLength} characters`, `a filter of ${text.length}`);
    }
    this.token = readToken(text, 0);
  }

  /** `scope` is the attribute before the square bracket that we are in. */
  or(scope: Attribute | undefined): Filter {
    return this.joined('or', () => this.joined('and', () => this.term(scope)));
  }

  end(): void {
    if (this.token.kind !== 'end') throw this.wrong('"and", "or" or the end of the filter');
  }

  path(): TargetPath | undefined {
    const name = this.token;
    if (name.kind !== 'word' || name.start > 0) throw this.wrongPath(name, 'the name of an attribute');
    const found = findAttribute(this.type, name.text, this.options);
    if (found === undefined) {
      if (dropsUnknown(this.type, name.text, this.options.stated, this.options)) return undefined;
      throw this.wrongPath(name, `an attribute of ${this.type.name}`);
    }
    this.advance();
    if (this.token.kind === 'end' && !this.token.spaceBefore) return found;
    if (this.token.kind !== '[' || found.subAttribute !== undefined || this.token.spaceBefore) {
      throw this.wrongPath(
        this.token,
        found.subAttribute === undefined ? '"[" or the end of the path' : 'the end of the path',
      );
    }
    const filter = this.brackets(found.attribute);
    if (this.isAt('end')) return { attribute: found.attribute, filter };
    const subAttribute = this.afterBrackets(found.attribute, wanted => this.wrongPath(this.token, wanted));
    if (subAttribute === undefined) throw this.wrongPath(this.token, this.subNames(found.attribute));
    this.advance();
    if (!this.isAt('end')) throw this.wrongPath(this.token, 'the end of the path');
    return { attribute: found.attribute, filter, subAttribute };
  }

  /** Terms joined by one operator, flattened. */
  private joined(kind: 'and' | 'or', next: () => Filter): Filter {
    const first = next();
    if (!this.isWord(kind)) return first;
    const terms: Filter[] = first.kind === kind ? [...first.terms] : [first];
    while (this.isWord(kind)) {
      if (!this.token.spaceBefore) throw this.wrong(`a space before "${kind}"`);
      this.advance();
      if (!this.token.spaceBefore) throw this.wrong(`a space after "${kind}"`);
      const term = next();
      if (term.kind === kind) terms.push(...term.terms);
      else terms.push(term);
    }
    return { kind, terms };
  }

  private term(scope: Attribute | undefined): Filter {
    if (this.isWord('not')) {
      this.advance();
      if (this.token.kind !== '(') throw this.wrong('"(" after "not"');
      return { kind: 'not', term: this.group(scope) };
    }
    return this.token.kind === '(' ? this.group(scope) : this.comparison(scope);
  }

  private group(scope: Attribute | undefined): Filter {
    this.enter();
    const filter = this.or(scope);
    if (this.token.kind !== ')') throw this.wrong('"and", "or" or ")"');
    this.leave();
    return filter;
  }

  private comparison(scope: Attribute | undefined): Filter {
    const name = this.token;
    if (name.kind !== 'word') throw this.wrong('the name of an attribute, "not" or "("');
    this.terms += 1;
    const maxTerms = this.options.limits?.maxTerms ?? 300;
    if (this.terms > maxTerms) throw invalidFilter(name.start + 1, `at most ${maxTerms} comparisons`, 'one more');
    const { path, known } = this.resolve(name, scope);
    this.advance();
    if (this.token.kind === '[' && scope === undefined && path.subAttribute === undefined)
      return this.valuePath(path.attribute, known);
    const filter = this.operation(path, scope);
    return known ? filter : { kind: 'constant', value: absent(filter) };
  }

  private valuePath(attribute: Attribute, known: boolean): Filter {
    const inner = this.brackets(attribute);
    const subAttribute = this.afterBrackets(attribute);
    if (!known) {
      if (subAttribute !== undefined) this.advance();
      if (subAttribute !== undefined) this.operation({ attribute: subAttribute }, attribute);
      return { kind: 'constant', value: false };
    }
    if (subAttribute === undefined) return { kind: 'valuePath', attribute, filter: inner };
    this.advance();
    const operation = this.operation({ attribute: subAttribute }, attribute);
    const terms = [...(inner.kind === 'and' ? inner.terms : [inner]), operation];
    return { kind: 'valuePath', attribute, filter: { kind: 'and', terms } };
  }

  private brackets(attribute: Attribute): Filter {
    if (attribute.children.size === 0 || attribute.extension) {
      throw invalidFilter(this.token.start + 1, `an operator, as ${attribute.path} has no elements`, '"["');
    }
    this.enter();
    const filter = this.or(attribute);
    if (this.token.kind !== ']') throw this.wrong('"and", "or" or "]"');
    this.leave();
    return filter;
  }

  /** The sub-attribute that follows a closing square bracket without a space, if any does. */
  private afterBrackets(attribute: Attribute, refuse = (wanted: string) => this.wrong(wanted)): Attribute | undefined {
    const { kind, text, spaceBefore } = this.token;
    if (kind !== 'word' || spaceBefore || !text.startsWith('.')) return undefined;
    const subAttribute = attribute.children.get(text.slice(1).toLowerCase());
    if (subAttribute === undefined) throw refuse(this.subNames(attribute));
    return subAttribute;
  }

  /** `pr`, or an operator and its literal. */
  private operation(named: AttributePath, scope: Attribute | undefined): Filter {
    const { token } = this;
    const operator = token.kind === 'word' && token.spaceBefore ? readOperator(token.text) : undefined;
    if (operator === undefined && !(token.spaceBefore && this.isWord('pr')))
      throw this.wrong(`one of ${compareOperators.join(', ')}, pr`);
    this.advance();
    if (operator === undefined) return { kind: 'presence', path: named };
    const path = this.comparable(named, token, scope);
    const attribute = path.subAttribute ?? path.attribute;
    if (!operatorsOf[attribute.type].includes(operator)) {
      const wanted = `one of ${operatorsOf[attribute.type].join(', ')}, pr for the ${attribute.type} ${attribute.path}`;
      throw invalidFilter(token.start + 1, wanted, shown(token.text));
    }
    return { kind: 'comparison', path, operator, value: this.literal(attribute, operator) };
  }

  private literal(attribute: Attribute, operator: CompareOperator): string | number | boolean | null {
    const { token } = this;
    const literal = token.spaceBefore ? readLiteral(token, attribute, operator, this.options) : undefined;
    if (literal === undefined)
      throw this.wrong(`${literalWanted(attribute, operator)} after ${attribute.path} ${operator}`);
    this.advance();
    return literal;
  }

  /** The path itself, or that of the `value` of a complex attribute. */
  private comparable(path: AttributePath, at: Token, scope: Attribute | undefined): AttributePath {
    const attribute = path.subAttribute ?? path.attribute;
    if (attribute.type !== 'complex') return path;
    const value = attribute.children.get('value');
    if (value === undefined || attribute.extension || scope !== undefined || path.subAttribute !== undefined) {
      throw invalidFilter(at.start + 1, `pr, or a comparison of a sub-attribute of ${attribute.path}`, shown(at.text));
    }
    return { attribute, subAttribute: value };
  }

  private resolve(name: Token, scope: Attribute | undefined): { path: AttributePath; known: boolean } {
    if (scope !== undefined) {
      const child = scope.children.get(name.text.toLowerCase());
      if (child === undefined) throw invalidFilter(name.start + 1, this.subNames(scope), shown(name.text));
      return { path: { attribute: child }, known: true };
    }
    const own = findAttribute(this.type, name.text, this.options);
    const path =
      own ??
      this.options.otherTypes
        ?.map(type => findAttribute(type, name.text, this.options))
        .find(found => found !== undefined);
    if (path === undefined) throw invalidFilter(name.start + 1, `an attribute of ${this.type.name}`, shown(name.text));
    if ((path.subAttribute ?? path.attribute).returned === 'never') {
      throw invalidFilter(name.start + 1, 'an attribute that is returned', shown(name.text));
    }
    return { path, known: own !== undefined };
  }

  private subNames(attribute: Attribute): string {
    return `one of ${[...attribute.children.values()].map(({ name }) => name).join(', ')} of ${attribute.path}`;
  }

  private isAt(kind: TokenKind): boolean {
    return this.token.kind === kind;
  }

  private isWord(word: string): boolean {
    return this.token.kind === 'word' && this.token.text.toLowerCase() === word;
  }

  private enter(): void {
    this.depth += 1;
    const maxDepth = this.options.limits?.maxDepth ?? 32;
    if (this.depth > maxDepth) throw this.wrong(`at most ${maxDepth} brackets within each other`);
    this.advance();
  }

  private leave(): void {
    this.depth -= 1;
    this.advance();
  }

  private advance(): void {
    this.token = readToken(this.text, this.token.start + this.token.text.length);
  }

  private got({ kind, text, value }: Token): string {
    if (kind === 'end') return 'the end of the text';
    return kind === 'broken' ? value : shown(kind === 'string' ? value : text);
  }

  private wrong(wanted: string): ScimError {
    return invalidFilter(this.token.start + 1, wanted, this.got(this.token));
  }

  private wrongPath(token: Token, wanted: string): ScimError {
    return invalidPath(this.text, token.start + 1, wanted, this.got(token));
  }
}
