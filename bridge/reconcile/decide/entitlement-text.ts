/** Removals and gains in words, for audit lines, holds and reports. Pure. */
import { type Context, groupName, organizationName } from './context';
import { type Entitlement } from './entitlement';
import { type GuardedGain, type Removal } from './plan';

export function sayRemoval(context: Context, removal: Removal): string {
  if (removal.kind !== 'account') return sayEntitlement(context, removal);
  return removal.deletes ? 'account, deleted' : 'account';
}

export function sayGain(context: Context, gain: GuardedGain): string {
  return gain.kind === 'activation' ? 'let in again' : `gains ${sayEntitlement(context, gain)}`;
}

function sayEntitlement(context: Context, entitlement: Entitlement): string {
  switch (entitlement.kind) {
    case 'site-role':
      return `site role ${entitlement.target}`;
    case 'organization':
      return `membership of organization ${organizationName(context, entitlement.organization)}`;
    case 'organization-role':
      return `role ${entitlement.target} in organization ${organizationName(context, entitlement.organization)}`;
    case 'group':
      return `group ${groupName(context, entitlement.target)}`;
  }
}
