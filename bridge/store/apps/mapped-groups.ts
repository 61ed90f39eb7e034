/** The Coder group that each group mapping was given last: so that a mapping that is declared with another name renames it. */
import { type Db } from '../database/database';
import { readSettingsUnder, writeSetting } from '../database/settings';

const keyOf = (app: string, mapping: string): string => `mapped-group:${app}/${mapping}`;

/** Ids of Coder groups by mapping, such as `groupMappings/<key>`. */
export async function readMappedGroups(db: Db, app: string): Promise<Map<string, string>> {
  return await readSettingsUnder(db, keyOf(app, ''));
}

export async function putMappedGroup(db: Db, app: string, mapping: string, coderGroupId: string): Promise<void> {
  await writeSetting(db, keyOf(app, mapping), coderGroupId);
}

/** Forgets what mappings of a purged app, or of a group that is gone, were given. */
export async function forgetMappedGroups(
  db: Db,
  of: { readonly app: string } | { readonly coderGroupId: string },
): Promise<void> {
  const rows = db.deleteFrom('settings').where('key', 'like', 'mapped-group:%');
  if ('coderGroupId' in of) await rows.where('value', '=', of.coderGroupId).execute();
  else
    for (const mapping of (await readMappedGroups(db, of.app)).keys())
      await rows.where('key', '=', keyOf(of.app, mapping)).execute();
}
