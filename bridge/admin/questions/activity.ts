import { type Activity } from '../../contract/admin-api';
import { countChanges } from '../../store/audit/audit';
import { countRequests, requestsCompleteSince } from '../../store/requests/requests';
import { type AdminDeps } from '../deps';

const HOUR_MS = 3_600_000;
const HOURS = 24;

/** Requests, refusals and changes of the last day, hour by hour. */
export async function readActivity({ database, clock }: Pick<AdminDeps, 'database' | 'clock'>): Promise<Activity> {
  // Whole hours: the last one is the one that runs.
  const since = Math.floor(clock() / HOUR_MS) * HOUR_MS - (HOURS - 1) * HOUR_MS;
  const { db } = database;
  const [requests, changes, complete] = await Promise.all([
    countRequests(db, since, HOUR_MS),
    countChanges(db, since, HOUR_MS),
    requestsCompleteSince(db),
  ]);
  return {
    stepMs: HOUR_MS,
    completeSince: complete === undefined || complete <= since ? null : new Date(complete).toISOString(),
    steps: Array.from({ length: HOURS }, (_, step) => ({
      at: new Date(since + step * HOUR_MS).toISOString(),
      requests: requests.get(step)?.requests ?? 0,
      refused: requests.get(step)?.refused ?? 0,
      changes: changes.get(step) ?? 0,
    })),
  };
}
