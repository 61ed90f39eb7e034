/** The part of a sweep that is about no person: custom roles, names of groups, sync settings, and problems that may be gone. */
import { type StoredApp } from '../../store/apps/apps';
import { writeAudit } from '../../store/audit/audit';
import { listManagedGroups } from '../../store/accounts/coder-groups';
import { readGroups } from '../../store/directory/reading';
import { type Cause, enqueue, PRIORITY } from '../../store/work/enqueue';
import { differs, sayPermissions } from '../group/ensure-groups';
import { type GroupIndex, ListedGroups } from '../group/group-index';
import { type Context } from '../context/context';
import { type Rim } from '../context/rim';
import { writeClaims } from '../declaration/write-claims';
import { findOrganization, isPushed } from '../decide/rules';
import { Trail } from '../context/audit-lines';
import { identityKey } from '../../contract/identity';

const CAUSE: Cause = { actor: 'sweep' };

/** Tells what differs; apps whose policy is to repair are dealt with again as a whole. */
export async function sweepDeclarations(rim: Rim, context: Context, apps: readonly StoredApp[]): Promise<void> {
  const index = new ListedGroups(rim.coder.background);
  for (const app of apps) {
    const trail = new Trail(CAUSE, () => rim.clock.now());
    await lookAtRoles(rim, context, app, trail);
    await lookAtGroups(rim, context, app, index, trail);
    if (app.state.mode === 'claims') await writeClaims(rim, context, trail, true);
    await writeAudit(rim.database.db, trail.rows);
    const stored = app.problems.join('\n');
    const resolved = context.rules.get(app.name)?.problems ?? [];
    // A problem that was told may be gone, a new one may be there to be told.
    const differ = stored !== '' || resolved.some(problem => !stored.includes(problem));
    if (app.state.policies.drift !== 'repair' || (trail.rows.length === 0 && !differ)) continue;
    await enqueue(
      rim.database.db,
      [{ key: `app:${app.name}`, app: app.name, priority: PRIORITY.sweep }],
      CAUSE,
      rim.clock.now(),
    );
  }
}

async function lookAtRoles(rim: Rim, context: Context, app: StoredApp, trail: Trail): Promise<void> {
  for (const role of Object.values(app.state.customRoles)) {
    const organization = findOrganization(context.catalog.organizations, role.organization);
    if (organization?.roles === undefined) continue;
    const present = (await rim.coder.background.listOrganizationRoles(organization.id)).find(
      known => identityKey(known.name) === identityKey(role.name),
    );
    const wanted = { displayName: role.displayName ?? role.name, permissions: role.permissions };
    if (present !== undefined && !differs(present, wanted)) continue;
    trail.note({ app: app.name }, 'drift.found', 'reported', {
      target: `${organization.name}/${role.name}`,
      before: present === undefined ? 'absent' : sayPermissions(present),
      after: sayPermissions(wanted),
    });
  }
}

/** Groups that a mapping names: renamed by somebody, or with another display name. Absent ones are found by their members. */
async function lookAtGroups(
  rim: Rim,
  context: Context,
  app: StoredApp,
  index: GroupIndex,
  trail: Trail,
): Promise<void> {
  const managed = await listManagedGroups(rim.database.db);
  const rule = app.state.pushedGroups;
  if (rule?.create === true && app.state.mode === 'push') {
    const known = new Set(managed.map(group => group.scimGroupId));
    for (const group of await readGroups(rim.database.db, app.name))
      if (isPushed(app.state, group) && !known.has(group.id))
        noteAbsent(trail, app.name, `${rule.organization}/${group.displayName}`);
  }
  for (const [key, mapping] of Object.entries(app.state.groupMappings)) {
    const organization = findOrganization(context.catalog.organizations, mapping.organization);
    if (organization === undefined) continue;
    const mine = managed.find(known => known.organization === organization.id && known.name === mapping.group);
    if (mine === undefined) {
      const told = app.problems.some(problem => problem.startsWith(`groupMappings/${key}:`));
      if (mapping.create && !told) noteAbsent(trail, app.name, `${organization.name}/${mapping.group}`);
      continue;
    }
    const actual = await index.byId(organization.id, mine.id);
    if (actual === undefined) continue;
    const wanted = { name: mapping.group, displayName: mapping.displayName ?? actual.displayName };
    if (actual.name === wanted.name && actual.displayName === wanted.displayName) continue;
    trail.note({ app: app.name }, 'drift.found', 'reported', {
      target: `${organization.name}/${mapping.group}`,
      before: `${actual.name} ${JSON.stringify(actual.displayName)}`,
      after: `${wanted.name} ${JSON.stringify(wanted.displayName)}`,
    });
  }
}

function noteAbsent(trail: Trail, app: string, target: string): void {
  trail.note({ app }, 'drift.found', 'reported', { target, before: 'absent', after: 'present' });
}
