/** Whom organization sync touches: accounts that it takes out of an organization at their next sign-in. */
import { peopleOfAccounts } from '../../store/accounts/people';
import { groupsOfUser } from '../../store/directory/reading';
import { type Context } from '../decide/context';
import { type Rim } from '../context/rim';
import { type Join, type SyncMapping } from '../decide/declaration/claims';
import { type SyncChange } from '../decide/declaration/sync-settings';

export interface LosesOrganization {
  readonly username: string;
  /** Name of the organization. */
  readonly organization: string;
}

/**
 * Accounts that sign in by OIDC and are members of an organization that no entry of the settings gives them, as far as the
 * directory knows of their groups. Reads every account: for a change of the settings alone.
 * @param until nothing more is asked of Coder once this is aborted. @default never
 */
export async function losesOrganizations(
  rim: Rim,
  context: Context,
  change: SyncChange,
  joins: readonly Join[],
  until?: AbortSignal,
): Promise<LosesOrganization[]> {
  if (change.next === undefined || change.next.field === '') return [];
  const names = new Map(context.catalog.organizations.map(({ id, name }) => [id, name]));
  const losers: LosesOrganization[] = [];
  // Everybody stays in the default one, unless that is switched off.
  const stays = change.observed.present.assignDefault === true ? context.catalog.defaultOrganization : undefined;
  for await (const account of rim.coder.background.listUsers()) {
    until?.throwIfAborted();
    if (account.loginType !== 'oidc') continue;
    const others = account.organizationIds.filter(id => id !== stays && names.has(id));
    if (others.length === 0) continue;
    const given = await organizationsGiven(rim, account.id, joins, change.next.mapping);
    for (const id of others)
      if (!given.has(id)) losers.push({ username: account.username, organization: names.get(id) ?? id });
  }
  return losers;
}

async function organizationsGiven(
  rim: Rim,
  coderUserId: string,
  joins: readonly Join[],
  mapping: SyncMapping['mapping'],
): Promise<Set<string>> {
  const given = new Set<string>();
  for (const person of await peopleOfAccounts(rim.database.db, [coderUserId]))
    for (const group of await groupsOfUser(rim.database.db, person.userId))
      for (const join of joins)
        if (
          join.app === person.app &&
          (join.claim === group.displayName || join.claim === group.externalId) &&
          mapping[join.claim]?.includes(join.organization.id) === true
        )
          given.add(join.organization.id);
  return given;
}
