/** Custom roles of a declaration: what Coder has is observed, and what was decided is carried out and recorded. */
import { CoderError, type CoderClient, type CoderRole, outcomeOf } from '../../coder';
import { listManagedRoles, putManagedRole } from '../../store/accounts/custom-roles';
import { type StoredApp } from '../../store/apps/apps';
import { writeAudit } from '../../store/audit/audit';
import { type Db } from '../../store/database/database';
import { closeEntry, closeSame, entriesOfKind, readEntry } from '../../store/journal/journal';
import { type Work } from '../../store/work/work';
import { AuditLines } from '../context/audit-lines';
import { LeaseTaken } from '../context/mutex';
import { type Rim } from '../context/rim';
import { checkStillOurs } from '../context/still-ours';
import {
  type RoleChange,
  type RolesObserved,
  type RolesPlan,
  sayPermissions,
} from '../decide/declaration/custom-roles';
import { findOrganization, type KnownOrganization } from '../decide/rules';
import { roleKey } from '../decide/group/undeclared';
import { orProblem } from '../group/act-on-groups';
import { makeJournaled } from '../group/begun';

/** @param later as for `orProblem` */
export async function observeRoles(
  db: Db,
  coder: Pick<CoderClient, 'listOrganizationRoles'>,
  organizations: readonly KnownOrganization[],
  { name, state }: Pick<StoredApp, 'name' | 'state'>,
  apps: Iterable<StoredApp>,
  later?: CoderError[],
): Promise<RolesObserved> {
  const ids = new Set(
    Object.values(state.customRoles).flatMap(role => findOrganization(organizations, role.organization)?.id ?? []),
  );
  const present = new Map<string, readonly CoderRole[] | { readonly unreadable: string }>();
  for (const id of ids) present.set(id, await readRoles(coder, id, later));
  return {
    state,
    others: [...apps].flatMap(other => (other.name === name || other.deleting ? [] : other.state)),
    organizations,
    present,
    managed: await listManagedRoles(db),
    begun: new Set((await entriesOfKind(db, 'custom-role')).map(entry => entry.key)),
  };
}

/** What stays refused, or fails again, keeps the other organizations' roles from nothing. */
async function readRoles(
  coder: Pick<CoderClient, 'listOrganizationRoles'>,
  organization: string,
  later: CoderError[] | undefined,
): Promise<readonly CoderRole[] | { readonly unreadable: string }> {
  try {
    return await coder.listOrganizationRoles(organization);
  } catch (error) {
    if (!(error instanceof CoderError)) throw error;
    if (error.retryable && (later === undefined || outcomeOf(error).kind !== 'failed')) throw error;
    if (error.retryable) later?.push(error);
    return { unreadable: error.message };
  }
}

/**
 * @param later as for `orProblem`
 * @returns problems in words; a role that Coder refuses is one of them, and the others are done
 */
export async function actOnRoles(
  rim: Rim,
  app: string,
  plan: RolesPlan,
  work: Work,
  later?: CoderError[],
): Promise<string[]> {
  const problems = [...plan.problems];
  for (const change of plan.changes) await orProblem(problems, change.what, () => act(rim, app, change, work), later);
  return problems;
}

async function act(rim: Rim, app: string, change: RoleChange, work: Work): Promise<void> {
  const { db } = rim.database;
  const { organization, wanted, present } = change;
  const key = roleKey(organization.id, wanted.name);
  const lines = new AuditLines(work.cause, () => rim.clock.now());
  const target = `${organization.name}/${wanted.name}`;
  // What is to be made asks as it is begun.
  if (change.kind !== 'create') await checkStillOurs(rim, db, work);
  if (change.kind === 'create') {
    const entry = { kind: 'custom-role', key, app, subject: undefined, note: {}, since: rim.clock.now() } as const;
    const { made, begunBefore } = await makeJournaled(rim, work, entry, () =>
      rim.coder.createCustomRole(organization.id, wanted),
    );
    if (made.outcome === 'existed' && made.answerLost !== true && !begunBefore) {
      // Whose it is was decided when there was none: to be decided anew.
      await closeSame(db, entry);
      throw new LeaseTaken(
        `custom role ${JSON.stringify(wanted.name)} was made by somebody else in the same moment: looked at again`,
      );
    }
    lines.note({ app }, 'custom-role.create', 'done', { target, after: sayPermissions(wanted) });
  } else if (change.origin === 'created' && (await readEntry(db, 'custom-role', key)) !== undefined) {
    const detail = 'the answer to the creation was lost';
    lines.note({ app }, 'custom-role.create', 'done', { target, after: sayPermissions(wanted), detail });
  }
  if (change.kind === 'update') {
    await rim.coder.updateCustomRole(organization.id, wanted);
    lines.note({ app }, 'custom-role.update', 'done', {
      target,
      before: present === undefined ? undefined : sayPermissions(present),
      after: sayPermissions(wanted),
    });
  }
  await rim.database.transact(async trx => {
    await putManagedRole(trx, { organization: organization.id, name: wanted.name, origin: change.origin });
    await closeEntry(trx, 'custom-role', key);
    await writeAudit(trx, lines.rows);
  });
}
