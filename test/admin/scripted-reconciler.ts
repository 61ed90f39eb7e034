/** A reconciler that does what a test says: the admin API is tested against it, the reconciler itself elsewhere. */
import { type Explanation } from '../../bridge/contract/admin-api';
import {
  type AppConvergence,
  HoldChanged,
  type Reconciler,
  type ReconcilerStatus,
  sayDecision,
} from '../../bridge/reconcile';
import { purgeApp, readAnyApp } from '../../bridge/store/apps/apps';
import { type Database } from '../../bridge/store/database/database';

export interface ScriptedReconciler extends Reconciler {
  /** What was asked of it, in order, as text. */
  readonly asked: string[];
  apps: AppConvergence[];
  ending: ReconcilerStatus['ending'];
  pending: ReconcilerStatus['pending'];
  holds: ReconcilerStatus['holds'];
  people: Explanation[];
  /** With a database, an app that was deleted is gone from it at once, as when nobody of it is left. */
  purges: Database | undefined;
}

export function scriptedReconciler(): ScriptedReconciler {
  const asked: string[] = [];
  const note = (line: string) => void asked.push(line);
  return {
    asked,
    apps: [],
    ending: [],
    pending: [],
    holds: [],
    people: [],
    purges: undefined,
    start: () => undefined,
    stop: async () => undefined,
    async converge(keys) {
      note(`converge ${keys.join(' ')}`);
      const { purges } = this;
      if (purges === undefined) return;
      for (const key of keys) {
        const app = await readAnyApp(purges.db, key.replace('app:', ''));
        if (app !== undefined) await purgeApp(purges.db, app);
      }
    },
    sweep: async app => note(`sweep ${app ?? 'all'}`),
    planWorld: async ({ app, state, deleted = false }) => {
      const present = deleted ? 'as if it were deleted' : 'as it is';
      note(`plan ${app ?? 'all'} ${state === undefined ? present : `as if ${Object.keys(state.roleMappings).join()}`}`);
      return {
        changes: [],
        adoption: { matched: [], created: ['new@example.com'], held: [], strangers: [] },
        problems: [],
        holds: [],
        seats: null,
      };
    },
    async explain(user) {
      return this.people.filter(person => person.userName === user);
    },
    async status() {
      const { apps, ending, pending, holds } = this;
      const heldFor = [...heldByReason(pending)].map(([reason, people]) => ({ reason, people }));
      const recovery = this.recoveryProblem();
      return {
        apps,
        ending,
        pending,
        heldFor,
        holds,
        leftOver: [],
        recovery,
        recoveryPending: recovery !== null,
        auditProblem: null,
      };
    },
    async leftOf(app) {
      const hold = this.holds.find(one => one.app === app) ?? null;
      return { pending: this.pending.filter(item => item.app === app), hold };
    },
    async hold(id) {
      const found = this.holds.find(hold => hold.id === id);
      return found === undefined ? undefined : { ...found, persons: [] };
    },
    groups: async () => ({ mappings: [], groups: [], total: 0 }),
    async releaseHold(id, decision) {
      if (!this.holds.some(hold => hold.id === id)) throw new HoldChanged(`hold ${id} is not open any more`);
      note(`release ${id} by ${sayDecision(decision)}`);
      return { released: 1 };
    },
    answerReHire: async (user, { answer, account }, decision) => {
      note(`re-hire ${user} ${account === undefined ? '' : `(${account}) `}${answer} by ${sayDecision(decision)}`);
      return { userName: user };
    },
    groupIds: async () => ({ developers: 'id-of-developers' }),
    recoveryProblem: () => null,
    recovery: async () => ({ reason: null, mayEnd: false, since: null, people: [], other: [], apps: [] }),
    async endRecovery(decision, shown) {
      note(`end recovery${typeof shown === 'string' ? ` of ${shown}` : ''} by ${sayDecision(decision)}`);
      return { ended: true };
    },
    retry: async key => {
      note(`retry ${key ?? 'all'}`);
      return { retried: 3 };
    },
    doctorChecks: async () => [{ name: 'coder', state: 'ok', detail: 'answers', next: null }],
    identities: async app => [
      {
        app: app ?? 'acme',
        scimId: '1',
        externalId: null,
        userName: 'a',
        email: null,
        coderUserId: null,
        coderUsername: null,
        how: null,
      },
    ],
    aiUsage: async () => ({ since: '', until: '', problem: null, spendProblem: null, people: [] }),
    audit: async filter => {
      note(`audit ${JSON.stringify(filter)}`);
      return [];
    },
  };
}

function heldByReason(pending: ReconcilerStatus['pending']): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { state, reason } of pending) {
    const name = reason.replace(/:.*/, '');
    if (state === 'held') counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

export function convergence(app: string, change: Partial<AppConvergence> = {}): AppConvergence {
  return {
    app,
    converged: true,
    waiting: 0,
    held: 0,
    parked: 0,
    refused: 0,
    leavers: [],
    lastError: null,
    lastSweepAt: null,
    noMemberYet: [],
    beingFilled: [],
    neverCame: [],
    warnings: [],
    ...change,
  };
}
