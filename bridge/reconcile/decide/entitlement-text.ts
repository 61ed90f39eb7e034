/** Entitlements in words, for audit lines, holds and reports. */
import { groupName, organizationName } from '../person/apply-steps';
import { type Context } from '../context/context';
import { type Entitlement } from './entitlement';

export function sayRemoval(context: Context, entitlement: Entitlement): string {
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
