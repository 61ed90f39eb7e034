/** Whether the bridge's account may read and stop the workspaces of people who leave. */
import { type DoctorCheck } from '../../contract/admin-api';
import { type StoredApp } from '../../store/apps/apps';
import { type Context, organizationName } from '../decide/context';

const NAME = 'workspaces';

/** Nothing to say while no app is declared. */
export function workspacesCheck(context: Context, apps: readonly StoredApp[]): DoctorCheck[] {
  if (apps.length === 0) return [];
  const stops = apps.some(app => app.state.policies.leavingWorkspaces === 'stop');
  const needed = (permission: string): boolean => stops || permission.endsWith(': read');
  const lacking = new Map<string, string[]>();
  for (const [organization, missing] of context.catalog.workspaceRights) {
    const what = missing.filter(needed).join(', ');
    if (what !== '')
      lacking.set(what, [...(lacking.get(what) ?? []), JSON.stringify(organizationName(context, organization))]);
  }
  if (lacking.size === 0)
    return [
      {
        name: NAME,
        state: 'ok',
        detail: stops
          ? 'the account may read and stop the workspaces of people who leave'
          : 'the account may read the workspaces of people who leave, which are left to Coder',
        next: null,
      },
    ];
  return [...lacking].map(([what, organizations]) => ({
    name: NAME,
    state: 'warning',
    detail: `workspaces of people who leave may run on in ${organizations.join(', ')}: the account lacks ${what} there, and Coder answers with an empty list, which is not "no workspaces"`,
    next: `give the bridge's account owner, organization-admin there, or a custom role with ${what}`,
  }));
}
