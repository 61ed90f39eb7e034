/** What the last sweep of an app could not compare with Coder, in words: nobody knows what differs there, until a later one can tell. */
import { type Db } from '../database/database';
import { deleteSetting, readSettingsUnder, writeSetting } from '../database/settings';

const PREFIX = 'sweep-failures:';

/** By app; apps of which everything could be compared are not in it. */
export async function readSweepFailures(db: Db): Promise<Map<string, readonly string[]>> {
  const noted = await readSettingsUnder(db, PREFIX);
  return new Map([...noted].map(([app, text]) => [app, JSON.parse(text) as string[]]));
}

/** Takes the place of what was noted before; nothing for a sweep that compared everything, and of an app that is gone. */
export async function noteSweepFailures(db: Db, app: string, failures: readonly string[]): Promise<void> {
  const isThere = await db.selectFrom('apps').select('name').where('name', '=', app).executeTakeFirst();
  if (failures.length === 0 || isThere === undefined) await deleteSetting(db, `${PREFIX}${app}`);
  else await writeSetting(db, `${PREFIX}${app}`, JSON.stringify(failures));
}
