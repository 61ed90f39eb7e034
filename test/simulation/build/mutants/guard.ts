/** Broken on purpose: the guard, its ledger, owners and protected accounts. */
import { type Mutant } from './mutant';

export const GUARD: readonly Mutant[] = [
  {
    name: 'protection-forgotten',
    does: 'a protected account is like any other',
    edits: [{ file: 'bridge/reconcile/decide/context.ts', find: "? 'protected-account'", put: '? undefined' }],
    noticedBy: ['protected-account-leaves'],
  },
  {
    name: 'guard-counts-nobody',
    does: 'it is never too many who lose something one after the other',
    edits: [
      {
        file: 'bridge/reconcile/decide/guard.ts',
        find: 'return context.others + 1 > removalLimit(context.guard, context.people, context.leaves);',
        put: 'return context.others < 0;',
      },
    ],
    noticedBy: ['guard-against-one-leaver-after-another', 'guard-against-emptying-by-put'],
  },
  {
    name: 'guard-lets-every-plan-pass',
    does: 'a declaration may take as much as it wants',
    edits: [{ file: 'bridge/reconcile/decide/guard.ts', find: "? 'hold' : 'pass';", put: "? 'pass' : 'pass';" }],
    noticedBy: ['guard-against-a-dropped-mapping', 'guard-against-a-deleted-app'],
  },
  {
    name: 'last-owner-forgotten',
    does: 'the last person who is owner goes like any other',
    edits: [
      {
        file: 'bridge/reconcile/decide/guard.ts',
        find: 'return activeOwners - 1 >= minOwners;',
        put: 'return activeOwners >= 0 || minOwners > 0;',
      },
    ],
    noticedBy: ['last-owners-leave-their-group', 'last-owners-leave'],
  },
  {
    name: 'reservations-forgotten',
    does: 'what the guard lets pass is not in its ledger',
    edits: [
      {
        file: 'bridge/store/accounts/ledger.ts',
        find: '  await insertReserved(',
        put: '  if (entry.at >= 0) return;\n  await insertReserved(',
      },
    ],
    noticedBy: ['guard-against-one-leaver-after-another', 'guard-against-leavers-at-once'],
  },
  {
    name: 'leavers-behind-a-hold',
    does: 'whoever leaves is counted with everything else that is held',
    edits: [
      {
        file: 'bridge/store/accounts/ledger.ts',
        find: "and released_at is null and ${names(db, sql.ref('cause'), causes)}",
        put: 'and released_at is null',
      },
      {
        file: 'bridge/reconcile/decide/guard.ts',
        find: "if (context.leaves) return passOrHold(removals, context, 'too-many-leavers', ['too-many-leavers']);",
        put: '',
      },
      {
        file: 'bridge/reconcile/person/reserve.ts',
        find: "const kind: LedgerKind = leaves ? 'leaving' : 'removal';",
        put: "const kind: LedgerKind = leaves ? 'removal' : 'removal';",
      },
    ],
    noticedBy: ['leavers-beside-a-hold', 'leavers-beside-a-held-app'],
  },
  {
    name: 'protection-ends-with-the-app',
    does: 'an app that is being deleted protects nobody any more',
    edits: [
      {
        file: 'bridge/reconcile/decide/context.ts',
        find: 'input.apps.flatMap(({ state }) => state.guard.protectedAccounts',
        put: 'input.apps.filter(one => !one.deleting).flatMap(({ state }) => state.guard.protectedAccounts',
      },
    ],
    noticedBy: ['app-that-protects-is-deleted'],
  },
  {
    name: 'everybody-may-be-let-in-again',
    does: 'however many come back at once, nobody is asked',
    edits: [
      {
        file: 'bridge/reconcile/decide/guard.ts',
        find: "return gain.kind === 'activation' ? removalLimit(guard, people, false) : guard.maxPrivilegeGains;",
        put: "return gain.kind === 'activation' ? people + 1_000 : guard.maxPrivilegeGains;",
      },
    ],
    noticedBy: ['guard-against-many-who-return'],
  },
  {
    name: 'own-account-counts-as-an-owner',
    does: 'the last person who is owner goes, because the bridge is owner too',
    edits: [
      {
        file: 'bridge/reconcile/person/keep-owners.ts',
        find: 'account.id !== context.catalog.own.id',
        put: "account.id !== '' && context.catalog.own.id !== ''",
      },
    ],
    noticedBy: ['last-owners-beside-the-bridge-itself'],
  },
  {
    name: 'a-plan-falls-apart-when-asked-again',
    does: 'who is held because of one request is counted with the next one that looks at them',
    edits: [
      {
        file: 'bridge/store/accounts/holds.ts',
        find: 'if (kept.length === 0 || !isSamePlan) return causes;',
        put: 'return causes;',
      },
    ],
    noticedBy: ['guard-against-a-plan-that-grows-one-by-one'],
  },
  {
    name: 'the-last-cause-is-the-only-one',
    does: 'what somebody is queued for is forgotten when something else comes for them',
    edits: [
      {
        file: 'bridge/store/work/enqueue.ts',
        find: 'parked_at = null, cause = ${withEarlierCauses}`',
        put: 'parked_at = null, cause = excluded.cause`',
      },
    ],
    noticedBy: ['guard-against-emptying-beside-other-requests'],
  },
  {
    name: 'leavers-take-over-from-leavers',
    does: 'who leaves takes over the account of somebody else who leaves and bears an address of theirs: two count as one',
    edits: [
      {
        file: 'bridge/reconcile/decide/person.ts',
        find: "observed.via !== 'linked' && isSomebodyElsesToAnswer(observed);",
        put: "observed.via !== 'linked' && observed.holders.some(({ desired }) => desired.account === 'present');",
      },
    ],
    noticedBy: ['guard-counts-two-who-had-one-address'],
  },
  {
    name: 'other-guards-are-not-asked',
    does: 'what an app was told and has not dealt with is taken by whoever comes to the account first',
    edits: [
      {
        file: 'bridge/reconcile/person/reserve.ts',
        find: 'if (sharers.length === 0) return',
        put: 'if (sharers.length >= 0) return',
      },
    ],
    noticedBy: ['guard-beside-another-app-with-the-same-people', 'guard-beside-another-app-on-two-replicas'],
  },
  {
    name: 'losses-hide-privileges',
    does: 'who is held for what they lose is not counted among those who would become strong',
    edits: [
      {
        file: 'bridge/reconcile/survey/whole-plan.ts',
        find: 'this.gainers.filter(({ released }) => !released)',
        put: 'this.gainers.filter(({ subject, released }) => !released && !held.has(subject))',
      },
    ],
    noticedBy: ['guard-against-losers-who-become-owners', 'guard-against-owners-who-lose-something-after'],
  },
];
