/** Why a person has what the person has: every entitlement with its groups and mappings, and whether Coder agrees. */
import { type AuditEntry, type Explanation } from '../../contract/admin-api';
import { type CoderUser } from '../../coder';
import { type AuditRecord, queryAudit } from '../../store/audit/audit';
import { memberStatesOf } from '../../store/accounts/coder-members';
import { groupsOfUser, readUser } from '../../store/directory/reading';
import { findPeople, type Person } from '../../store/accounts/people';
import { type Context, groupName, organizationName } from '../decide/context';
import { type Rim } from '../context/rim';
import { ABSENT, desire } from '../decide/desired';
import { type Entitlement, isImplied, keyOf } from '../decide/entitlement';

const RECENT = 20;

const iso = (at: number): string => new Date(at).toISOString();

/** An audit row as the admin API answers it. */
export function toEntry(row: AuditRecord): AuditEntry {
  return {
    id: row.id,
    at: iso(row.at),
    app: row.app,
    actor: row.actor,
    token: row.token,
    requestId: row.request_id,
    subject: row.subject,
    subjectName: row.subject_name,
    coderUserId: row.coder_user_id,
    action: row.action,
    target: row.target,
    idpGroup: row.idp_group,
    mapping: row.mapping,
    before: row.before,
    after: row.after,
    result: row.result,
    detail: row.detail,
    seq: row.seq,
    hash: row.hash,
  };
}

/** Everybody whom this text names. */
export async function explain(rim: Rim, user: string): Promise<Explanation[]> {
  const context = await rim.context.get();
  const people = await findPeople(rim.database.db, user);
  return await Promise.all(people.map(person => explainPerson(rim, context, person)));
}

async function explainPerson(rim: Rim, context: Context, person: Person): Promise<Explanation> {
  const { db } = rim.database;
  const user = await readUser(db, person.userId);
  const rules = context.rules.get(person.app);
  const desired =
    user === undefined || rules === undefined ? ABSENT : desire(rules, user, await groupsOfUser(db, user.id));
  const wanted = new Set([...desired.entitlements.values()].map(meant));
  const has = await presence(rim, context, person);
  return {
    app: person.app,
    scimId: person.userId,
    userName: user?.userName ?? person.userName,
    active: user?.active ?? false,
    coderUserId: person.coderUserId ?? null,
    coderUsername: has?.account.username ?? person.coderUsername ?? null,
    status: has?.account.status ?? null,
    held: person.heldReason === undefined ? null : `${person.heldReason}: ${person.heldDetail ?? ''}`,
    entitlements: [...desired.entitlements.values()].map(entitlement => ({
      ...named(context, entitlement),
      target: targetOf(context, entitlement),
      because: entitlement.because.map(({ idpGroup, mapping }) => ({ idpGroup, mapping })),
      present: has === undefined ? null : has.all.some(held => meant(held) === meant(entitlement)),
    })),
    beside: (has?.all ?? [])
      .filter(held => !wanted.has(meant(held)))
      .filter(
        ({ kind, organization }) => kind !== 'organization' || organization !== context.catalog.defaultOrganization,
      )
      .map(held => ({ ...named(context, held), target: targetOf(context, held) })),
    recent: (await queryAudit(db, { subject: person.userId, limit: RECENT })).map(toEntry),
  };
}

/** Coder's id of a group says all of it. */
const meant = (one: Entitlement): string => keyOf(one.kind === 'group' ? { ...one, organization: '' } : one);

function named(context: Context, { kind, organization }: Entitlement) {
  return { kind, organization: organization === '' ? null : organizationName(context, organization) };
}

function targetOf(context: Context, { kind, organization, target }: Entitlement): string {
  if (kind === 'organization') return organizationName(context, organization);
  return kind === 'group' ? (context.groups.get(target)?.name ?? groupName(context, target)) : target;
}

/** What the account has in Coder now; undefined when there is none or Coder can't be asked. Of groups those that the bridge knows the members of. */
async function presence(
  rim: Rim,
  context: Context,
  person: Person,
): Promise<{ account: CoderUser; all: readonly Entitlement[] } | undefined> {
  if (person.coderUserId === undefined) return undefined;
  try {
    const found = await rim.coder.getUser(person.coderUserId);
    if (found.state !== 'present') return undefined;
    const { site, organizations } = await rim.coder.getRoles(person.coderUserId);
    const members = await memberStatesOf(rim.database.db, person.coderUserId);
    const assigned = (roles: readonly string[]) => roles.filter(role => !isImplied(role));
    return {
      account: found.user,
      all: [
        ...assigned(site).map(target => ({ kind: 'site-role' as const, organization: '', target })),
        ...[...organizations].flatMap(([organization, roles]) => [
          { kind: 'organization' as const, organization, target: '' },
          ...assigned(roles).map(target => ({ kind: 'organization-role' as const, organization, target })),
        ]),
        ...members
          .filter(({ present }) => present)
          .map(({ coderGroupId }) => ({
            kind: 'group' as const,
            organization: context.groups.get(coderGroupId)?.organization ?? '',
            target: coderGroupId,
          })),
      ],
    };
  } catch (error) {
    rim.log.warn({ err: error, account: person.coderUserId }, 'account can not be read for an explanation');
    return undefined;
  }
}
