/** Ways to break the product on purpose. Each has to be noticed by a scenario that holds without it. */

export interface Edit {
  /** Path from the root of the repository. */
  readonly file: string;
  /** Text of the source; the first place where it stands is changed. */
  readonly find: string;
  readonly put: string;
}

export interface Mutant {
  readonly name: string;
  /** What the broken product does, in a sentence. */
  readonly does: string;
  readonly edits: readonly Edit[];
  /** Scenarios that are tried, in this order, until one notices. */
  readonly noticedBy: readonly string[];
}

export const MUTANTS: readonly Mutant[] = [
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
        find: 'const turn = before.then(task, task);',
        put: 'const turn = task();',
      },
    ],
    noticedBy: ['last-owners-leave', 'leaves-while-a-group-is-written', 'one-group-written-from-everywhere'],
  },
  {
    name: 'protection-forgotten',
    does: 'a protected account is like any other',
    edits: [
      { file: 'bridge/reconcile/decide/context.ts', find: "return 'protected-account';", put: 'return undefined;' },
    ],
    noticedBy: ['protected-account-leaves'],
  },
  {
    name: 'guard-counts-nobody',
    does: 'it is never too many who lose something one after the other',
    edits: [
      {
        file: 'bridge/reconcile/decide/guard.ts',
        find: 'return context.others + 1 > removalLimit(context.guard, context.people);',
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
    name: 'nobody-is-suspended',
    does: 'whoever leaves loses roles, and the account stays open',
    edits: [
      {
        file: 'bridge/reconcile/decide/plan.ts',
        find: "...(out ? [] : [{ kind: 'suspend' as const }]),",
        put: '',
      },
    ],
    noticedBy: ['leaves'],
  },
  {
    name: 'inactive-is-active',
    does: 'what the directory says of `active` is not looked at',
    edits: [
      {
        file: 'bridge/reconcile/decide/desired.ts',
        find: 'if (!user.active || rules.deleting) return ABSENT;',
        put: 'if (rules.deleting) return ABSENT;',
      },
    ],
    noticedBy: ['leaves'],
  },
  {
    name: 'nobody-is-activated',
    does: 'whoever comes back stays suspended',
    edits: [
      {
        file: 'bridge/reconcile/decide/plan.ts',
        find: "actual.status === 'suspended' ? [{ kind: 'activate' }] : []",
        put: '[]',
      },
    ],
    noticedBy: ['leaves-and-returns'],
  },
  {
    name: 'groups-are-never-left',
    does: 'nobody is taken out of a Coder group',
    edits: [
      {
        file: 'bridge/reconcile/decide/steps.ts',
        find: "removal.kind === 'group' && goes(removal) && organizations.has(removal.organization)",
        put: "removal.kind === 'group' && goes(removal) && !organizations.has(removal.organization)",
      },
    ],
    noticedBy: ['a-day-of-an-identity-provider'],
  },
  {
    name: 'work-that-moved-is-done',
    does: 'work is finished although something came in between',
    edits: [{ file: 'bridge/store/work/work.ts', find: "    .where('seq', '=', work.seq)\n", put: '' }],
    noticedBy: ['requests-about-one-person-at-once', 'leaves-and-returns', 'requests-about-one-person-on-two-replicas'],
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
        find: 'if (compared.length > 0) {',
        put: 'if (compared.length < 0) {',
      },
    ],
    noticedBy: ['leaver-activated-by-hand', 'changed-by-hand'],
  },
  {
    name: 'deleted-people-are-forgotten',
    does: 'a person deleted in the directory is no work',
    edits: [
      {
        file: 'bridge/store/directory/users.ts',
        find: 'return { resource: current, touched: await enqueuePerson(write, id, PRIORITY.leaving) };',
        put: 'return { resource: current, touched: [] };',
      },
    ],
    noticedBy: ['removed'],
  },
  {
    name: 'members-of-a-group-are-forgotten',
    does: 'a group that changes its meaning is no work for its people',
    edits: [
      {
        file: 'bridge/store/work/enqueue.ts',
        find: 'const { rows: groups } = await sql`',
        put: 'if (groupId.length > 0) return;\n  const { rows: groups } = await sql`',
      },
    ],
    noticedBy: ['a-day-of-an-identity-provider', 'team-posted-and-disbanded', 'team-renamed-into-the-prefix'],
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
    name: 'held-people-are-not-shown',
    does: 'status says nothing of people who are held',
    edits: [
      {
        file: 'bridge/store/accounts/people.ts',
        find: ".where('held_reason', 'is not', null)\n    .orderBy('user_id')",
        put: ".where('held_reason', 'is', null)\n    .where('user_id', '=', '')\n    .orderBy('user_id')",
      },
    ],
    noticedBy: ['password-account-of-a-namesake'],
  },
  {
    name: 'any-account-is-taken-over',
    does: 'an account with a password is adopted like one of the identity provider',
    edits: [
      {
        file: 'bridge/reconcile/decide/adoption.ts',
        find: "if (policy === 'oidc' && account.loginType !== 'oidc')",
        put: "if (policy === 'never' && account.loginType !== 'oidc')",
      },
    ],
    noticedBy: ['password-account-of-a-namesake'],
  },
  {
    name: 'everything-is-managed',
    does: 'what was given by hand is taken like what was declared',
    edits: [
      {
        file: 'bridge/reconcile/decide/context.ts',
        find: 'context.managed.has(keyOf(entitlement));',
        put: 'keyOf(entitlement).length > 0;',
      },
    ],
    noticedBy: ['given-by-hand-survives-an-absence'],
  },
  {
    name: 'groups-are-left-over',
    does: 'a Coder group that nothing declares any more stays',
    edits: [
      {
        file: 'bridge/reconcile/group/remove-undeclared.ts',
        find: 'export async function removeGroup(rim: Rim, group: ManagedGroup, removal: GroupRemoval): Promise<boolean> {',
        put: 'export async function removeGroup(rim: Rim, group: ManagedGroup, removal: GroupRemoval): Promise<boolean> {\n  if (removal.members >= 0) return true;',
      },
    ],
    noticedBy: ['mapping-dropped', 'mapping-renamed'],
  },
  {
    name: 'prefix-forgotten',
    does: 'every pushed group becomes a Coder group',
    edits: [
      {
        file: 'bridge/reconcile/decide/rules.ts',
        find: 'state.pushedGroups !== undefined && foldName(group.displayName).startsWith(foldName(state.pushedGroups.prefix))',
        put: 'state.pushedGroups !== undefined && group.displayName.length > 0',
      },
    ],
    noticedBy: ['team-renamed-out-of-the-prefix', 'a-day-of-an-identity-provider'],
  },
  {
    name: 'no-journal',
    does: 'nothing is written down before it is done in Coder',
    edits: [
      {
        file: 'bridge/store/journal/journal.ts',
        find: "  await db\n    .insertInto('journal')",
        put: "  if (entry.since >= 0) return;\n  await db\n    .insertInto('journal')",
      },
    ],
    noticedBy: ['hired-and-removed', 'hired-readdressed-and-removed', 'hired-and-left'],
  },
  {
    name: 'reservations-forgotten',
    does: 'what the guard lets pass is not in its ledger',
    edits: [
      {
        file: 'bridge/store/accounts/ledger.ts',
        find: 'const values = { at: entry.at, released: released ? 1 : 0 };',
        put: 'if (entry.at >= 0) return;\n  const values = { at: entry.at, released: released ? 1 : 0 };',
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
        find: 'and released_at is null and cause = ${cause} and reason in',
        put: 'and released_at is null and reason in',
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
    name: 'leavers-wait-for-the-declaration',
    does: 'while a declaration is dealt with, nobody is locked out',
    edits: [
      {
        file: 'bridge/reconcile/person/person.ts',
        find: 'deferred: isPending(observation) && !leavesByDirectory(observation),',
        put: 'deferred: isPending(observation) || leavesByDirectory(observation),',
      },
    ],
    noticedBy: ['leaves', 'removed'],
  },
  {
    name: 'letters-without-case-by-javascript',
    does: 'who somebody is compares by toLowerCase: the Kelvin sign is a k',
    edits: [
      {
        file: 'bridge/contract/identity.ts',
        find: '.replace(/[A-Z]/g, letter => String.fromCharCode(letter.charCodeAt(0) + 32));',
        put: '.toLowerCase();',
      },
    ],
    noticedBy: ['look-alike-group', 'look-alike-address', 'look-alike-of-a-protected-account'],
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
    name: 'former-addresses-forgotten',
    does: "an account that bears a former address is nobody's",
    edits: [
      {
        file: 'bridge/store/accounts/addresses.ts',
        find: 'return rows.map(row => row.address);',
        put: 'return rows.slice(rows.length).map(row => row.address);',
      },
    ],
    noticedBy: [
      'hired-and-readdressed',
      'readdressed-twice',
      'hired-readdressed-and-removed',
      'readdressed-signed-in-and-left',
    ],
  },
  {
    name: 'everybody-may-be-let-in-again',
    does: 'however many come back at once, nobody is asked',
    edits: [
      {
        file: 'bridge/reconcile/decide/guard.ts',
        find: "return gain.kind === 'activation' ? removalLimit(guard, people) : guard.maxPrivilegeGains;",
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
];
