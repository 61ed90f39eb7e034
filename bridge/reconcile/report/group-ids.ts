/** Which Coder group each group mapping is about, for who hangs something on it: a template's access, for instance. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CoderError } from '../../coder';
import { type Rim } from '../context/rim';
import { type Context } from '../decide/context';
import { groupKey } from '../decide/group/groups-draft';
import { findOrganization } from '../decide/rules';

/** Names of organizations are Coder's to say: longer than this nobody waits for it. */
const PATIENCE_MS = 5_000;

/**
 * Ids of Coder groups by the key of their mapping. A mapping whose group is not there yet is left out.
 * @returns null when Coder has to be asked first and does not answer
 */
export async function groupIds(rim: Rim, app: string): Promise<Record<string, string> | null> {
  const context = await contextInTime(rim);
  const state = context?.apps.get(app)?.state;
  if (context === undefined || state === undefined) return null;
  const known = new Map(
    [...context.groups.values()].map(group => [groupKey(group.organization, group.name), group.id]),
  );
  const ids = Object.entries(state.groupMappings).flatMap(([key, mapping]) => {
    const organization = findOrganization(context.catalog.organizations, mapping.organization);
    const id = organization && known.get(groupKey(organization.id, mapping.group));
    return id === undefined ? [] : [[key, id]];
  });
  return Object.fromEntries(ids) as Record<string, string>;
}

async function contextInTime(rim: Rim): Promise<Context | undefined> {
  const patience = new AbortController();
  const context = rim.context.get().catch((error: unknown) => {
    if (error instanceof CoderError) return undefined;
    throw error;
  });
  const late = sleep(PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => undefined);
  try {
    return await Promise.race([context, late]);
  } finally {
    patience.abort();
  }
}
