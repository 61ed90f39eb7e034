/** Gathers what a PATCH does to the rows of a group, without ever reading them. Linear in what the request states. */
import { type Leniency } from '../dialects/dialect';
import { mutability } from '../errors';
import { type Filter, type TargetPath } from '../filter/ast';
import { type Json } from '../json';
import { type MemberValue } from '../schema/member-value';
import { readMembers } from '../schema/members';
import { isUnassigned } from '../schema/statement';
import { type MemberChange, type PatchOperation } from './operation';

/** The changes in order; what follows on one of its own kind is joined with it. */
export class MemberChanges {
  private readonly done: MemberChange[] = [];
  private adding = new Map<string, MemberValue>();
  private removing = new Set<string>();

  /** Takes one operation whose path ends at the rows attribute. */
  apply(op: PatchOperation['op'], path: TargetPath, value: Json | undefined, leniency: Leniency): void {
    const { attribute, filter, subAttribute } = path;
    if (subAttribute !== undefined) {
      throw mutability(subAttribute.path, 'a member is immutable; remove the member and add another');
    }
    if (filter !== undefined) {
      if (op !== 'remove') throw mutability(attribute.path, 'a member is immutable; remove the member and add another');
      this.removeWhere(filter);
      return;
    }
    if (op === 'remove' && value !== undefined && value !== null) {
      this.remove(readMembers(attribute, value, leniency).map(member => member.value));
    } else if (op === 'add') {
      this.add(readMembers(attribute, value ?? null, leniency));
    } else {
      this.replaceAll(op === 'remove' || isUnassigned(value) ? [] : readMembers(attribute, value ?? null, leniency));
    }
  }

  /** What has been gathered. */
  list(): readonly MemberChange[] {
    this.flush();
    return this.done;
  }

  private add(members: readonly MemberValue[]): void {
    if (this.removing.size > 0) this.flush();
    for (const member of members) this.adding.set(member.value, member);
  }

  private remove(values: readonly string[]): void {
    if (this.adding.size > 0) this.flush();
    for (const value of values) this.removing.add(value);
  }

  private removeWhere(filter: Filter): void {
    const values = statedValues(filter);
    if (values !== undefined) {
      this.remove(values);
      return;
    }
    this.flush();
    this.done.push({ kind: 'removeWhere', filter });
  }

  private replaceAll(members: readonly MemberValue[]): void {
    // Whatever came before is undone by it.
    this.adding.clear();
    this.removing.clear();
    this.done.length = 0;
    this.done.push(members.length === 0 ? { kind: 'removeAll' } : { kind: 'replaceAll', members });
  }

  private flush(): void {
    if (this.adding.size > 0) this.done.push({ kind: 'add', members: [...this.adding.values()] });
    if (this.removing.size > 0) this.done.push({ kind: 'remove', values: [...this.removing] });
    this.adding = new Map();
    this.removing = new Set();
  }
}

/** The identifiers of `value eq "a"` and `value eq "a" or value eq "b"`; nothing for any other filter. */
function statedValues(filter: Filter): string[] | undefined {
  const values: string[] = [];
  for (const term of filter.kind === 'or' ? filter.terms : [filter]) {
    if (term.kind !== 'comparison' || term.operator !== 'eq' || typeof term.value !== 'string') return undefined;
    if (term.path.attribute.name !== 'value') return undefined;
    values.push(term.value);
  }
  return values;
}
