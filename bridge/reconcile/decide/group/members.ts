/** What is to be done about the members of one Coder group. Pure. */
import { type ManagedGroup } from '../../../store/accounts/coder-groups';
import { type MemberState } from '../../../store/accounts/coder-members';

/** Changes in one call, at most. */
const CHANGES_PER_CALL = 1_000;

export interface MembersObserved {
  readonly group: Pick<ManagedGroup, 'origin'>;
  /** Members for whom wanted and present differ. */
  readonly differences: readonly MemberState[];
  /** How many are in it, and how many are to be, where nothing declares it any more; undefined where something does. */
  readonly undeclared: { readonly present: number; readonly wanted: number } | undefined;
}

export interface MembersPlan {
  /** Changes, those of one call together. */
  readonly batches: readonly (readonly MemberState[])[];
  /**
   * What becomes of a group that the bridge made, that nothing declares any more and in which nobody is left: `instead` of
   * taking its members out one call deletes it, `afterwards` its last members are out already; undefined: it stays.
   */
  readonly deletion: 'instead' | 'afterwards' | undefined;
}

export function decideMembers({ group, differences, undeclared }: MembersObserved): MembersPlan {
  const batches: MemberState[][] = [];
  for (let start = 0; start < differences.length; start += CHANGES_PER_CALL)
    batches.push(differences.slice(start, start + CHANGES_PER_CALL));
  if (undeclared === undefined || group.origin !== 'created') return { batches, deletion: undefined };
  const { present, wanted } = undeclared;
  const leaving = differences.filter(difference => difference.wanted === false).length;
  const empties = wanted === 0 && present === leaving;
  return { batches, deletion: !empties ? undefined : present > 0 ? 'instead' : 'afterwards' };
}
