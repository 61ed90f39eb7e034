/** How often each coercion was needed, as status shows it. */
import { type Db } from '../../store/database/database';

/** Adds to the counters of an app. */
export async function recordCoercions(
  db: Db,
  app: string,
  dialect: string,
  counts: ReadonlyMap<string, number>,
  now: number,
): Promise<void> {
  if (counts.size === 0) return;
  await db
    .insertInto('coercions')
    .values([...counts].map(([coercion, count]) => ({ app, dialect, coercion, count, last_at: now })))
    .onConflict(conflict =>
      conflict.columns(['app', 'dialect', 'coercion']).doUpdateSet(eb => ({
        count: eb('coercions.count', '+', eb.ref('excluded.count')),
        last_at: now,
      })),
    )
    .execute();
}
