/** Broken on purpose: the queue, leases, the sweep, what is told, and recovery. */
import { type Mutant } from './mutant';

export const QUEUE: readonly Mutant[] = [
  {
    name: 'every-lease-is-free',
    does: 'a lease that another replica holds is taken all the same',
    edits: [{ file: 'bridge/store/work/leases.ts', find: 'return rows.length > 0;', put: 'return rows.length >= 0;' }],
    noticedBy: ['last-owners-leave-on-three-replicas', 'one-group-written-from-everywhere'],
  },
  {
    name: 'nobody-waits-for-a-turn',
    does: 'what has to be one at a time runs at once',
    edits: [
      {
        file: 'bridge/reconcile/context/mutex.ts',
        find: 'const turn = (before ?? Promise.resolve()).then(run, run);',
        put: 'const turn = run();',
      },
    ],
    noticedBy: ['last-owners-leave', 'leaves-while-a-group-is-written', 'one-group-written-from-everywhere'],
  },
  {
    name: 'work-that-moved-is-done',
    does: 'work is finished although something came in between',
    edits: [{ file: 'bridge/store/work/work.ts', find: ".where('seq', '=', seq)", put: '' }],
    noticedBy: ['requests-about-one-person-in-a-row', 'requests-about-one-person-on-two-replicas'],
  },
  {
    name: 'failed-work-is-done',
    does: 'work that failed is not tried again',
    edits: [
      {
        file: 'bridge/reconcile/queue/end-work.ts',
        find: "if (outcome.kind === 'done') {",
        put: "if (outcome.kind !== 'terminal') {",
      },
    ],
    noticedBy: ['removed-while-coder-is-away', 'hired-in-the-middle-of-an-outage'],
  },
  {
    name: 'sweep-sees-nothing',
    does: 'the sweep compares nothing with Coder',
    edits: [
      {
        file: 'bridge/reconcile/sweep/sweep.ts',
        find: 'const compared = apps.filter(isCompared);',
        put: 'const compared = apps.filter(() => false);',
      },
      {
        file: 'bridge/reconcile/sweep/sweep.ts',
        find: 'for (const app of lookedAt) await sweepPeople',
        put: 'for (const app of lookedAt.slice(0, 0)) await sweepPeople',
      },
    ],
    noticedBy: ['leaver-activated-by-hand', 'changed-by-hand'],
  },
  {
    name: 'a-sweep-elsewhere-is-a-sweep',
    does: 'a sweep that another bridge has begun is taken for done',
    edits: [
      {
        file: 'bridge/reconcile/reconciler.ts',
        find: 'if (elsewhere.length > 0) throw',
        put: 'if (elsewhere.length < 0) throw',
      },
    ],
    noticedBy: ['swept-before-a-change-by-hand'],
  },
  {
    name: 'always-converged',
    does: 'every app says that it has converged',
    edits: [
      {
        file: 'bridge/reconcile/report/status.ts',
        find: 'converged:\n',
        put: 'converged:\n          app.name.length > 0 ||\n',
      },
    ],
    noticedBy: ['last-owners-leave-their-group', 'guard-against-one-leaver-after-another'],
  },
  {
    name: 'restored-database-believed',
    does: 'an older database is taken for the present one',
    edits: [
      {
        file: 'bridge/reconcile/recovery/compare.ts',
        find: 'else if (isChange(row)) unknown.push(row);',
        put: 'else if (isChange(row) && row.status >= 400) unknown.push(row);',
      },
    ],
    noticedBy: ['backup-restored'],
  },
  {
    name: 'a-request-is-alone',
    does: 'a request waits for nothing that somebody else is doing for it',
    edits: [
      {
        file: 'bridge/reconcile/queue/settle-request.ts',
        find: 'left = [...new Set([...left.filter(isRunning), ...again.map(([key]) => key), ...unsettled])];',
        put: 'left = again.length < 0 && unsettled.length < 0 ? left.filter(isRunning) : [];',
      },
    ],
    noticedBy: ['requests-about-one-person-on-two-replicas', 'one-group-written-from-everywhere'],
  },
];
