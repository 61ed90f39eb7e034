/** What the bridge made in Coder, nothing declares any more, and stays because somebody else uses it: in words, for status. */
import { type Db } from '../database/database';
import { deleteSetting, readSetting, writeSetting } from '../database/settings';

const KEY = 'left-over';

export async function readLeftOver(db: Db): Promise<string[]> {
  const text = await readSetting(db, KEY);
  return text === undefined ? [] : (JSON.parse(text) as string[]);
}

/** Takes the place of what was noted before. */
export async function noteLeftOver(db: Db, left: readonly string[]): Promise<void> {
  const before = await readLeftOver(db);
  if (before.length === left.length && before.every((line, index) => line === left[index])) return;
  if (left.length === 0) await deleteSetting(db, KEY);
  else await writeSetting(db, KEY, JSON.stringify(left));
}
