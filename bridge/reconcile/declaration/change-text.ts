/** Changes of groups, custom roles and sync settings in words: the same for a plan and for what a sweep has found. */
import { type Context } from '../decide/context';
import { type RoleChange, sayPermissions } from '../decide/declaration/custom-roles';
import { sayGroupParts } from '../decide/group/group-text';
import { callOf, type GroupChange } from '../decide/group/groups-draft';
import { saySync, type SyncChange } from '../decide/declaration/sync-settings';
import { targetOf } from './sync-settings';

/** One change for people to read. */
export interface SaidChange {
  /** As in the audit trail. */
  readonly action:
    | 'group.create'
    | 'group.rename'
    | 'group.update'
    | 'custom-role.create'
    | 'custom-role.update'
    | 'sync-settings.set';
  readonly target: string;
  /** Undefined: not there. */
  readonly before: string | undefined;
  readonly after: string;
  /** The entry of the document that asks for it. */
  readonly because: string | undefined;
}

/** Nothing for a change that writes nothing to Coder. */
export function sayGroupChange(change: GroupChange): SaidChange[] {
  const { organization, row, what } = change;
  const base = { target: `${organization.name}/${row.name}`, because: what };
  switch (callOf(change)) {
    case 'note':
      return [];
    case 'create':
      return [{ ...base, action: 'group.create', before: undefined, after: 'present' }];
    case 'change':
      return [{ ...base, ...sayGroupParts(change) }];
  }
}

/** Nothing for a change that writes nothing to Coder. */
export function sayRoleChange({ kind, organization, wanted, present, what }: RoleChange): SaidChange[] {
  if (kind === 'note') return [];
  return [
    {
      action: kind === 'create' ? 'custom-role.create' : 'custom-role.update',
      target: `${organization.name}/${wanted.name}`,
      before: present === undefined ? undefined : sayPermissions(present),
      after: sayPermissions(wanted),
      because: what,
    },
  ];
}

/** Nothing where Coder says it already. */
export function saySyncChange(context: Context, { observed, next }: SyncChange): SaidChange[] {
  if (next === undefined) return [];
  return [
    {
      action: 'sync-settings.set',
      target: targetOf(context, observed.kind, observed.organization),
      before: saySync(observed.present),
      after: saySync(next),
      because: undefined,
    },
  ];
}
