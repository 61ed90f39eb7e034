/** Which organization of Coder each name in a document found last: so that one that got another name is known again. */
import { type Db } from '../database/database';
import { deleteSetting, readSettingsUnder, writeSetting } from '../database/settings';

const PREFIX = 'organization-named:';

/** Organization ids by folded name. */
export async function readOrganizationNames(db: Db): Promise<Map<string, string>> {
  return await readSettingsUnder(db, PREFIX);
}

export async function putOrganizationName(db: Db, name: string, organization: string): Promise<void> {
  await writeSetting(db, PREFIX + name, organization);
}

/** No document names it any more: whoever does again means the one that has the name then. */
export async function forgetOrganizationName(db: Db, name: string): Promise<void> {
  await deleteSetting(db, PREFIX + name);
}
