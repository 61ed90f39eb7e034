/** What changes of members come to for a large group, found out in turns and without holding anything: nothing is written here. */
import { sql } from 'kysely';
import { type Filter } from '../../../scim-language/filter/ast';
import { type MemberChange } from '../../../scim-language/patch/operation';
import { type MemberValue } from '../../../scim-language/schema/member-value';
import { type Db, backendOf } from '../../database/database';
import { piecesOf } from '../../database/pieces';
import { NestedGroupsRefused, UnknownMembers } from '../errors';
import { type Known, isRemovalOfAll, membersNotIn, refuseNames, refuseNoIds, resolveMembers } from '../members';
import { type UserOrGroup } from '../resources';
import { type Write } from '../rows';
import { memberFilter } from '../search/filter-sql';
import { LARGE, ROWS_OF_TURN, isLargeSet, pagesOf } from './pages';

/** Who comes and who goes. */
export interface Delta {
  readonly joined: readonly MemberValue[];
  readonly left: ReadonlySet<string>;
  /** Those of whom come who are groups. */
  readonly groups: readonly string[];
}

/** Whether changes of a group are made in turns: many are stated, or all members are looked at. */
export async function areLarge(db: Db, setId: string, changes: readonly MemberChange[]): Promise<boolean> {
  if (backendOf(db) !== 'sqlite' || changes.length === 0) return false;
  // Taking everybody out is one row in any group. Filters besides other changes would have to see those.
  const [only] = changes;
  if (changes.length === 1 && isRemovalOfAll(only)) return false;
  if (changes.length > 1 && changes.some(({ kind }) => kind === 'removeWhere')) return false;
  if (changes.reduce((sum, change) => sum + statedBy(change), 0) > LARGE) return true;
  return changes.some(({ kind }) => kind !== 'add' && kind !== 'remove') && (await isLargeSet(db, setId));
}

function statedBy(change: MemberChange): number {
  if (change.kind === 'add' || change.kind === 'replaceAll') return change.members.length;
  return change.kind === 'remove' ? change.values.length : 0;
}

/**
 * @param setId the members as they are; undefined: nobody
 * @throws UnknownMembers, NestedGroupsRefused
 */
export async function deltaOf(
  write: Write,
  setId: string | undefined,
  changes: readonly MemberChange[],
  baseUrl: string,
): Promise<Delta> {
  const counting = new Counting(write, setId);
  refuseNoIds(changes);
  for (const change of changes) await counting.apply(change, baseUrl);
  return counting.delta();
}

const rowsWhere = (write: Write, setId: string, after: string, upTo: string, filter: ReturnType<typeof memberFilter>) =>
  sql<{ member_id: string }>`
    select member_id from member_rows as members
    where set_id = ${setId} and member_id >= ${after} and member_id <= ${upTo} and ${filter}`.execute(write.db);

class Counting {
  private joined = new Map<string, MemberValue>();
  private left = new Set<string>();
  private readonly known = new Map<string, UserOrGroup>();
  private readonly unknown: string[] = [];

  constructor(
    private readonly write: Write,
    private readonly setId: string | undefined,
  ) {}

  async apply(change: MemberChange, baseUrl: string): Promise<void> {
    switch (change.kind) {
      case 'add':
        return await this.add(change.members);
      case 'remove':
        return await this.remove(change.values);
      case 'removeAll':
        return await this.replace([]);
      case 'replaceAll':
        return await this.replace(change.members);
      case 'removeWhere':
        return await this.removeWhere(change.filter, baseUrl);
    }
  }

  delta(): Delta {
    if (this.unknown.length > 0) throw new UnknownMembers(this.unknown);
    const { known, joined, left, write } = this;
    const stated: string[] = [];
    for (const [id, type] of known) if (type === 'Group') stated.push(id);
    if (stated.length > 0 && write.nestedGroups === 'refuse') throw new NestedGroupsRefused(stated);
    return { joined: [...joined.values()], left, groups: stated.filter(id => joined.has(id)) };
  }

  private async add(members: readonly MemberValue[]): Promise<void> {
    for await (const some of piecesOf(members, ROWS_OF_TURN)) {
      const outside = await this.notIn(some.map(({ value }) => value));
      const come = some.filter(({ value }) => outside.has(value));
      for (const { value } of some) if (!outside.has(value)) this.left.delete(value);
      await this.resolve(come);
      for (const member of come) if (!this.joined.has(member.value)) this.joined.set(member.value, member);
    }
  }

  private async remove(values: readonly string[]): Promise<void> {
    for await (const some of piecesOf(values, ROWS_OF_TURN)) {
      const outside = await this.notIn(some);
      for (const value of some) {
        this.joined.delete(value);
        if (!outside.has(value)) this.left.add(value);
      }
    }
  }

  private async replace(members: readonly MemberValue[]): Promise<void> {
    this.joined.clear();
    this.left.clear();
    const stated = new Map<string, MemberValue>();
    for await (const some of piecesOf(members, ROWS_OF_TURN))
      for (const member of some) stated.set(member.value, member);
    if (this.setId !== undefined)
      for await (const rows of pagesOf(this.write.db, this.setId))
        for (const { member_id } of rows) if (!stated.delete(member_id)) this.left.add(member_id);
    for await (const some of piecesOf([...stated.values()], ROWS_OF_TURN)) await this.resolve(some);
    this.joined = stated;
  }

  private async removeWhere(filter: Filter, baseUrl: string): Promise<void> {
    if (this.setId === undefined) return;
    const meets = memberFilter(this.write.db, filter, baseUrl);
    for await (const rows of pagesOf(this.write.db, this.setId)) {
      const [first, last] = [rows[0]?.member_id ?? '', rows.at(-1)?.member_id ?? ''];
      const found = await rowsWhere(this.write, this.setId, first, last, meets);
      for (const { member_id } of found.rows) this.left.add(member_id);
    }
    if (this.left.size === 0) refuseNames(filter, baseUrl);
  }

  private async notIn(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set(this.setId === undefined ? ids : await membersNotIn(this.write, this.setId, ids));
  }

  /** Finds out what they are; whoever is nobody is told of with all others. */
  private async resolve(members: readonly MemberValue[]): Promise<void> {
    try {
      const known: Known = await resolveMembers({ ...this.write, nestedGroups: 'resolve' }, undefined, [
        { kind: 'add', members },
      ]);
      for (const [id, type] of known) this.known.set(id, type);
    } catch (error) {
      if (!(error instanceof UnknownMembers)) throw error;
      for (const id of error.ids) this.unknown.push(id);
    }
  }
}
