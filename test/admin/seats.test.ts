/** Seats of Coder's licence, where Coder takes the question and does not answer it. */
import { SILENT_CODER } from '../support/status';
import { type AdminDeps } from '../../bridge/admin/deps';
import { createCredentials } from '../../bridge/admin/access/credentials';
import { createSeatCount } from '../../bridge/admin/seats';
import { readStatus } from '../../bridge/admin/status';
import { type CoderClient } from '../../bridge/coder';
import { createMetrics } from '../../bridge/http/metrics';
import { createLog } from '../../bridge/process/log';
import { type Database, openDatabase } from '../../bridge/store/database/database';
import { type FreshDatabase, freshSqlite } from '../support/databases';
import { scriptedReconciler } from './scripted-reconciler';

type Answer = Awaited<ReturnType<CoderClient['getEntitlements']>>;

let fresh: FreshDatabase;
let database: Database;
let now: number;
/** What was asked of Coder and has no answer yet. */
let open: ((answer: Answer) => void)[];

beforeEach(async () => {
  fresh = freshSqlite();
  database = await openDatabase(fresh.url);
  now = Date.parse('2026-03-01T12:00:00Z');
  open = [];
});
afterEach(async () => {
  await database.close();
  await fresh.drop();
});

const seatCount = () =>
  createSeatCount(
    {
      getEntitlements: () => new Promise(resolve => open.push(resolve)),
    },
    () => now,
    { patienceMs: 5 },
  );

function deps(seats: AdminDeps['seats']): AdminDeps {
  const never = () => Promise.reject(new Error('not asked for here'));
  return {
    database,
    reconciler: scriptedReconciler(),
    coder: { getUser: never, deleteUser: never, listSeenClaims: never },
    probe: { state: () => Promise.resolve(SILENT_CODER) },
    seats,
    credentials: createCredentials(database, [], () => now),
    publicUrl: 'https://scim.example.com',
    version: '1.2.3',
    log: createLog({ level: 'silent', format: 'json', secrets: [] }),
    clock: () => now,
  };
}

const answer = (used: number): Answer => ({ seats: { used, limit: 50 } }) as Answer;

test('status and metrics are there while Coder says nothing of its licence', async () => {
  const admin = deps(seatCount());
  expect((await readStatus(admin)).coder).toMatchObject({ reachable: false, seats: null });
  const metrics = createMetrics({ status: () => readStatus(admin), circuitClosed: () => false });
  expect((await metrics.render()).text).toContain('coder_scim_coder_circuit_open 1');
  // The first question is still open: nobody asks beside it.
  expect(open.length).toBe(1);
});

test('what was known last is told until Coder answers again', async () => {
  const seats = seatCount();
  const first = seats.read();
  open[0]?.(answer(4));
  expect(await first).toEqual({ used: 4, limit: 50 });

  now += 61_000;
  expect(await seats.read()).toEqual({ used: 4, limit: 50 });
  expect(await seats.read()).toEqual({ used: 4, limit: 50 });
  expect(open.length).toBe(2);
  open[1]?.(answer(5));
  await new Promise(resolve => setImmediate(resolve));
  expect(await seats.read()).toEqual({ used: 5, limit: 50 });
  expect(open.length).toBe(2);
});
