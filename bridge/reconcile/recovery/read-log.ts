/** Reads Coder's audit log back to where the database stands. */
import { type AuditQuery, type CoderAuditRow, type CoderClient, CoderError } from '../../coder';
import { type Installation } from '../../store/recovery/position';
import { CHANGED_BY_THE_BRIDGE, compare, type Comparison } from './compare';

const PAGE = 500;
/** Other tools and people have rows in it as well: so many are looked through for the bridge's own. */
const MOST_PAGES = 40;
/** Of each type, where the log is read whoever made the rows. */
const MOST_PAGES_OF_ALL = 10;
const DAY_MS = 24 * 3_600_000;

/**
 * The rows of the bridge's own account first, which tell how far back the log is of interest; then those of all others from there on: the work
 * may have been done by an account that the bridge had meanwhile, or had before.
 * @throws CoderError
 */
export async function readLog(
  coder: Pick<CoderClient, 'whoami' | 'listAuditRows'>,
  installation: Pick<Installation, 'id' | 'position'>,
): Promise<Comparison> {
  const { user } = await coder.whoami();
  const rows = new Map<string, CoderAuditRow>();
  const compared = (): Comparison => compare([...rows.values()], installation);
  const read = async (query: AuditQuery, most: number): Promise<void> => {
    for (let page = 0; page < most; page += 1) {
      const some = await coder.listAuditRows(query, { limit: PAGE, offset: page * PAGE });
      // Rows that come in between push others onto the next page.
      for (const row of some) rows.set(row.id, row);
      const { reached, unknown } = compare(some, installation);
      // Replicas overtake each other: a page that has both kinds has more of them behind it.
      if (some.length < PAGE || (reached && unknown.length === 0)) break;
    }
  };
  await read({ username: user.username }, MOST_PAGES);
  for (const resourceType of CHANGED_BY_THE_BRIDGE)
    await read({ resourceType, from: dayBefore(compared().knownAt) }, MOST_PAGES_OF_ALL).catch(unlessUnknownType);
  return compared();
}

/** Whether the log is for the bridge's account. @throws CoderError where it is not */
export async function tryLog(coder: Pick<CoderClient, 'whoami' | 'listAuditRows'>): Promise<void> {
  const { user } = await coder.whoami();
  await coder.listAuditRows({ username: user.username }, { limit: 1, offset: 0 });
}

/** Days are all that Coder takes; one more, since a call may be noted after one that was begun later. */
function dayBefore(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time - DAY_MS).toISOString().slice(0, 10);
}

/** A version that does not know this type has no rows of it. */
function unlessUnknownType(error: unknown): void {
  if (!(error instanceof CoderError) || error.status !== 400) throw error;
}
