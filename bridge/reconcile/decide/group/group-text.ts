/** What is to change of a Coder group, in words. Pure. */
import { type GroupChange, partsToChange } from './groups-draft';

/** A change of a group that is there: name and display name always, as people know it by them; the rest where it changes. */
export interface SaidGroupParts {
  /** As in the audit trail. */
  readonly action: 'group.rename' | 'group.update';
  readonly before: string;
  readonly after: string;
}

export function sayGroupParts(change: GroupChange): SaidGroupParts {
  const { present } = change;
  const parts = partsToChange(change);
  const before = { name: '', displayName: '', quotaAllowance: 0, avatarUrl: '', ...present };
  const say = (group: typeof before): string =>
    [
      group.name,
      JSON.stringify(group.displayName),
      ...(parts.quotaAllowance === undefined ? [] : [`quota ${group.quotaAllowance}`]),
      ...(parts.avatarUrl === undefined ? [] : [`avatar ${JSON.stringify(group.avatarUrl)}`]),
    ].join(' ');
  const renamed = parts.name !== undefined || parts.displayName !== undefined;
  return {
    action: renamed ? 'group.rename' : 'group.update',
    before: say(before),
    after: say({ ...before, ...parts }),
  };
}
