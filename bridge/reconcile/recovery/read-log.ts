/** Reads Coder's audit log of the bridge's own account back to where the database stands. */
import { type CoderAuditRow, type CoderClient } from '../../coder';
import { type Installation } from '../../store/recovery/position';
import { compare, type Comparison } from './compare';

const PAGE = 500;
/** Another tool may use the same account: so many rows are looked through for the bridge's own. */
const MOST_PAGES = 40;

/** @throws CoderError */
export async function readLog(
  coder: Pick<CoderClient, 'whoami' | 'listAuditRows'>,
  installation: Pick<Installation, 'id' | 'position'>,
): Promise<Comparison> {
  const { user } = await coder.whoami();
  const rows = new Map<string, CoderAuditRow>();
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const some = await coder.listAuditRows(user.username, { limit: PAGE, offset: page * PAGE });
    // Rows that come in between push others onto the next page.
    for (const row of some) rows.set(row.id, row);
    const { reached, unknown } = compare(some, installation);
    // Replicas overtake each other: a page that has both kinds has more of them behind it.
    if (some.length < PAGE || (reached && unknown.length === 0)) break;
  }
  return compare([...rows.values()], installation);
}
