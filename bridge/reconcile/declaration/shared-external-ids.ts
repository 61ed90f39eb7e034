/** Warnings of one externalId that several hold: a mapping by it would read all of them, and a person may be taken for another. */
import { type StoredApp } from '../../store/apps/apps';
import { type Db } from '../../store/database/database';
import { holdersOfSharedExternalIds, type SharedExternalId } from '../../store/directory/shared-external-ids';

/** @returns warnings in words, by name */
export async function sharedExternalIds(db: Db, app: Pick<StoredApp, 'name' | 'state'>): Promise<string[]> {
  const { groupMappings, roleMappings, organizationMappings } = app.state;
  const mapped = [
    ...readersOf('groupMappings', groupMappings),
    ...readersOf('roleMappings', roleMappings),
    ...readersOf('organizationMappings', organizationMappings),
  ];
  const groups = await holdersOfSharedExternalIds(db, 'groups', app.name);
  const users = await holdersOfSharedExternalIds(db, 'users', app.name);
  return [
    ...groups.map(shared => {
      const mappings = mapped.flatMap(({ externalId, mapping }) => (externalId === shared.externalId ? [mapping] : []));
      const reads =
        mappings.length === 0 ? '' : `, and ${mappings.join(', ')} gives the people of all of them what it gives`;
      return `groups ${say(shared)}${reads}: give each its own in the identity provider`;
    }),
    ...users.map(
      shared => `people ${say(shared)}: one may be taken for the other; give each its own in the identity provider`,
    ),
  ];
}

/** The mappings that read a group by its externalId. */
function readersOf(
  kind: string,
  mappings: Readonly<Record<string, { readonly idpGroupExternalId?: string | undefined }>>,
): { readonly externalId: string | undefined; readonly mapping: string }[] {
  return Object.entries(mappings).map(([key, { idpGroupExternalId }]) => ({
    externalId: idpGroupExternalId,
    mapping: `${kind}/${key}`,
  }));
}

function say({ externalId, names }: SharedExternalId): string {
  return `${names.map(name => JSON.stringify(name)).join(', ')} hold one externalId ${JSON.stringify(externalId)}`;
}
